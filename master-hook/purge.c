#include "master-hook/purge.h"

#include <errno.h>
#include <stdlib.h>

#include "master-hook/ask.h"
#include "master-hook/compare.h"
#include "master-hook/progress.h"

struct purge {
	const struct hook_config *config;
	const struct key *key;
	struct outbox *outbox;
	const struct outbox_slave *slave;
	struct change *changes;
	size_t count;
	struct reason *why;
};

static int fail_outbox(struct purge *purge, int error)
{
	return reason_fail(purge->why, error, "the outbox failed (%s: %s); nothing is deleted",
			   error_text(error), outbox_reason(purge->outbox));
}

/* What a slave holds is what it has too much, compared with nothing. */
static int list_zones(struct purge *purge, struct compare_slave *compared)
{
	const struct name_set nothing = {0};
	int r;

	compared->slave = purge->slave;
	r = compare_run(purge->config, purge->key, &nothing, compared, 1);
	if (r < 0)
		return reason_fail(purge->why, r, "can't ask '%s' (%s)", purge->slave->name,
				   error_text(r));
	if (!compared->is_compared)
		return reason_fail(purge->why, -EHOSTUNREACH,
				   "'%s' can't be asked for its zones (%s); nothing is deleted and "
				   "the slave isn't removed. Without --purge it is removed here "
				   "alone",
				   purge->slave->name, compared->why.text);
	return 0;
}

static int make_change(struct purge *purge, const char *name)
{
	struct change *change = &purge->changes[purge->count];
	int r;

	r = zone_name_parse(name, &change->zone, NULL);
	if (r == 0)
		r = outbox_bypass(purge->outbox, &change->zone, &change->generation);
	if (r == 0)
		purge->count++;
	return r;
}

/*
 * From the commit on the slave counts as one that has lost everything, which is what it is, more or
 * less, until it is forgotten.
 */
static int prepare(struct purge *purge, const struct name_set *zones)
{
	int r;

	purge->changes = calloc(zones->count + 1, sizeof(*purge->changes));
	if (!purge->changes)
		return reason_fail(purge->why, -ENOMEM, "out of memory; nothing is deleted");
	r = outbox_begin(purge->outbox);
	if (r == 0)
		r = outbox_slave_pause(purge->outbox, purge->slave->id, true);
	for (size_t i = 0; r == 0 && i < zones->count; i++)
		r = make_change(purge, name_set_get(zones, i));
	if (r == 0)
		r = outbox_owe_all(purge->outbox, purge->slave->id);
	if (r == 0)
		r = outbox_commit_slaves(purge->outbox);
	if (r < 0) {
		fail_outbox(purge, r);
		outbox_rollback(purge->outbox);
	}
	return r;
}

static int judge_answers(struct purge *purge, const struct change *changes,
			 const struct change_answer *answers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct change_result *result = &answers[i].result;

		if (result->outcome == CHANGE_APPLIED || result->outcome == CHANGE_UNCHANGED ||
		    result->outcome == CHANGE_ACCEPTED)
			continue;
		return reason_fail(purge->why, -EPROTO, "it didn't delete zone '%s' (%s: %s)",
				   changes[i].zone.text, change_outcome_text(result->outcome),
				   result->detail ? result->detail
						  : "it knows a newer change of it; `zonepush "
						    "sync` brings this outbox up to that");
	}
	return 0;
}

static int read_reply(struct purge *purge, const struct client_call *call,
		      const struct change *changes, size_t count)
{
	struct change_answer *answers;
	int r;

	if (call->error < 0)
		return reason_fail(purge->why, call->error, "%s", call->why.text);
	if (call->status != 200)
		return reason_fail(purge->why, -EPROTO, "it answered with HTTP status %d",
				   call->status);
	r = change_answers_parse(call->reply.data, call->reply.length, changes, count, &answers,
				 purge->why);
	if (r < 0)
		return r;
	r = judge_answers(purge, changes, answers, count);
	change_answers_free(answers, count);
	return r;
}

static int send_batch(struct purge *purge, const struct change *changes, size_t count)
{
	struct client_call call = {
		.url = purge->slave->url,
		.agent = purge->slave->key,
		.method = "POST",
		.target = "/v1/changes",
		.limit = purge->config->request_timeout,
	};
	int r;

	r = change_list_render(changes, count, &call.body);
	if (r == 0)
		r = ask_all(purge->config, purge->key, &call, 1);
	if (r < 0)
		reason_set(purge->why, "%s", error_text(r));
	else
		r = read_reply(purge, &call, changes, count);
	client_call_done(&call);
	return r;
}

static int send_all(struct purge *purge)
{
	struct progress progress;
	struct reason inner;
	size_t done = 0, count;
	int r = 0;

	progress_start(&progress, "slave remove", "deletions", purge->count);
	while (r == 0 && done < purge->count) {
		count = purge->count - done;
		if (count > CHANGE_BATCH_MAX)
			count = CHANGE_BATCH_MAX;
		r = send_batch(purge, &purge->changes[done], count);
		done += r == 0 ? count : 0;
		progress_update(&progress, done);
	}
	progress_end(&progress);
	if (r == 0)
		return 0;
	inner = *purge->why;
	return reason_fail(purge->why, r,
			   "slave '%s' failed after %zu of %zu deletions (%s); it stays, and is "
			   "paused: call this again to go on, or `zonepush slave resume %s` to "
			   "give it all zones back",
			   purge->slave->name, done, purge->count, inner.text, purge->slave->name);
}

int purge_run(const struct hook_config *config, const struct key *key, struct outbox *outbox,
	      const struct outbox_slave *slave, uint64_t *ret_deleted, struct reason *why)
{
	struct purge purge = {config, key, outbox, slave, NULL, 0, why};
	struct compare_slave compared = {0};
	int r;

	r = list_zones(&purge, &compared);
	if (r == 0)
		r = prepare(&purge, &compared.surplus);
	if (r == 0)
		r = send_all(&purge);
	if (r == 0)
		*ret_deleted = purge.count;
	compare_done(&compared, 1);
	free(purge.changes);
	return r;
}
