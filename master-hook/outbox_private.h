#ifndef ZP_OUTBOX_PRIVATE_H
#define ZP_OUTBOX_PRIVATE_H

/* What the parts of the outbox (outbox*.c) share; nobody else includes it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct database;

struct outbox {
	struct database *database;
	char *state; /* the directory */
	gid_t group;
	int64_t opened_at; /* ms since 1970 */
	size_t n_wanted;   /* calls of outbox_want() */
	bool has_noted;	   /* something in the history, in this transaction */
};

/* For the slave of this id, 0 for what is wanted. Within the caller's transaction. */
int outbox_history_note(struct outbox *outbox, const char *zone, uint64_t generation, int64_t slave,
			const char *event, const char *detail) __attribute__((warn_unused_result));

/* Forgets the oldest, so that OUTBOX_HISTORY_MAX entries stay. */
int outbox_history_trim(struct outbox *outbox) __attribute__((warn_unused_result));

#endif
