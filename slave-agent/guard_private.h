#ifndef ZP_GUARD_PRIVATE_H
#define ZP_GUARD_PRIVATE_H

/* What guard*.c share; nobody else includes it. */

#include "proto/name_set.h"
#include "proto/zone_name.h"
#include "slave-agent/guard.h"
#include "slave-agent/shard.h"

struct guard {
	const struct agent_config *config;
	const struct named_facts *facts;
	bool only_look;

	struct registry *registry; /* NULL: lost, or nothing is to be restored */
	struct shard_source source;

	struct text_buffer shards[SHARD_COUNT];
	int damage[SHARD_COUNT]; /* why a shard can't stay as it is; 0: it can */
	bool is_changed[SHARD_COUNT];
	bool is_included;    /* the include says what it should */
	struct name_set out; /* zones that can't stay, sorted */
	size_t wrong;
};

/* Loads all shards, and notes which are damaged. */
void guard_load(struct guard *guard);

/*
 * Whether the agent hasn't published anything here yet: no shard is there, nothing that names them,
 * and no registry that has zones.
 */
bool guard_is_unused(const struct guard *guard);

/* Makes the damaged shards whole. Returns 0 or -ENOMEM. */
int guard_restore(struct guard *guard) __attribute__((warn_unused_result));

/* Takes what is in guard->out from the shards. Returns 0 or -ENOMEM. */
int guard_strip(struct guard *guard) __attribute__((warn_unused_result));

/* Writes what was changed. Returns 0 or -errno with a reason. */
int guard_write(struct guard *guard, struct reason *why) __attribute__((warn_unused_result));

/* Finds zones that are there by hand, or at runtime. Returns 0 or -ENOMEM with a reason. */
int guard_find_doubles(struct guard *guard, struct reason *why) __attribute__((warn_unused_result));

/*
 * Has named-checkconf judge the zones that stay, and finds those that it refuses, until it would
 * take the rest. Returns 0, or an error with a reason: ZP_ENAMED where the rest is refused, too.
 */
int guard_prove(struct guard *guard, struct reason *why) __attribute__((warn_unused_result));

#endif
