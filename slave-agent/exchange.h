#ifndef ZP_EXCHANGE_H
#define ZP_EXCHANGE_H

/*
 * The way of a request through the agent, step by step, without any HTTP library. A step sets the
 * reply (request->status) or leaves it to the next one.
 */

#include "proto/envelope.h"
#include "slave-agent/agent.h"
#include "slave-agent/request.h"

/* The head is there: transport, caller, route. */
void exchange_head(struct agent *agent, struct request *request);

/* More of the content. */
void exchange_content(struct request *request, const void *data, size_t length);

/* All of the content is there: digest, resource. May leave request->job to be submitted. */
void exchange_start(struct agent *agent, struct request *request);

/* The job was answered. */
void exchange_finish(struct agent *agent, struct request *request);

/* Signs the reply. Returns 0 with header fields and Zonepush-State, or an error. */
int exchange_sign(struct agent *agent, const struct request *request,
		  struct envelope_headers *ret_headers, char ret_state[static ENVELOPE_STATE_SIZE])
	__attribute__((warn_unused_result));

#endif
