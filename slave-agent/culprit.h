#ifndef ZP_CULPRIT_H
#define ZP_CULPRIT_H

/*
 * Which of our zones named-checkconf complains about. It mostly names file and line, and each line
 * of a candidate holds one zone; where it doesn't, the candidate is searched. Culprits are marked
 * as FAILING: by-hand where an administrator configured the same zone, named-refused otherwise.
 */

#include <stddef.h>

#include "proto/error.h"
#include "proto/problem.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/registry.h"

#define CULPRIT_LINES_MAX  1000
#define CULPRIT_SEARCH_MAX 10 /* found one by one, with many checks each */

/* Marks one, in the transaction that is open, and logs it. Returns 0 or ZP_EDATABASE. */
int culprit_mark_zone(struct registry *registry, const struct zone_name *name,
		      enum problem_type problem, const char *words)
	__attribute__((warn_unused_result));

/*
 * Marks the zones that `complaint`, named-checkconf's output about `candidate`, points at, each
 * with the words about it. Gives how many there were. Returns 0, -errno, -ENOMEM or ZP_EDATABASE.
 */
int culprit_mark(const struct agent_config *config, struct registry *registry,
		 const char *candidate, const char *complaint, size_t *ret_count)
	__attribute__((warn_unused_result));

/*
 * Finds and marks culprits by checking parts of the candidate: for complaints that point nowhere.
 * None are found where even an empty candidate is refused: then what is wrong is elsewhere. Returns
 * as culprit_mark(), or an error of named_check() but ZP_ENAMED; *why is changed all the same.
 */
int culprit_search(const struct agent_config *config, struct registry *registry,
		   const char *candidate, size_t *ret_count, struct reason *why)
	__attribute__((warn_unused_result));

#endif
