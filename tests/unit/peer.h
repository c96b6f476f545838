#ifndef ZP_PEER_H
#define ZP_PEER_H

/* An agent on loopback that does what a test tells it, with real HTTP and real signatures. */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/change.h"
#include "proto/envelope.h"
#include "proto/key.h"

#define PEER_CHANGES_MAX 16
#define PEER_URL_SIZE	 64

/* Decides about one change; the result is zeroed before. Runs in the peer's thread. */
typedef void peer_decide(void *context, const struct change *change,
			 struct change_result *ret_result);

/* The content of the answer to what is asked for. Runs in the peer's thread; valid until the next.
 */
typedef const char *peer_answer(void *context, const char *target);

/* To be changed only while no request is under way. */
struct peer {
	char url[PEER_URL_SIZE];
	struct key *key;

	peer_decide *decide; /* NULL: everything is applied */
	void *context;
	struct envelope_state state; /* applied_seq grows with each reply */
	int status;		     /* 200 before */
	const char *body;	     /* instead of results */
	peer_answer *answer;	     /* instead of both */
	const struct key *signer;    /* instead of key */
	bool is_unsigned, is_silent;
	int64_t not_before; /* refuses what was created earlier: 425; 0: doesn't look */

	/* What it got. */
	size_t n_requests;
	struct change changes[PEER_CHANGES_MAX]; /* of the last request */
	size_t n_changes;

	int listener;
	pthread_t thread;
};

/* Starts it. The peer stays where it is until peer_stop(). */
void peer_start(struct peer *ret_peer);
void peer_stop(struct peer *peer);

#endif
