#ifndef ZP_IDENTITY_H
#define ZP_IDENTITY_H

/*
 * The agent's own keys: the present one and, while it changes, the next (PROTOCOL.md §12). Used by
 * several threads. A key that was given out stays valid until identity_free(), because a reply
 * under way may still be signed with it.
 */

#include "proto/key.h"

struct identity;

/* Loads the key in this file, and the next one where there is one. Errors as key_load(). */
int identity_open(const char *path, struct identity **ret_identity, struct reason *why)
	__attribute__((warn_unused_result));
void identity_free(struct identity *identity);

/* Reads the files again. After an error the keys are as they were. */
int identity_reload(struct identity *identity, struct reason *why)
	__attribute__((warn_unused_result));

const struct key *identity_get_present(struct identity *identity);
const struct key *identity_get_next(struct identity *identity); /* NULL: there is none */

/* The one that a request names (NULL: none), or the present one where it names neither. */
const struct key *identity_choose(struct identity *identity, const char *key_id);

#endif
