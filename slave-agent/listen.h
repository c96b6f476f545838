#ifndef ZP_LISTEN_H
#define ZP_LISTEN_H

/*
 * The sockets that the agent listens on: those that its service manager opened, else those of its
 * configuration.
 */

#include <stdbool.h>
#include <stddef.h>

#include "proto/error.h"
#include "slave-agent/agent_config.h"

struct listen_socket {
	int fd;
	bool is_local; /* the unix socket */
};

struct listen_sockets {
	struct listen_socket items[AGENT_LISTEN_MAX + 1];
	size_t count;
};

/*
 * Opens all of them, or takes those that were passed (supervisor.h): TCP sockets in place of
 * `listen`, a unix socket in place of `socket`. An address whose family this machine lacks is left
 * out with a warning. Returns 0, or -errno or -EINVAL with a reason; nothing is open then.
 */
int listen_open(const struct agent_config *config, struct listen_sockets *ret_sockets,
		struct reason *why) __attribute__((warn_unused_result));

#endif
