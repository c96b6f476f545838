#include "slave-agent/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/log.h"
#include "proto/problem.h"

static void free_intents(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct batch_job *entry = &batch->jobs[i];

		for (size_t k = 0; entry->intents && k < entry->job->changes.count; k++)
			change_result_done(&entry->intents[k].result);
		free(entry->intents);
	}
	free(batch->jobs);
}

int batch_init(struct batch *ret_batch, struct job *jobs)
{
	struct batch batch = {0};
	struct job *job;

	for (job = jobs; job; job = job->next)
		batch.count++;
	batch.jobs = calloc(batch.count, sizeof(*batch.jobs));
	if (!batch.jobs)
		return -ENOMEM;

	job = jobs;
	for (size_t i = 0; i < batch.count; i++, job = job->next) {
		batch.jobs[i].job = job;
		batch.jobs[i].intents =
			calloc(job->changes.count + 1, sizeof(*batch.jobs[i].intents));
		if (!batch.jobs[i].intents) {
			batch.count = i;
			free_intents(&batch);
			return -ENOMEM;
		}
	}
	*ret_batch = batch;
	return 0;
}

void batch_done(struct batch *batch)
{
	struct job *next, *job = batch->count ? batch->jobs[0].job : NULL;

	free_intents(batch);
	for (; job; job = next) {
		next = job->next;
		job_release(job);
	}
}

static int store_change(const struct agent_config *config, struct registry *registry,
			const struct registry_master *master, const struct change_item *item,
			struct intent *ret_intent)
{
	enum problem_type type =
		item->error == ZP_ENAME ? PROBLEM_NAME_INVALID : PROBLEM_CHANGE_INVALID;

	if (item->error < 0)
		return intent_refuse(&ret_intent->result, problem_word(type), "%s", item->detail);
	return intent_take(config, registry, master, &item->change, ret_intent);
}

static int store_job(struct batch *batch, struct batch_job *entry, const struct job_tools *tools)
{
	const struct job *job = entry->job;
	struct registry_master master;
	int r;

	if (job->act) {
		r = job->act->run(job->subject, tools, &entry->verdict);
		batch->waits |= entry->verdict.waits;
		batch->may_lose |= entry->verdict.may_lose;
		return r;
	}

	r = registry_master_find(tools->registry, job->master, &master);
	if (r == ZP_EUNKNOWN) { /* forgotten since its request was checked */
		entry->error = r;
		return 0;
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < job->changes.count; i++) {
		r = store_change(tools->config, tools->registry, &master, &job->changes.items[i],
				 &entry->intents[i]);
		if (r < 0)
			return r;
		batch->waits |= entry->intents[i].waits;
	}
	return 0;
}

void batch_store(struct batch *batch, const struct job_tools *tools)
{
	struct registry *registry = tools->registry;
	int r;

	r = registry_begin(registry);
	for (size_t i = 0; r == 0 && i < batch->count; i++)
		r = store_job(batch, &batch->jobs[i], tools);
	if (r == 0)
		r = registry_commit(registry);
	if (r == 0)
		return;

	log_error("applier: can't store %zu requests (%s: %s)", batch->count, error_text(r),
		  registry_reason(registry));
	registry_rollback(registry);
	batch->waits = false;
	for (size_t i = 0; i < batch->count; i++)
		batch->jobs[i].error = r;
}

static int refuse_waiting(struct change_result *result, enum problem_type type, const char *detail)
{
	struct change_result refused;
	int r;

	r = intent_refuse(&refused, problem_word(type), "%s", detail);
	if (r == 0) {
		refused.generation = 0;
		change_result_done(result);
		*result = refused;
	}
	return r;
}

static int refuse_failing(struct change_result *result, const struct registry_zone *zone)
{
	enum problem_type type;
	int r;

	r = problem_find(zone->problem, &type);
	return refuse_waiting(result, r == 0 ? type : PROBLEM_NAMED_REFUSED, zone->error);
}

/* What became of a change that waited. Later changes of the same zone count for it, too. */
static int settle_change(struct registry *registry, int64_t master, const struct change *change,
			 enum publish_outcome outcome, const char *why,
			 struct change_result *result)
{
	struct registry_zone zone;
	int r;

	r = registry_zone_get(registry, &change->zone, master, &zone);
	if (r < 0)
		return r;

	switch (zone.state) {
	case REGISTRY_APPLIED:
		result->outcome = CHANGE_APPLIED;
		return 0;
	case REGISTRY_FAILING:
		return refuse_failing(result, &zone);
	case REGISTRY_CLAIM: /* given to another master meanwhile */
		return refuse_waiting(result, PROBLEM_OWNED, zone.error);
	case REGISTRY_WAITING:
		break;
	}
	if (outcome == PUBLISH_BROKEN)
		return refuse_waiting(result, PROBLEM_NAMED_CONFIG_BROKEN, why);
	if (outcome == PUBLISH_REFUSED)
		return refuse_waiting(result, PROBLEM_NAMED_REFUSED, why);
	return 0;
}

void batch_settle(struct batch *batch, struct registry *registry, enum publish_outcome outcome,
		  const char *why)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct batch_job *entry = &batch->jobs[i];
		const struct job *job = entry->job;

		if (outcome == PUBLISH_APPLIED)
			entry->verdict.waits = false;
		for (size_t k = 0; entry->error == 0 && k < job->changes.count; k++)
			if (entry->intents[k].waits)
				entry->error = settle_change(registry, job->master,
							     &job->changes.items[k].change, outcome,
							     why, &entry->intents[k].result);
	}
}

static void watch_change(const struct change *change, const struct intent *intent,
			 struct watcher *watcher)
{
	if (intent->passed_on)
		watcher_add(watcher, &change->zone, WATCH_PASSED_ON);
	else if (intent->refresh)
		watcher_add(watcher, &change->zone, WATCH_UPDATED);
	else if (intent->waits)
		watcher_add(watcher, &change->zone, change->present ? WATCH_MADE : WATCH_SWEPT);
}

void batch_watch(const struct batch *batch, struct watcher *watcher)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct batch_job *entry = &batch->jobs[i];

		if (entry->error == 0 && entry->verdict.moves_primaries)
			watcher_sweep(watcher);
		if (entry->error == 0 && *entry->verdict.passed_on.text)
			watcher_add(watcher, &entry->verdict.passed_on, WATCH_PASSED_ON);
		for (size_t k = 0; entry->error == 0 && k < entry->job->changes.count; k++)
			if (entry->job->changes.items[k].error == 0)
				watch_change(&entry->job->changes.items[k].change,
					     &entry->intents[k], watcher);
	}
}

struct change_result *batch_copy_results(const struct batch_job *entry)
{
	size_t count = entry->job->changes.count;
	struct change_result *results;

	results = calloc(count + 1, sizeof(*results));
	if (!results)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const struct change_result *from = &entry->intents[i].result;

		results[i] = *from;
		results[i].problem = from->problem ? strdup(from->problem) : NULL;
		results[i].detail = from->detail ? strdup(from->detail) : NULL;
		if ((from->problem && !results[i].problem) ||
		    (from->detail && !results[i].detail)) {
			job_results_free(results, i + 1);
			return NULL;
		}
	}
	return results;
}
