#include "master-hook/deliver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master-hook/client.h"
#include "proto/change.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "proto/problem.h"

/* Clocks that differ by less than this aren't worth a word. */
#define CLOCK_TOLERANCE 5

/* One slave, and the request that is under way to it. */
struct delivery {
	struct outbox_slave slave;
	struct client_call call;
	struct change *changes;
	size_t count;
	size_t sent; /* by requests that have ended */
	bool has_failed;
};

struct run {
	const struct hook_config *config;
	struct outbox *outbox;
	struct client *client;
	const struct deliver_limits *limits;
	struct deliver_summary summary;
	struct reason *why;
};

static int64_t now_ms(void)
{
	return (int64_t)(clock_microseconds() / 1000);
}

static int fail_outbox(struct run *run, int error)
{
	return reason_fail(run->why, error, "the outbox failed (%s: %s)", error_text(error),
			   outbox_reason(run->outbox));
}

static uint64_t time_left(const struct run *run)
{
	uint64_t now = clock_steady_ms();

	return run->limits->until > now ? run->limits->until - now : 0;
}

static void end_request(struct delivery *delivery)
{
	client_call_done(&delivery->call);
	free(delivery->changes);
	delivery->sent += delivery->count;
	delivery->changes = NULL;
	delivery->count = 0;
}

/* How many changes the next request may have. */
static size_t room_left(const struct run *run, const struct delivery *delivery)
{
	size_t most = run->limits->most;

	if (most == 0 || most - delivery->sent > CHANGE_BATCH_MAX)
		return CHANGE_BATCH_MAX;
	return most - delivery->sent;
}

/*
 * Sends the next changes that are due, if there are any and there is time for them. A change takes
 * less than 400 bytes, so that a whole batch stays within CHANGE_CONTENT_MAX.
 */
static int start_request(struct run *run, struct delivery *delivery)
{
	size_t room = room_left(run, delivery);
	uint64_t limit = time_left(run);
	int r;

	if (limit > run->limits->request)
		limit = run->limits->request;
	if (limit == 0 || room == 0 || delivery->slave.is_paused ||
	    delivery->slave.retry_at > now_ms())
		return 0;
	r = outbox_get_due(run->outbox, delivery->slave.id, now_ms(), room, &delivery->changes,
			   &delivery->count);
	if (r < 0)
		return fail_outbox(run, r);
	if (delivery->count == 0) {
		end_request(delivery);
		return 0;
	}

	delivery->call = (struct client_call){
		.url = delivery->slave.url,
		.agent = delivery->slave.key,
		.method = "POST",
		.target = "/v1/changes",
		.limit = limit,
		.owner = delivery,
	};
	r = change_list_render(delivery->changes, delivery->count, &delivery->call.body);
	if (r == 0)
		r = client_start(run->client, &delivery->call);
	if (r < 0) {
		end_request(delivery);
		return reason_fail(run->why, r, "can't send to slave '%s' (%s)",
				   delivery->slave.name, error_text(r));
	}
	return 0;
}

/* A slave that didn't answer, or not so that it can be believed: later, and not by every hook. */
static int note_failure(struct run *run, struct delivery *delivery, const char *what)
{
	struct outbox_slave *slave = &delivery->slave;
	int r;

	slave->retry_at = now_ms() + (int64_t)outbox_pause(slave->failures, run->config->retry_min,
							   run->config->retry_max);
	slave->failures++;
	snprintf(slave->error, sizeof(slave->error), "%s", what);
	r = outbox_slave_note(run->outbox, slave);
	if (r < 0)
		return fail_outbox(run, r);
	if (!delivery->has_failed)
		run->summary.failed++;
	delivery->has_failed = true;
	log_warning("deliver: slave '%s' at '%s' has %zu change%s to come, it is tried again in "
		    "%lld s (%s)",
		    slave->name, slave->url, delivery->count, delivery->count == 1 ? "" : "s",
		    (long long)((slave->retry_at - now_ms() + 999) / 1000), what);
	return 0;
}

/* A new instance, or a sequence that went back: what it acknowledged can't be counted on. */
static int check_instance(struct run *run, struct delivery *delivery)
{
	const struct envelope_state *before = &delivery->slave.state;
	const struct envelope_state *now = &delivery->call.state;

	if (!*before->instance)
		return 0;
	if (strcmp(before->instance, now->instance) == 0 && now->applied_seq >= before->applied_seq)
		return 0;
	log_warning("deliver: slave '%s' was %s; all zones are sent to it again",
		    delivery->slave.name,
		    strcmp(before->instance, now->instance) ? "made anew" : "set back");
	return outbox_owe_all(run->outbox, delivery->slave.id);
}

/* The slave answered and can be believed. After failures, nothing waits any longer. */
static int note_success(struct run *run, struct delivery *delivery)
{
	struct outbox_slave *slave = &delivery->slave;
	int r;

	r = check_instance(run, delivery);
	if (r == 0 && slave->failures > 0)
		r = outbox_owe_now(run->outbox, slave->id);
	if (r < 0)
		return r;
	slave->state = delivery->call.state;
	slave->failures = 0;
	slave->retry_at = 0;
	slave->answered_at = now_ms();
	slave->error[0] = '\0';
	return outbox_slave_note(run->outbox, slave);
}

static int keep_refused(struct run *run, const struct delivery *delivery,
			const struct change *change, const char *detail, const char *problem)
{
	struct reason error;

	reason_set(&error, "%s (%s)", detail, problem);
	run->summary.refused++;
	log_warning("deliver: slave '%s' refused zone '%s': %s", delivery->slave.name,
		    change->zone.text, error.text);
	return outbox_refuse(run->outbox, delivery->slave.id, change, error.text, now_ms(),
			     run->config->retry_min, run->config->retry_max);
}

/* The slave knows a generation that this outbox didn't give, or gave to another state. */
static int outdo(struct run *run, const struct delivery *delivery, const struct change *change,
		 const struct change_result *result)
{
	bool stamped = false;
	int r;

	r = outbox_restamp(run->outbox, change, result->generation, &stamped);
	if (r == -ERANGE)
		return keep_refused(run, delivery, change,
				    "there is no generation above the one that the slave knows",
				    change_outcome_text(CHANGE_STALE));
	if (stamped)
		log_warning("deliver: slave '%s' knows zone '%s' by %s; what is wanted here is "
			    "sent again as a newer one",
			    delivery->slave.name, change->zone.text,
			    result->outcome == CHANGE_STALE
				    ? "a newer change than this outbox, which was lost, restored "
				      "or cloned (does another server use this one's key?)"
				    : "another change of this generation");
	return r;
}

static int settle_refusal(struct run *run, const struct delivery *delivery,
			  const struct change *change, const struct change_result *result)
{
	const char *problem = result->problem ? result->problem : "refused";

	if (strcmp(problem, problem_word(PROBLEM_GENERATION_REUSED)) == 0)
		return outdo(run, delivery, change, result);
	return keep_refused(run, delivery, change,
			    result->detail ? result->detail : "no reason given", problem);
}

static int settle_change(struct run *run, struct delivery *delivery, const struct change *change,
			 const struct change_result *result)
{
	switch (result->outcome) {
	case CHANGE_APPLIED:
	case CHANGE_UNCHANGED:
	case CHANGE_ACCEPTED:
		run->summary.acknowledged++;
		return outbox_acknowledge(run->outbox, delivery->slave.id, change,
					  change_outcome_text(result->outcome));
	case CHANGE_STALE:
		return outdo(run, delivery, change, result);
	case CHANGE_REFUSED:
		return settle_refusal(run, delivery, change, result);
	}
	return ZP_ESYNTAX;
}

/* All results of one reply, in one transaction. */
static int settle_results(struct run *run, struct delivery *delivery,
			  const struct change_answer *answers)
{
	int r;

	r = outbox_begin(run->outbox);
	if (r == 0)
		r = note_success(run, delivery);
	for (size_t i = 0; r == 0 && i < delivery->count; i++)
		r = settle_change(run, delivery, &delivery->changes[i], &answers[i].result);
	if (r == 0)
		r = outbox_commit(run->outbox);
	if (r < 0) {
		fail_outbox(run, r);
		outbox_rollback(run->outbox);
	}
	return r;
}

/* A signed reply that isn't a list of results. */
static int settle_problem(struct run *run, struct delivery *delivery)
{
	struct problem problem;
	char what[REASON_SIZE + 64];
	int r;

	r = problem_parse(delivery->call.reply.data, delivery->call.reply.length, &problem);
	if (r == 0)
		snprintf(what, sizeof(what), "the agent refused the request: %s", problem.detail);
	else
		snprintf(what, sizeof(what), "the agent answered with HTTP status %d",
			 delivery->call.status);
	return note_failure(run, delivery, what);
}

/* The next request names the key that the agent has said it changes to. */
static int follow_key(struct run *run, struct delivery *delivery)
{
	bool changed = false;
	int r;

	r = outbox_slave_follow_key(run->outbox, &delivery->slave, &delivery->call.state, &changed);
	if (r < 0)
		return fail_outbox(run, r);
	if (changed)
		log_notice("deliver: the agent of slave '%s' changes its key to %s",
			   delivery->slave.name, delivery->slave.key.id);
	return 0;
}

static int settle_reply(struct run *run, struct delivery *delivery)
{
	struct client_call *call = &delivery->call;
	struct change_answer *answers = NULL;
	struct reason why;
	int r;

	if (call->clock_ahead > CLOCK_TOLERANCE || call->clock_ahead < -CLOCK_TOLERANCE)
		log_warning("deliver: the clock of slave '%s' is %lld s %s this machine's; set "
			    "both by NTP",
			    delivery->slave.name, llabs((long long)call->clock_ahead),
			    call->clock_ahead > 0 ? "ahead of" : "behind");
	if (call->error < 0)
		return note_failure(run, delivery, call->why.text);
	if (call->status != 200)
		return settle_problem(run, delivery);
	r = change_answers_parse(call->reply.data, call->reply.length, delivery->changes,
				 delivery->count, &answers, &why);
	if (r < 0)
		return note_failure(run, delivery, why.text);
	r = settle_results(run, delivery, answers);
	if (r == 0)
		r = follow_key(run, delivery);
	change_answers_free(answers, delivery->count);
	return r;
}

/* Until every slave has been told all that is due, or failed, or the time is over. */
static int serve(struct run *run)
{
	struct client_call *call;
	struct delivery *delivery;
	int r = 0;

	while (r == 0 && client_count(run->client) > 0) {
		/* Calls have limits of their own; a little more lets them end by these. */
		call = client_next(run->client, run->limits->until + 200, run->limits->stop);
		if (!call)
			break;
		delivery = call->owner;
		r = settle_reply(run, delivery);
		end_request(delivery);
		if (r == 0 && run->limits->on_progress)
			run->limits->on_progress(run->limits->context, &run->summary);
		if (r == 0)
			r = start_request(run, delivery);
	}
	return r;
}

bool deliver_is_meant(const char *const *slaves, const char *name)
{
	const char *const *slave = slaves;

	while (slave && *slave && strcmp(*slave, name) != 0)
		slave++;
	return !slave || *slave;
}

static int start_all(struct run *run, struct delivery *deliveries, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (!deliver_is_meant(run->limits->slaves, deliveries[i].slave.name))
			continue;
		r = start_request(run, &deliveries[i]);
		run->summary.slaves += deliveries[i].count > 0;
	}
	return r;
}

static int run_deliveries(struct run *run, const struct key *key, const struct outbox_slave *slaves,
			  size_t count)
{
	struct delivery *deliveries;
	int r;

	deliveries = calloc(count + 1, sizeof(*deliveries));
	if (!deliveries)
		return reason_fail(run->why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		deliveries[i].slave = slaves[i];

	r = client_new(key, run->config->connect_timeout, &run->client);
	if (r < 0)
		reason_set(run->why, "can't start libcurl (%s)", error_text(r));
	if (r == 0)
		r = start_all(run, deliveries, count);
	if (r == 0)
		r = serve(run);
	client_free(run->client);
	for (size_t i = 0; i < count; i++)
		end_request(&deliveries[i]);
	free(deliveries);
	return r;
}

int deliver_run(const struct hook_config *config, const struct key *key, struct outbox *outbox,
		const struct deliver_limits *limits, struct deliver_summary *ret_summary,
		struct reason *why)
{
	struct run run = {.config = config, .outbox = outbox, .limits = limits, .why = why};
	struct outbox_slave *slaves = NULL;
	size_t count = 0;
	int r;

	r = outbox_slave_list(outbox, &slaves, &count);
	if (r < 0)
		return fail_outbox(&run, r);
	run.summary.known = count;
	r = run_deliveries(&run, key, slaves, count);
	free(slaves);
	*ret_summary = run.summary;
	return r;
}
