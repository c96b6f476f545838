#ifndef ZP_AUDIT_REQUEST_H
#define ZP_AUDIT_REQUEST_H

/* What the audit log tells of a request: each zone that it is about, or the refusal. */

#include "slave-agent/audit.h"
#include "slave-agent/request.h"

/*
 * To be called when the reply is there, or when the request ended without one; the second time for
 * one request nothing happens. Reads that were answered aren't told of, nor is a 404 to somebody
 * who may read.
 */
void audit_request(struct audit *audit, struct request *request);

#endif
