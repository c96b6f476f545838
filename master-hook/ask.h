#ifndef ZP_ASK_H
#define ZP_ASK_H

/* The same or different questions to many slaves, all at once. */

#include "master-hook/client.h"
#include "master-hook/hook_config.h"

#define ASK_LIMIT_MS 3000 /* for a question that a person waits for */

/*
 * Starts all calls and waits until each has ended, by its answer or by its limit. Every call then
 * says what came of it (client.h), and is the caller's to end. Returns 0, or an error when they
 * can't be started: -ENOMEM, ZP_ELIBRARY.
 */
int ask_all(const struct hook_config *config, const struct key *key, struct client_call *calls,
	    size_t count) __attribute__((warn_unused_result));

#endif
