#include "slave-agent/audit_request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/log.h"

/* Who may be anybody is limited in what he can have written. */
static bool is_believed(const struct caller *caller)
{
	return caller->is_local ? caller->is_administrator : caller->master != 0;
}

static bool is_of_interest(const struct request *request)
{
	bool reads = request->method && strcmp(request->method, "GET") == 0;

	return !reads || !is_believed(&request->caller) ||
	       (request->status >= 400 && request->status != 404);
}

/* What all entries about the request have in common. */
static struct audit_entry describe(const struct request *request)
{
	const struct caller *caller = &request->caller;

	return (struct audit_entry){
		.is_local = caller->is_local,
		.user = caller->user,
		.address = caller->address,
		.master = caller->name,
		.key = caller->is_verified ? caller->key.id : NULL,
		.method = request->method,
		.target = request->target,
		.status = request->status,
	};
}

static void judge(const struct request *request, struct audit_entry *entry)
{
	if (request->status == 0) {
		entry->result = "incomplete";
		entry->detail = "it didn't arrive whole, or wasn't HTTP/1.1 as it should be";
	} else if (request->is_problem) {
		entry->is_refused = is_believed(&request->caller);
		entry->result = request->problem.type == PROBLEM_STALE ? "stale" : "refused";
		entry->problem = problem_word(request->problem.type);
		entry->detail = request->problem.detail;
		entry->generation = request->problem.generation;
	} else {
		entry->result = request->status == 202 ? "accepted" : "applied";
	}
	if (request->job && request->job->error < 0)
		entry->count = request->job->changes.count;
}

static void describe_change(const struct change_item *item, const struct change_result *result,
			    struct audit_entry *entry)
{
	if (item->error == 0)
		entry->wanted = item->change.present ? "present" : "absent";
	entry->zone = item->error == 0 ? item->change.zone.text : item->zone_text;
	entry->generation = result->generation ? result->generation : item->change.generation;
	entry->is_refused = result->outcome == CHANGE_REFUSED;
	entry->result = change_outcome_text(result->outcome);
	entry->problem = result->problem;
	entry->detail = result->detail;
}

static void tell_changes(struct audit *audit, const struct request *request)
{
	const struct job *job = request->job;
	struct audit_entry *entries;

	entries = calloc(job->changes.count, sizeof(*entries));
	if (!entries) {
		log_error("audit: %zu lines are lost (%s)", job->changes.count,
			  error_text(-ENOMEM));
		return;
	}
	for (size_t i = 0; i < job->changes.count; i++) {
		entries[i] = describe(request);
		describe_change(&job->changes.items[i], &job->results[i], &entries[i]);
	}
	audit_write(audit, entries, job->changes.count);
	free(entries);
}

static bool has_results(const struct job *job)
{
	return job && job->results && job->changes.count > 0;
}

void audit_request(struct audit *audit, struct request *request)
{
	struct audit_entry entry;

	if (request->is_audited)
		return;
	request->is_audited = true;
	if (!is_of_interest(request))
		return;
	if (request->status != 0 && has_results(request->job)) {
		tell_changes(audit, request);
		return;
	}
	entry = describe(request);
	judge(request, &entry);
	if (is_believed(&request->caller) || (request->status >= 200 && request->status < 300))
		audit_write(audit, &entry, 1);
	else
		audit_refuse(audit, &entry, clock_steady_ms());
}
