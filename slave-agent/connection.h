#ifndef ZP_CONNECTION_H
#define ZP_CONNECTION_H

/*
 * The callbacks of libmicrohttpd: they turn its view of a request into struct request and lead that
 * through exchange.h. Which connections there are is kept here, too, because the library's time-out
 * only ends those that are silent.
 */

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "slave-agent/agent.h"
#include "slave-agent/pulse.h"

#define CONNECTION_REQUEST_MS (30 * 1000) /* for a whole request to arrive, PROTOCOL.md §10 */

/* One open connection. */
struct connection {
	struct connection *previous, *next;
	int fd;
	uid_t user;			/* at the other end of a unix socket */
	bool is_administrator;		/* that user, or its group */
	char address[INET6_ADDRSTRLEN]; /* of the peer; "" there */
	uint64_t since; /* when the request that is arriving may have begun, clock_steady_ms() */
	bool is_busy;	/* its request has arrived and isn't answered yet */
};

/* All connections of one listener. */
struct connection_list {
	struct agent *agent;
	bool is_local;
	pthread_mutex_t lock;
	struct connection *first;
	struct pulse pulse; /* of the thread that the library runs the callbacks in */
};

void connection_list_init(struct connection_list *list, struct agent *agent, bool is_local);
void connection_list_done(struct connection_list *list);

/* Shuts those down whose request has been arriving for too long. */
void connection_list_tick(struct connection_list *list);

/* Whether a request is being worked on. */
bool connection_list_is_busy(struct connection_list *list);

/* For MHD_start_daemon() and its options; the closure is the struct connection_list. */
enum MHD_Result connection_handle(void *closure, struct MHD_Connection *mhd, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **request_closure);
void *connection_begin(void *closure, const char *target, struct MHD_Connection *mhd);
void connection_end(void *closure, struct MHD_Connection *mhd, void **request_closure,
		    enum MHD_RequestTerminationCode code);
void connection_notify(void *closure, struct MHD_Connection *mhd, void **socket_closure,
		       enum MHD_ConnectionNotificationCode code);

#endif
