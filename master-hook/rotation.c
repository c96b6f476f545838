#include "master-hook/rotation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "master-hook/ask.h"
#include "proto/key_next.h"
#include "proto/key_proof.h"
#include "proto/log.h"
#include "proto/problem.h"

#define TARGET_SIZE 64

bool rotation_is_under_way(const struct hook_config *config)
{
	struct key *next = NULL;
	struct reason why;
	bool found;

	found = key_next_load(config->key, &next, &why) == 0;
	key_free(next);
	return found;
}

static int render_body(const struct key *present, const struct key *next,
		       const struct outbox_slave *slave, struct text_buffer *body)
{
	char proof[KEY_PROOF_SIZE];

	key_proof_make(next, &slave->key, key_get_public(present), proof);
	return text_buffer_printf(body, "{\"proof\":\"%s\"}", proof);
}

static bool was_told(const struct outbox_slave *slave, const struct client_call *call)
{
	struct problem problem;
	const char *why = call->why.text;

	if (call->error == 0 && call->status == 200)
		return true;
	if (call->error == 0 && problem_parse(call->reply.data, call->reply.length, &problem) == 0)
		why = problem.detail;
	log_warning("key rotate: slave '%s' doesn't know the next key yet (%s)", slave->name,
		    *why ? why : "it answered with an unknown status");
	return false;
}

static int prepare(const struct key *present, const struct key *next, const char *target,
		   const struct outbox_slave *slaves, size_t count, struct client_call *calls)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		calls[i] = (struct client_call){
			.url = slaves[i].url,
			.agent = slaves[i].key,
			.method = "PUT",
			.target = target,
			.limit = ASK_LIMIT_MS,
		};
		r = render_body(present, next, &slaves[i], &calls[i].body);
	}
	return r;
}

static int tell(const struct hook_config *config, const struct key *present, const struct key *next,
		const struct outbox_slave *slaves, size_t count, size_t *ret_told)
{
	struct client_call *calls = calloc(count + 1, sizeof(*calls));
	char target[TARGET_SIZE];
	int r;

	if (!calls)
		return -ENOMEM;
	snprintf(target, sizeof(target), "/v1/keys/%s", key_get_public(next)->id);
	r = prepare(present, next, target, slaves, count, calls);
	if (r == 0)
		r = ask_all(config, present, calls, count);
	for (size_t i = 0; i < count; i++) {
		*ret_told += r == 0 && was_told(&slaves[i], &calls[i]);
		client_call_done(&calls[i]);
	}
	free(calls);
	return r;
}

/* The slaves that may be asked, to the front. */
static size_t leave_out_paused(struct outbox_slave *slaves, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (!slaves[i].is_paused)
			slaves[kept++] = slaves[i];
		else
			log_warning("key rotate: slave '%s' is paused, and doesn't get the next "
				    "key; `zonepush slave resume` ends that",
				    slaves[i].name);
	return kept;
}

static int tell_all(const struct hook_config *config, const struct key *present,
		    const struct key *next, struct outbox *outbox, struct rotation_summary *summary,
		    struct reason *why)
{
	struct outbox_slave *slaves = NULL;
	size_t count = 0;
	int r;

	r = outbox_slave_list(outbox, &slaves, &count);
	if (r < 0)
		return reason_fail(why, r, "the outbox failed (%s: %s)", error_text(r),
				   outbox_reason(outbox));
	summary->slaves = count;
	count = leave_out_paused(slaves, count);
	r = tell(config, present, next, slaves, count, &summary->told);
	free(slaves);
	return r < 0 ? reason_fail(why, r, "can't ask the slaves (%s)", error_text(r)) : 0;
}

int rotation_run(const struct hook_config *config, const struct key *present, struct outbox *outbox,
		 bool force, struct rotation_summary *ret_summary, struct reason *why)
{
	struct rotation_summary summary = {.is_done = false};
	struct key *next = NULL;
	int r;

	r = key_next_ensure(config->key, &next, why);
	if (r < 0)
		return r;
	summary.next = *key_get_public(next);
	r = tell_all(config, present, next, outbox, &summary, why);
	key_free(next);
	if (r == 0 && (force || summary.told == summary.slaves)) {
		r = key_next_promote(config->key, why);
		summary.is_done = r == 0;
	}
	if (r == 0)
		*ret_summary = summary;
	return r;
}
