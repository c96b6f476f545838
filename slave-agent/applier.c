#include "slave-agent/applier.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/log.h"
#include "slave-agent/batch.h"
#include "slave-agent/pulse.h"
#include "slave-agent/upkeep.h"

/* Where one job isn't alone, others of the same haste are waited for: so long after each, and so
 * long in all. */
#define GATHER_QUIET_MS 5
#define GATHER_MOST_MS	50

struct applier {
	const struct agent_config *config;
	struct registry *registry;
	struct watcher *watcher;
	struct upkeep *upkeep; /* the thread's own, but for its status */
	pthread_t thread;
	struct pulse pulse;

	/* Shared, under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t queued;
	bool stopping;
	struct job *first, **last; /* queued */
	size_t n_queued;
	struct batch *batch; /* under way */
};

/* Under the lock. */
static void answer(struct job *job, int error, struct change_result *results)
{
	job->is_answered = true;
	job->error = error;
	job->results = results;
	job->answered(job->context);
}

/* Under the lock: answers a job of the batch with its results as they stand. */
static void answer_entry(struct batch_job *entry)
{
	struct change_result *results = NULL;
	int error = entry->error;

	if (entry->job->is_answered)
		return;
	if (error == 0) {
		results = batch_copy_results(entry);
		if (!results)
			error = -ENOMEM;
		entry->job->verdict = entry->verdict;
	}
	answer(entry->job, error, results);
}

void applier_submit(struct applier *applier, struct job *job)
{
	pthread_mutex_lock(&applier->lock);
	if (applier->stopping || applier->n_queued >= APPLIER_QUEUE_MAX) {
		answer(job, ZP_EFULL, NULL);
	} else {
		__atomic_add_fetch(&job->references, 1, __ATOMIC_RELAXED);
		job->next = NULL;
		*applier->last = job;
		applier->last = &job->next;
		applier->n_queued++;
		pthread_cond_signal(&applier->queued);
	}
	pthread_mutex_unlock(&applier->lock);
}

void applier_tick(struct applier *applier)
{
	uint64_t now = clock_steady_ms();

	pthread_mutex_lock(&applier->lock);
	for (struct job *job = applier->first; job; job = job->next)
		if (!job->is_answered && job->deadline <= now)
			answer(job, ZP_EFULL, NULL);
	for (size_t i = 0; applier->batch && i < applier->batch->count; i++)
		if (applier->batch->jobs[i].job->deadline <= now)
			answer_entry(&applier->batch->jobs[i]);
	pthread_mutex_unlock(&applier->lock);
}

bool applier_is_stuck(const struct applier *applier, uint64_t limit_ms)
{
	return pulse_is_stuck(&applier->pulse, limit_ms);
}

void applier_get_status(struct applier *applier, struct applier_status *ret_status)
{
	upkeep_get_status(applier->upkeep, &ret_status->named);
	pthread_mutex_lock(&applier->lock);
	ret_status->queued = applier->n_queued;
	pthread_mutex_unlock(&applier->lock);
}

/* Lets applier_tick() see the batch, whose results then must not change; NULL: no more. */
static void show_batch(struct applier *applier, struct batch *batch)
{
	pthread_mutex_lock(&applier->lock);
	applier->batch = batch;
	pthread_mutex_unlock(&applier->lock);
}

static void answer_batch(struct applier *applier, struct batch *batch)
{
	pthread_mutex_lock(&applier->lock);
	for (size_t i = 0; i < batch->count; i++)
		answer_entry(&batch->jobs[i]);
	pthread_mutex_unlock(&applier->lock);
}

/* Answers and lets go of jobs that no batch has. */
static void drop_jobs(struct applier *applier, struct job *jobs, int error)
{
	struct job *next;

	pthread_mutex_lock(&applier->lock);
	for (struct job *job = jobs; job; job = next) {
		next = job->next;
		if (!job->is_answered)
			answer(job, error, NULL);
		job_release(job);
	}
	pthread_mutex_unlock(&applier->lock);
}

static void run_batch(struct applier *applier, struct job *jobs)
{
	struct job_tools tools = {.config = applier->config, .registry = applier->registry};
	enum publish_outcome outcome;
	struct batch batch;
	struct reason why;
	int r;

	r = batch_init(&batch, jobs);
	if (r < 0) {
		drop_jobs(applier, jobs, r);
		return;
	}

	tools.facts = upkeep_get_facts(applier->upkeep);
	batch_store(&batch, &tools);
	if (batch.waits) {
		show_batch(applier, &batch);
		outcome = upkeep_publish(applier->upkeep, batch.may_lose, &why);
		show_batch(applier, NULL);
		batch_settle(&batch, applier->registry, outcome, why.text);
	}
	answer_batch(applier, &batch);
	batch_watch(&batch, applier->watcher);
	batch_done(&batch);
}

static struct timespec to_timespec(uint64_t ms)
{
	return (struct timespec){.tv_sec = (time_t)(ms / 1000),
				 .tv_nsec = (long)(ms % 1000) * 1000000};
}

/* Under the lock: several jobs are there, so more may be on their way. One alone isn't delayed. */
static void gather(struct applier *applier)
{
	uint64_t most = clock_steady_ms() + GATHER_MOST_MS, now;
	struct timespec until;
	size_t before = 1;

	while (applier->n_queued > before && !applier->stopping) {
		now = clock_steady_ms();
		if (now >= most)
			break;
		before = applier->n_queued;
		until = to_timespec(now + GATHER_QUIET_MS);
		while (applier->n_queued == before && clock_steady_ms() < now + GATHER_QUIET_MS)
			pthread_cond_timedwait(&applier->queued, &applier->lock, &until);
	}
}

/* Under the lock: waits for jobs, until the next timer at most, and takes them all. */
static struct job *take_jobs(struct applier *applier)
{
	uint64_t until = upkeep_get_next(applier->upkeep);
	struct timespec at = to_timespec(until);
	struct job *jobs;

	while (!applier->first && !applier->stopping && clock_steady_ms() < until)
		pthread_cond_timedwait(&applier->queued, &applier->lock, &at);
	gather(applier);
	jobs = applier->first;
	applier->first = NULL;
	applier->last = &applier->first;
	applier->n_queued = 0;
	return jobs;
}

static void work(struct applier *applier, struct job *jobs)
{
	pulse_begin(&applier->pulse);
	if (jobs)
		run_batch(applier, jobs);
	upkeep_run(applier->upkeep);
	pulse_end(&applier->pulse);
}

static void *run(void *context)
{
	struct applier *applier = context;
	struct job *jobs;
	bool stopping = false;

	work(applier, NULL);
	while (!stopping) {
		pthread_mutex_lock(&applier->lock);
		jobs = take_jobs(applier);
		stopping = applier->stopping;
		pthread_mutex_unlock(&applier->lock);

		if (stopping)
			drop_jobs(applier, jobs, ZP_EFULL);
		else
			work(applier, jobs);
	}
	return NULL;
}

static void init_lock(struct applier *applier)
{
	pthread_condattr_t steady;

	pthread_mutex_init(&applier->lock, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&applier->queued, &steady);
	pthread_condattr_destroy(&steady);
}

void applier_free(struct applier *applier)
{
	if (!applier)
		return;
	pthread_cond_destroy(&applier->queued);
	pthread_mutex_destroy(&applier->lock);
	upkeep_free(applier->upkeep);
	free(applier);
}

int applier_start(const struct agent_config *config, struct registry *registry,
		  struct watcher *watcher, struct applier **ret_applier, struct reason *why)
{
	struct applier *applier;
	int r;

	applier = calloc(1, sizeof(*applier));
	if (!applier)
		return reason_fail(why, -ENOMEM, "out of memory");
	*applier = (struct applier){
		.config = config,
		.registry = registry,
		.watcher = watcher,
		.last = &applier->first,
	};
	init_lock(applier);

	r = upkeep_new(config, registry, watcher, &applier->upkeep, why);
	if (r == 0) {
		r = -pthread_create(&applier->thread, NULL, run, applier);
		if (r < 0)
			reason_set(why, "can't start a thread (%s)", error_text(r));
	}
	if (r < 0) {
		applier_free(applier);
		return r;
	}
	*ret_applier = applier;
	return 0;
}

void applier_stop(struct applier *applier)
{
	pthread_mutex_lock(&applier->lock);
	applier->stopping = true;
	pthread_cond_signal(&applier->queued);
	pthread_mutex_unlock(&applier->lock);
	pthread_join(applier->thread, NULL);
}
