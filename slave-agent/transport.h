#ifndef ZP_TRANSPORT_H
#define ZP_TRANSPORT_H

/*
 * What two HTTP programs could read differently is refused: PROTOCOL.md §1. libmicrohttpd lets all
 * of it through.
 */

#include "slave-agent/request.h"

/* Checks the head of a request. Returns 0, or ZP_ESYNTAX or ZP_ETOOBIG with a reason. */
int transport_check(const struct request *request, struct reason *why)
	__attribute__((warn_unused_result));

#endif
