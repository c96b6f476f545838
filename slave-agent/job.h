#ifndef ZP_JOB_H
#define ZP_JOB_H

/* Something that the applier is to do, and the answer to it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/change.h"
#include "proto/problem.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/named_facts.h"
#include "slave-agent/registry.h"

/* What came of an act of administration. */
struct job_verdict {
	bool is_refused;
	struct problem problem; /* why, where it is refused */
	bool waits;		/* named must be told, and hasn't been yet */
	bool may_lose;		/* zones may vanish that nobody deleted: publisher_allow_loss() */
	bool moves_primaries;	/* of many zones: all are looked at */
	struct zone_name passed_on; /* from one master to another; "": none */
};

/* What an act may use. */
struct job_tools {
	const struct agent_config *config;
	struct registry *registry;
	const struct named_facts *facts; /* NULL: named's configuration can't be read now */
};

/*
 * An act of administration: something other than changes that the applier is to do. What it is
 * about is its subject, made by who submits the job and owned by the job.
 */
struct job_act {
	/*
	 * Run by the applier's thread in the transaction that it has open. A refusal is a verdict,
	 * not an error, and leaves the registry as it was. Returns 0, or ZP_EDATABASE, -ENOSPC,
	 * -ENOMEM, -errno: then the transaction can't go on.
	 */
	int (*run)(void *subject, const struct job_tools *tools, struct job_verdict *verdict);
	void (*free)(void *subject);
};

/*
 * A job. Made and filled in by who submits it, and shared with the applier from then on; each of
 * the two lets go of it by job_release().
 */
struct job {
	/* What is wanted: a master's changes, or an act. */
	int64_t master;
	struct change_list changes; /* owned by the job */
	const struct job_act *act;  /* NULL: changes */
	void *subject;		    /* of the act; owned by the job */

	/* When an answer is due at the latest, clock_steady_ms(). */
	uint64_t deadline;

	/* Called once, from another thread, when the answer is there. Must not call the applier. */
	void (*answered)(void *context);
	void *context;

	/*
	 * The answer, to be read after `answered` only. error: 0; ZP_EFULL: not even begun; or why
	 * it failed as a whole. Where it is 0: one result for each change, or the act's verdict.
	 */
	int error;
	struct change_result *results;
	struct job_verdict verdict;

	/* The applier's own. */
	struct job *next;
	int references;
	bool is_answered;
};

/* Returns 0 or -ENOMEM. */
int job_new(struct job **ret_job) __attribute__((warn_unused_result));
void job_release(struct job *job);

/* Makes it a refusal, with a formatted detail. */
void job_refuse(struct job_verdict *verdict, enum problem_type type, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Frees the results of so many changes. */
void job_results_free(struct change_result *results, size_t count);

#endif
