#ifndef ZP_GUARD_H
#define ZP_GUARD_H

/*
 * Before named starts: sees to it that our zones don't keep it from starting. Shards that are
 * damaged are restored; zones that named would find twice, because an administrator configured them
 * or another tool made them at runtime, are taken out, and so is what named-checkconf refuses.
 * What is wrong elsewhere is told and left alone.
 */

#include <stdbool.h>
#include <stddef.h>

#include "proto/error.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/named_facts.h"

/*
 * Logs each thing that is wrong, and mends it unless `only_look`; gives how many there were, those
 * that can't be mended included. Nobody else may publish meanwhile. `facts` are NULL where named's
 * configuration is broken elsewhere: then only damage is mended, and nothing proved. Returns 0 or
 * an error with a reason, when it could do no more.
 */
int guard_run(const struct agent_config *config, const struct named_facts *facts, bool only_look,
	      size_t *ret_wrong, struct reason *why) __attribute__((warn_unused_result));

#endif
