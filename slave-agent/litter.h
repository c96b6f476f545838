#ifndef ZP_LITTER_H
#define ZP_LITTER_H

/*
 * Data files of zones that are over, and that nobody knows of any more: a crash came between, the
 * registry was made anew or set back. Looked for step by step, so that nothing waits for it. Files
 * that clause_data_path() can't have named are somebody else's and stay.
 */

#include <stdbool.h>

#include "proto/error.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/registry.h"

#define LITTER_AT_ONCE	   1000 /* files looked at in a step */
#define LITTER_AGE_SECONDS 3600 /* a younger file may be of a change that is under way */

struct litter;

/* The arguments must outlive it. Returns 0 or -ENOMEM. */
int litter_new(const struct agent_config *config, struct registry *registry,
	       struct litter **ret_litter) __attribute__((warn_unused_result));
void litter_free(struct litter *litter);

/* One step; `now` in seconds since 1970. Returns true when all files were looked at: the next step
 * begins anew. */
bool litter_step(struct litter *litter, int64_t now);

#endif
