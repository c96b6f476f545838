#ifndef ZP_SUPERVISOR_H
#define ZP_SUPERVISOR_H

/*
 * The agent's side of a service manager: sockets that it opened (sd_listen_fds(3)), and what it is
 * told of the agent (sd_notify(3)). Without one, all of this does nothing. The protocols are a few
 * environment variables and datagrams, so that no library is needed.
 */

#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "slave-agent/agent_config.h"

struct supervisor_sockets {
	int tcp[AGENT_LISTEN_MAX];
	size_t n_tcp;
	int local; /* the unix socket; -1: none was passed */
};

/*
 * Takes the sockets that were passed, once: their variables are gone afterwards. Each must be a
 * stream socket of TCP or the unix domain that listens, and only one of them a unix socket. Returns
 * 0, or -EINVAL or -errno with a reason; the descriptors are then closed.
 */
int supervisor_take_sockets(struct supervisor_sockets *ret_sockets, struct reason *why)
	__attribute__((warn_unused_result));

/*
 * Tells it something: "READY=1", "STOPPING=1", "STATUS=...", "WATCHDOG=1". Nobody may be listening:
 * what can't be sent is lost.
 */
void supervisor_notify(const char *text);

/* How often it wants to hear "WATCHDOG=1", in ms: half of its own limit; 0: never. */
uint64_t supervisor_get_watchdog(void);

#endif
