#ifndef ZP_PUBLISH_H
#define ZP_PUBLISH_H

/*
 * Brings the running named in line with the registry: render, check, publish, reconfig, and back
 * to the last good include where named says no after all.
 */

#include "proto/error.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/named.h"
#include "slave-agent/registry.h"

enum publish_outcome {
	PUBLISH_APPLIED,    /* named has exactly what the registry wants, failing zones aside */
	PUBLISH_NAMED_DOWN, /* on disk, for named to read when it starts */
	PUBLISH_BROKEN,	    /* what is wrong isn't ours; nothing was published */
	PUBLISH_REFUSED,    /* named refused what named-checkconf took; the last good one is back */
	PUBLISH_FAILED,	    /* a disk, memory, the registry, a program */
};

/* Why, unless APPLIED, is told in *ret_why. */
enum publish_outcome publish_run(const struct agent_config *config, struct registry *registry,
				 const struct named_words *words, struct reason *ret_why);

/*
 * Whether the include in force is what the registry wants. Returns 0, or an error with the reason
 * when that can't be told.
 */
int publish_is_current(const struct agent_config *config, struct registry *registry,
		       const struct named_words *words, bool *ret_current, struct reason *why)
	__attribute__((warn_unused_result));

#endif
