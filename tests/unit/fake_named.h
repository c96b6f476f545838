#ifndef ZP_TEST_FAKE_NAMED_H
#define ZP_TEST_FAKE_NAMED_H

/* A control channel on loopback that does what a test tells it, at its worst. */

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/address.h"
#include "proto/hmac.h"

#define FAKE_SECRET	  "c2hvcnQ=" /* of an HMAC-SHA256 */
#define FAKE_MESSAGES_MAX 16

/* What it does with a message that it gets. */
enum fake_deed {
	FAKE_ANSWER, /* as named does */
	FAKE_CLOSE,
	FAKE_RESET,
	FAKE_ANSWER_AND_CLOSE,
	FAKE_SILENCE, /* until the other end closes */
	FAKE_HALF,    /* of a reply, then silence */
	FAKE_HALF_AND_CLOSE,
	FAKE_HUGE,    /* a reply of 4 GiB, by its length */
	FAKE_GARBAGE, /* not a message */
	FAKE_VERSION, /* another one of the protocol */
	FAKE_UNSIGNED,
	FAKE_STALE, /* the reply to an earlier message */
	FAKE_SLOW,  /* right, one byte at a time */
};

/* To be changed only while no message is under way. */
struct fake_named {
	struct address address;
	struct hmac_key *key;
	enum fake_deed deeds[FAKE_MESSAGES_MAX]; /* with its first message, and so on */
	const char *error, *text; /* of its replies to commands; NULL: none, and all is done */

	/* What it got. */
	size_t n_messages, n_connections, n_closed;
	char commands[FAKE_MESSAGES_MAX][64];

	int listener;
	pthread_t thread;
};

/* Starts it. It stays where it is until fake_named_stop(). */
void fake_named_start(struct fake_named *ret_named);
void fake_named_stop(struct fake_named *named);

/* Waits until it has closed so many connections: then the other end can see it. */
void fake_named_await_closed(struct fake_named *named, size_t count);

#endif
