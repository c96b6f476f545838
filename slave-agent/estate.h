#ifndef ZP_ESTATE_H
#define ZP_ESTATE_H

/*
 * The zones of a master whose keys were taken away: PROTOCOL.md §12. They are deleted, or given to
 * another master; a part of them at a time, so that others' changes aren't kept waiting. Nothing
 * but the registry is touched.
 */

#include <stdint.h>

#include "slave-agent/agent_config.h"
#include "slave-agent/registry.h"

#define ESTATE_AT_ONCE 1000 /* zones */

struct estate {
	int64_t master;
	int64_t heir;		/* gets those that it claims; 0: all are deleted */
	struct zone_name after; /* begin behind this one; "": with the first */
};

struct estate_progress {
	uint64_t done;	       /* zones that were deleted or given now */
	uint64_t left;	       /* that the master still has, all in all */
	struct zone_name next; /* go on behind this one; "": that was all */
};

/* Within the caller's transaction. Errors of the registry. */
int estate_settle(const struct agent_config *config, struct registry *registry,
		  const struct estate *estate, struct estate_progress *ret_progress)
	__attribute__((warn_unused_result));

#endif
