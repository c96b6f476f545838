#ifndef ZP_CLIENT_H
#define ZP_CLIENT_H

/*
 * Signed requests to agents, many at once, and replies that are believed only when the agent's own
 * key signed them. Nothing of a reply that isn't is ever given to the caller.
 */

#include <stdbool.h>
#include <stdint.h>

#include "proto/envelope.h"
#include "proto/error.h"
#include "proto/key.h"
#include "proto/text.h"

/* One request and what came of it. */
struct client_call {
	/* The caller's, to stay valid until the call is given back. */
	const char *url; /* http://host:port */
	struct key_public agent;
	const char *method;
	const char *target;	 /* path and query */
	struct text_buffer body; /* owned by the call */
	uint64_t limit;		 /* for the whole, ms; the agent is told to answer in time */
	void *owner;

	/*
	 * error is 0 after a rightly signed reply of whatever status; ZP_EUNSIGNED, ZP_ESIGNATURE,
	 * …: there was a reply, and what it says must not be believed; -ETIMEDOUT, -ECONNREFUSED,
	 * …: there was none. In all cases but the first the outcome is unknown.
	 */
	int error;
	struct reason why;
	int status;
	struct text_buffer reply;    /* owned by the call */
	struct envelope_state state; /* of the agent */
	int64_t clock_ahead; /* seconds that the agent's clock is ahead, where it refused ours */
};

void client_call_done(struct client_call *call);

struct client;

/* The key must outlive the client. Returns 0, -ENOMEM or ZP_ELIBRARY. */
int client_new(const struct key *key, uint64_t connect_timeout, struct client **ret_client)
	__attribute__((warn_unused_result));

/* Calls that are under way are dropped, and not given back. */
void client_free(struct client *client);

/* Starts a call. Returns 0, or an error: then it isn't under way. */
int client_start(struct client *client, struct client_call *call)
	__attribute__((warn_unused_result));

/*
 * Waits for the next call that has ended, until `until` (clock_steady_ms()), and no longer than
 * until the descriptor `stop` can be read (-1: none). NULL: none has ended by then.
 */
struct client_call *client_next(struct client *client, uint64_t until, int stop);

/* How many are under way. */
size_t client_count(const struct client *client);

/*
 * Checks an agent's URL: http, or https, with a host, perhaps a port, and no more. Writes it
 * without a final slash. Returns 0 or ZP_ESYNTAX with a reason.
 */
int client_parse_url(const char *text, char *ret_url, size_t size, struct reason *why)
	__attribute__((warn_unused_result));

/* The host of such a URL, an IPv6 address without brackets; "" where it doesn't fit. */
void client_get_host(const char *url, char *ret_host, size_t size);

#endif
