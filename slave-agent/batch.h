#ifndef ZP_BATCH_H
#define ZP_BATCH_H

/*
 * The jobs that the applier takes at once: their intents, and the results as they stand before and
 * after named was told. Used by the applier's thread only.
 */

#include <stdbool.h>

#include "slave-agent/intent.h"
#include "slave-agent/job.h"
#include "slave-agent/publish.h"
#include "slave-agent/watcher.h"

struct batch_job {
	struct job *job;
	struct intent *intents;	    /* one for each change */
	struct job_verdict verdict; /* of an act */
	int error;		    /* of the job as a whole */
};

struct batch {
	struct batch_job *jobs;
	size_t count;
	bool waits;    /* named must be told */
	bool may_lose; /* see struct job_verdict */
};

/* Takes over a list of jobs. Returns 0 or -ENOMEM: then they are the caller's still. */
int batch_init(struct batch *ret_batch, struct job *jobs) __attribute__((warn_unused_result));

/* Ends the batch and lets go of its jobs. */
void batch_done(struct batch *batch);

/*
 * Takes all jobs into the registry, in one transaction. When that fails nothing is stored, and each
 * job has the error.
 */
void batch_store(struct batch *batch, const struct job_tools *tools);

/* Settles the results that waited for named, now that this came of it. */
void batch_settle(struct batch *batch, struct registry *registry, enum publish_outcome outcome,
		  const char *why);

/* Has the zones watched that were made, whose contents changed, or that moved. */
void batch_watch(const struct batch *batch, struct watcher *watcher);

/* A copy of the present results of a job, NULL when out of memory; see job_results_free(). */
struct change_result *batch_copy_results(const struct batch_job *entry);

#endif
