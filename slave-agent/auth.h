#ifndef ZP_AUTH_H
#define ZP_AUTH_H

/* Who asks, and whether now is the time: PROTOCOL.md §3, §5. */

#include "slave-agent/agent.h"
#include "slave-agent/request.h"

/*
 * Finds out which master signed the request, before its content is read. On success request->caller
 * says who it is; otherwise the request has its reply. In either case caller.is_verified says
 * whether that reply is to be signed.
 */
void auth_check(struct agent *agent, struct request *request);

/* Checks the content against the digest that was signed; sets the reply where it doesn't match. */
void auth_check_content(struct request *request);

#endif
