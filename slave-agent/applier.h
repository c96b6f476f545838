#ifndef ZP_APPLIER_H
#define ZP_APPLIER_H

/*
 * The one thread that changes anything: the registry, the include, the running named. It takes all
 * jobs that are queued as one batch, commits what they want, brings named in line once, and answers
 * them all. What can't be brought to named now is tried again until it can.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/job.h"
#include "slave-agent/registry.h"
#include "slave-agent/upkeep.h"
#include "slave-agent/watcher.h"

#define APPLIER_QUEUE_MAX 1000 /* jobs; a further one is refused */

struct applier_status {
	struct named_status named;
	size_t queued; /* jobs */
};

struct applier;

/*
 * Starts the thread. It first compares the include with the registry and mends what differs; named
 * isn't touched where nothing does. All arguments must outlive the applier; the registry is its own
 * from here on. Returns 0 or an error with a reason.
 */
int applier_start(const struct agent_config *config, struct registry *registry,
		  struct watcher *watcher, struct applier **ret_applier, struct reason *why)
	__attribute__((warn_unused_result));

/*
 * Finishes the batch under way, answers all other jobs with ZP_EFULL, and ends the thread. Jobs may
 * still be submitted, and are answered so, until applier_free().
 */
void applier_stop(struct applier *applier);
void applier_free(struct applier *applier);

/* Queues a job, which will be answered in any case. */
void applier_submit(struct applier *applier, struct job *job);

/* Whether its thread has been at the same batch, or the same upkeep, for longer than this. */
bool applier_is_stuck(const struct applier *applier, uint64_t limit_ms);

/* Answers the jobs whose deadline is over with what is known of them so far. */
void applier_tick(struct applier *applier);

void applier_get_status(struct applier *applier, struct applier_status *ret_status);

#endif
