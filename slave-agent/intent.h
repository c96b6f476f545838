#ifndef ZP_INTENT_H
#define ZP_INTENT_H

/*
 * Takes one change into the registry, or says why not: PROTOCOL.md §6, §7. Nothing but the registry
 * is touched.
 */

#include <stdbool.h>

#include "proto/change.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/registry.h"

struct intent {
	struct change_result result; /* ACCEPTED: final only when named was told */
	bool waits;		     /* named must be told */
	bool refresh;		     /* the zone stays, its contents changed */
	bool passed_on;		     /* the zone stays, with another master and other primaries */
};

/*
 * Decides about the change of this master, in the transaction that the caller has open. A refusal
 * is a result, not an error. Returns 0, or ZP_EDATABASE, -ENOSPC, -ENOMEM: then the transaction
 * can't go on.
 */
int intent_take(const struct agent_config *config, struct registry *registry,
		const struct registry_master *master, const struct change *change,
		struct intent *ret_intent) __attribute__((warn_unused_result));

/* Makes a result of REFUSED with a formatted detail. Returns 0 or -ENOMEM. */
int intent_refuse(struct change_result *ret_result, const char *problem, const char *format, ...)
	__attribute__((format(printf, 3, 4), warn_unused_result));

#endif
