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

/* Takes from a master all keys but this one (NULL: all of them), at once. */
int registry_key_remove_others(struct registry *registry, int64_t master, const char *key_id)
	__attribute__((warn_unused_result));

/* Takes one key from a master, at once; ZP_EUNKNOWN where it hasn't got it. */
int registry_key_remove(struct registry *registry, int64_t master, const char *key_id)
	__attribute__((warn_unused_result));

#endif
