#ifndef ZP_SERVER_H
#define ZP_SERVER_H

/*

 * The agent's HTTP server: a daemon of libmicrohttpd for each address, and one for the unix socket.

 */

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"
#include "slave-agent/agent.h"

#define SERVER_CONNECTIONS_MAX 512
#define SERVER_PER_ADDRESS_MAX 64
#define SERVER_SILENCE_SECONDS 10
#define SERVER_MEMORY_MAX      (24 * 1024) /* of one connection, for its head */

struct server;

/* Listens where the configuration says. Returns 0, or -errno or ZP_ELIBRARY with a reason. */
int server_start(struct agent *agent, struct server **ret_server, struct reason *why)
	__attribute__((warn_unused_result));

/* Ends requests that take too long to arrive. To be called a few times a second. */
void server_tick(struct server *server);

/* Whether a thread that serves requests has been at the same one for longer than this. */
bool server_is_stuck(const struct server *server, uint64_t limit_ms);

/* Accepts no more connections. */
void server_quiesce(struct server *server);

/* Whether requests are being worked on. */
bool server_is_busy(struct server *server);

/* Ends all connections. The applier must have answered all jobs before. */
void server_free(struct server *server);

#endif
