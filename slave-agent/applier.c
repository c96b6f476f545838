#include "slave-agent/applier.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/log.h"
#include "slave-agent/batch.h"
#include "slave-agent/claim.h"
#include "slave-agent/control.h"
#include "slave-agent/include.h"
#include "slave-agent/named.h"
#include "slave-agent/publish.h"

#define RETRY_MAX_MS	     (60 * 1000)
#define RETRY_REFUSED_MAX_MS (10 * 60 * 1000)
#define FAILING_RETRY_MS     (10 * 60 * 1000)
#define PING_MS		     (30 * 1000)
#define EXPIRE_MS	     (24 * 3600 * 1000)

/* Where one job isn't alone, others of the same haste are waited for: so long after each, and so
 * long in all. */
#define GATHER_QUIET_MS 5
#define GATHER_MOST_MS	50

struct applier {
	const struct agent_config *config;
	struct registry *registry;
	struct refresher *refresher;
	struct control *control;
	struct publisher *publisher;
	pthread_t thread;

	/* The thread's own. Times are clock_steady_ms(); 0: not scheduled. */
	uint64_t retry_at;
	uint64_t retry_pause;
	uint64_t failing_at;
	uint64_t ping_at;
	uint64_t expire_at;

	/* Shared, under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t queued;
	bool stopping;
	struct job *first, **last; /* queued */
	size_t n_queued;
	struct batch *batch; /* under way */
	struct applier_status status;
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

void applier_get_status(struct applier *applier, struct applier_status *ret_status)
{
	pthread_mutex_lock(&applier->lock);
	*ret_status = applier->status;
	ret_status->queued = applier->n_queued;
	pthread_mutex_unlock(&applier->lock);
}

/* Logs what changed, once. */
static void note_named(struct applier *applier, bool is_running, const char *error)
{
	struct applier_status *status = &applier->status;
	bool changed;

	pthread_mutex_lock(&applier->lock);
	changed = !status->is_known || strcmp(status->error, error) != 0;
	status->is_known = true;
	status->is_running = is_running;
	snprintf(status->error, sizeof(status->error), "%s", error);
	pthread_mutex_unlock(&applier->lock);

	if (changed && *error)
		log_error("applier: %s", error);
	else if (changed)
		log_notice("applier: named is running and in line");
}

static void remove_litter(void *context, const struct zone_name *name, uint64_t made)
{
	const struct applier *applier = context;

	include_remove_data(applier->config, name, made);
}

/* named has it all: said so in the registry, and old data files can go. */
static int settle_registry(struct applier *applier)
{
	struct registry *registry = applier->registry;
	int r;

	r = registry_litter_each(registry, remove_litter, applier);
	if (r == 0)
		r = registry_begin(registry);
	if (r < 0)
		return r;
	r = registry_mark_applied(registry);
	if (r == 0)
		r = registry_litter_clear(registry);
	if (r == 0)
		r = registry_commit(registry);
	if (r < 0)
		registry_rollback(registry);
	return r;
}

/* Whether the administrator wants named left alone for now. */
static bool is_paused(struct applier *applier, struct reason *ret_why)
{
	bool on = false;
	int r;

	r = registry_get_maintenance(applier->registry, &on);
	if (r < 0)
		log_error("applier: the registry failed (%s)", registry_reason(applier->registry));
	if (on)
		reason_set(ret_why, "maintenance: changes wait until `zonepush-agent maintenance "
				    "off`");
	return on;
}

/*
 * named being down is asked for cheaply and often. A broken configuration costs a check each time,
 * an include that named refuses even two reconfigs: these tries get rarer.
 */
static void schedule_retry(struct applier *applier, enum publish_outcome outcome)
{
	bool is_stubborn = outcome == PUBLISH_REFUSED || outcome == PUBLISH_HELD;
	uint64_t most = is_stubborn ? RETRY_REFUSED_MAX_MS : RETRY_MAX_MS;
	uint64_t pause = applier->config->retry;

	if (outcome != PUBLISH_NAMED_DOWN && applier->retry_pause)
		pause = 2 * applier->retry_pause;
	if (pause > most)
		pause = most;
	applier->retry_pause = pause;
	applier->retry_at = clock_steady_ms() + pause;
}

/* Brings named in line with the registry. */
static enum publish_outcome publish(struct applier *applier, struct reason *ret_why)
{
	enum publish_outcome outcome = PUBLISH_PAUSED;
	int r;

	ret_why->text[0] = '\0';
	if (!is_paused(applier, ret_why))
		outcome = publisher_run(applier->publisher, ret_why);
	if (outcome == PUBLISH_APPLIED) {
		r = settle_registry(applier);
		if (r < 0) {
			reason_set(ret_why, "named is in line, but the registry can't note it (%s)",
				   registry_reason(applier->registry));
			outcome = PUBLISH_FAILED;
		}
	}

	applier->retry_at = 0;
	if (outcome == PUBLISH_APPLIED || outcome == PUBLISH_PAUSED)
		applier->retry_pause = 0;
	else
		schedule_retry(applier, outcome);
	note_named(applier, outcome != PUBLISH_NAMED_DOWN, ret_why->text);
	applier->ping_at = clock_steady_ms() + PING_MS;
	return outcome;
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
	enum publish_outcome outcome;
	struct batch batch;
	struct reason why;
	int r;

	r = batch_init(&batch, jobs);
	if (r < 0) {
		drop_jobs(applier, jobs, r);
		return;
	}

	batch_store(&batch, applier->config, applier->registry);
	if (batch.waits) {
		show_batch(applier, &batch);
		if (batch.may_lose)
			publisher_allow_loss(applier->publisher);
		outcome = publish(applier, &why);
		show_batch(applier, NULL);
		batch_settle(&batch, applier->registry, outcome, why.text);
	}
	answer_batch(applier, &batch);
	batch_refresh(&batch, applier->refresher);
	batch_done(&batch);
}

/* Notes whether named answers. */
static bool ping(struct applier *applier)
{
	struct reason why;
	int r;

	applier->ping_at = clock_steady_ms() + PING_MS;
	r = control_ping(applier->control, &why);
	note_named(applier, r == 0, r == 0 ? "" : why.text);
	return r == 0;
}

/* While named is down there is no use in rendering and checking everything again. */
static void retry(struct applier *applier)
{
	struct reason why;

	if (!applier->status.is_running && !ping(applier))
		schedule_retry(applier, PUBLISH_NAMED_DOWN);
	else
		publish(applier, &why);
}

/* Zones that couldn't be had are tried once more: what was in the way may have gone. */
static void retry_blocked(struct applier *applier)
{
	struct registry *registry = applier->registry;
	struct registry_waiting waiting = {0};
	int r;

	r = registry_begin(registry);
	if (r == 0)
		r = registry_retry_failing(registry);
	if (r == 0)
		r = claim_retry(applier->config, registry);
	if (r == 0)
		r = registry_commit(registry);
	if (r == 0)
		r = registry_count_waiting(registry, &waiting);
	if (r < 0) {
		log_error("applier: can't try blocked zones again (%s)", registry_reason(registry));
		registry_rollback(registry);
	}
	if (waiting.present + waiting.leaving > 0 && !applier->retry_at)
		applier->retry_at = clock_steady_ms();
}

/* Something is overdue by itself: a retry, a look at named, old tombstones. */
static void run_timers(struct applier *applier)
{
	uint64_t now = clock_steady_ms();
	int r;

	if (now >= applier->failing_at) {
		applier->failing_at = now + FAILING_RETRY_MS;
		retry_blocked(applier);
	}
	if (applier->retry_at && now >= applier->retry_at)
		retry(applier);
	else if (!applier->retry_at && now >= applier->ping_at)
		ping(applier);
	if (now >= applier->expire_at) {
		applier->expire_at = now + EXPIRE_MS;
		r = registry_expire(applier->registry, clock_seconds());
		if (r < 0)
			log_warning("applier: can't forget old deletions (%s)",
				    registry_reason(applier->registry));
	}
}

/* While a retry is due named isn't asked for its own sake. */
static uint64_t next_timer(const struct applier *applier)
{
	uint64_t next = applier->retry_at ? applier->retry_at : applier->ping_at;

	if (applier->failing_at < next)
		next = applier->failing_at;
	if (applier->expire_at < next)
		next = applier->expire_at;
	return next;
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
	uint64_t until = next_timer(applier);
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

/* What was left undone when the agent stopped, or was changed by hand since. */
static void mend_at_start(struct applier *applier)
{
	struct reason why;

	if (publish(applier, &why) == PUBLISH_APPLIED)
		ping(applier);
}

static void *run(void *context)
{
	struct applier *applier = context;
	struct job *jobs;
	bool stopping = false;

	mend_at_start(applier);
	while (!stopping) {
		pthread_mutex_lock(&applier->lock);
		jobs = take_jobs(applier);
		stopping = applier->stopping;
		pthread_mutex_unlock(&applier->lock);

		if (stopping)
			drop_jobs(applier, jobs, ZP_EFULL);
		else if (jobs)
			run_batch(applier, jobs);
		if (!stopping)
			run_timers(applier);
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
	publisher_free(applier->publisher);
	control_free(applier->control);
	free(applier);
}

/* What the thread needs to deal with named. */
static int open_named(struct applier *applier, struct reason *why)
{
	int r;

	r = named_get_version(applier->config, applier->status.version, why);
	if (r < 0)
		return r;
	r = control_new(applier->config, &applier->control);
	if (r < 0)
		return reason_fail(why, r, "can't start (%s)", error_text(r));
	return publisher_new(applier->config, applier->registry, applier->control,
			     named_get_words(applier->status.version), &applier->publisher, why);
}

int applier_start(const struct agent_config *config, struct registry *registry,
		  struct refresher *refresher, struct applier **ret_applier, struct reason *why)
{
	uint64_t now = clock_steady_ms();
	struct applier *applier;
	int r;

	applier = calloc(1, sizeof(*applier));
	if (!applier)
		return reason_fail(why, -ENOMEM, "out of memory");
	*applier = (struct applier){
		.config = config,
		.registry = registry,
		.refresher = refresher,
		.failing_at = now,
		.ping_at = now,
		.expire_at = now,
		.last = &applier->first,
	};
	init_lock(applier);

	r = open_named(applier, why);
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
