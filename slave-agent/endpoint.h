#ifndef ZP_ENDPOINT_H
#define ZP_ENDPOINT_H

/* HOST:PORT where masters reach the agent, for an invitation. */

#include "proto/invitation.h"
#include "slave-agent/agent_config.h"

#define ENDPOINT_SIZE (INVITATION_ENDPOINT_MAX + 1)

/*
 * `text` is a host, perhaps with a port; NULL: the first address in `listen` that others can reach,
 * else the machine's full name. A port that isn't given is that of `listen`. Returns 0, or
 * ZP_ESYNTAX with a reason.
 */
int endpoint_choose(const struct agent_config *config, const char *text,
		    char ret_endpoint[static ENDPOINT_SIZE], struct reason *why)
	__attribute__((warn_unused_result));

#endif
