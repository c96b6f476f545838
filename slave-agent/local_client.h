#ifndef ZP_LOCAL_CLIENT_H
#define ZP_LOCAL_CLIENT_H

/* Requests of the agent's own verbs to the running agent, over its unix socket. */

#include "proto/error.h"
#include "slave-agent/agent_config.h"

struct json_t;

/*
 * Sends one request; `body` is JSON text or NULL. Returns 0 with the reply's JSON (to be released
 * by json_decref()), or an error with a reason: what a problem document says, or that no agent
 * listens there.
 */
int local_client_call(const struct agent_config *config, const char *method, const char *path,
		      const char *body, struct json_t **ret_json, struct reason *why)
	__attribute__((warn_unused_result));

#endif
