#ifndef ZP_CULPRIT_H
#define ZP_CULPRIT_H

/*
 * Which of our zones named-checkconf complains about. It mostly names file and line, and each line
 * of a candidate holds one zone; where it doesn't, the candidate is searched. BY_HAND is the
 * problem where an administrator configured the same zone, NAMED_REFUSED otherwise.
 */

#include <stddef.h>

#include "proto/error.h"
#include "proto/problem.h"
#include "proto/zone_name.h"
#include "slave-agent/agent_config.h"

#define CULPRIT_LINES_MAX  1000
#define CULPRIT_WORDS_SIZE 256 /* as much as the registry keeps */
#define CULPRIT_SEARCH_MAX 10  /* found one by one, with many checks each */

/* Told of each culprit, with named-checkconf's words. Returns 0, or an error that ends the search.
 */
typedef int culprit_visit(void *context, const struct zone_name *zone, enum problem_type problem,
			  const char *words);

/*
 * Shows the zones that `complaint`, named-checkconf's output about `candidate`, points at, and
 * gives how many there were. Returns 0, -errno, -ENOMEM or what `visit` returned.
 */
int culprit_find(const struct agent_config *config, const char *candidate, const char *complaint,
		 culprit_visit *visit, void *context, size_t *ret_count)
	__attribute__((warn_unused_result));

/*
 * Finds culprits by checking parts of the candidate: for complaints that point nowhere. None are
 * found where even an empty candidate is refused: then what is wrong is elsewhere. Returns as
 * culprit_find(), or an error of named_check() but ZP_ENAMED; *why is changed all the same.
 */
int culprit_search(const struct agent_config *config, const char *candidate, culprit_visit *visit,
		   void *context, size_t *ret_count, struct reason *why)
	__attribute__((warn_unused_result));

#endif
