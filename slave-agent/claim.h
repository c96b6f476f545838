#ifndef ZP_CLAIM_H
#define ZP_CLAIM_H

/*
 * Whose zone it is: PROTOCOL.md §7. A zone belongs to the master that made it; what other masters
 * want of the same name, or above or below it, is kept as a claim. When the owner lets go, the
 * oldest claim gets the zone as it stands: its data stay until its new primaries have sent theirs,
 * so that the zone is served all the time. Nothing but the registry is touched.
 */

#include <stdbool.h>

#include "proto/error.h"
#include "proto/problem.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/registry.h"

/*
 * Whether this master may have this zone. Returns 0; ZP_EOWNED with what is in the way: the type is
 * OWNED or OVERLAP; or an error of the registry.
 */
int claim_check(const struct agent_config *config, struct registry *registry,
		const struct zone_name *name, int64_t master, struct problem *ret_problem)
	__attribute__((warn_unused_result));

/*
 * Gives a zone that nobody owns any more to its oldest claim, if there is one that may have it. The
 * incarnation `made` goes on; 0: nothing of it is left. Tells whether it found somebody. Errors of
 * the registry.
 */
int claim_pass_on(const struct agent_config *config, struct registry *registry,
		  const struct zone_name *name, uint64_t made, bool *ret_passed)
	__attribute__((warn_unused_result));

/*
 * The administrator's own decision: the claim of this master gets the zone, and its owner has a
 * claim from now on. Returns 0, ZP_EUNKNOWN where this master doesn't claim it, or an error of the
 * registry.
 */
int claim_give(struct registry *registry, const struct zone_name *name, int64_t master)
	__attribute__((warn_unused_result));

/* Passes on all zones that are claimed and could be had. Errors of the registry. */
int claim_retry(const struct agent_config *config, struct registry *registry)
	__attribute__((warn_unused_result));

#endif
