#ifndef ZP_CULPRIT_H
#define ZP_CULPRIT_H

/*
 * Which of our zones named-checkconf complains about. It names file and line, and each line of a
 * candidate holds one zone.
 */

#include <stddef.h>

#include "proto/error.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/registry.h"

#define CULPRIT_LINES_MAX 1000

/*
 * Marks the zones as FAILING that `complaint`, named-checkconf's output about `candidate`, points
 * at, each with the words about it. Gives how many there were: 0 means that what is wrong
 * is elsewhere. Returns 0, -errno, -ENOMEM or ZP_EDATABASE.
 */
int culprit_mark(const struct agent_config *config, struct registry *registry,
		 const char *candidate, const char *complaint, size_t *ret_count)
	__attribute__((warn_unused_result));

#endif
