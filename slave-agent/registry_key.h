#ifndef ZP_REGISTRY_KEY_H
#define ZP_REGISTRY_KEY_H

/*
 * The keys of masters: PROTOCOL.md §12. Times are in seconds since 1970.
 */

#include "slave-agent/registry.h"

#define REGISTRY_KEYS_MAX 8 /* of one master */

struct registry_key {
	char id[KEY_ID_LENGTH + 1];
	int64_t made_at; /* when it was let in */
	int64_t ends_at; /* 0: it has no end */
};

/* Whether no master has it: 0, or -EEXIST. Errors of the registry. */
int registry_key_check_new(struct registry *registry, const char *key_id)
	__attribute__((warn_unused_result));

/* Lets a key in. Returns 0, -EEXIST where any master has it, or ZP_EDATABASE. */
int registry_key_add(struct registry *registry, int64_t master, const char *key_id)
	__attribute__((warn_unused_result));

/* All of one master, the newest first. */
int registry_key_list(struct registry *registry, int64_t master,
		      struct registry_key ret_keys[static REGISTRY_KEYS_MAX], size_t *ret_count)
	__attribute__((warn_unused_result));

/* One of a master's, whether its end is over or not; ZP_EUNKNOWN where it hasn't got it. */
int registry_key_find(struct registry *registry, int64_t master, const char *key_id,
		      struct registry_key *ret_key) __attribute__((warn_unused_result));

/* Sets an end to those keys of the master which are older than this one and have none. */
int registry_key_end_older(struct registry *registry, int64_t master, const char *key_id,
			   int64_t ends_at) __attribute__((warn_unused_result));

/* Takes all keys from a master, at once. */
int registry_key_remove_all(struct registry *registry, int64_t master)
	__attribute__((warn_unused_result));

/* The same with those whose end is over. */
int registry_key_remove_ended(struct registry *registry, int64_t master)
	__attribute__((warn_unused_result));

/* Takes one key from a master, at once; ZP_EUNKNOWN where it hasn't got it. */
int registry_key_remove(struct registry *registry, int64_t master, const char *key_id)
	__attribute__((warn_unused_result));

#endif
