#ifndef ZP_JOB_H
#define ZP_JOB_H

/* Something that the applier is to do, and the answer to it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/change.h"
#include "slave-agent/registry.h"

/*
 * A job. Made and filled in by who submits it, and shared with the applier from then on; each of
 * the two lets go of it by job_release().
 */
struct job {
	/* What is wanted: either changes, or a new master. */
	int64_t master;
	struct change_list changes; /* owned by the job */
	struct registry_master newcomer;
	bool is_newcomer;

	/* When an answer is due at the latest, clock_steady_ms(). */
	uint64_t deadline;

	/* Called once, from another thread, when the answer is there. Must not call the applier. */
	void (*answered)(void *context);
	void *context;

	/*
	 * The answer, to be read after `answered` only. error: 0; -EEXIST (a newcomer); ZP_EFULL:
	 * not even begun; or why it failed as a whole. results: one for each change where error is
	 * 0.
	 */
	int error;
	struct change_result *results;

	/* The applier's own. */
	struct job *next;
	int references;
	bool is_answered;
};

/* Returns 0 or -ENOMEM. */
int job_new(struct job **ret_job) __attribute__((warn_unused_result));
void job_release(struct job *job);

/* Frees the results of so many changes. */
void job_results_free(struct change_result *results, size_t count);

#endif
