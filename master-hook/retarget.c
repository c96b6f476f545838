#include "master-hook/retarget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master-hook/ask.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "proto/problem.h"

#define TARGET_SIZE 64

bool retarget_is_needed(const struct hook_config *config, const struct compare_slave *slave)
{
	return slave->is_compared && config->primaries.count > 0 &&
	       !primaries_are_equal(&config->primaries, &slave->primaries);
}

static char *render_body(const struct primaries *primaries)
{
	json_t *json = json_pack("{s:o}", "primaries", primaries_to_json(primaries));
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	return text;
}

static int prepare_call(const struct hook_config *config, const struct outbox_slave *slave,
			const char *target, const char *body, struct client_call *call)
{
	*call = (struct client_call){
		.url = slave->url,
		.agent = slave->key,
		.method = "PUT",
		.target = target,
		.limit = config->request_timeout,
	};
	return text_buffer_append(&call->body, body, strlen(body));
}

static bool was_taken(const struct outbox_slave *slave, const struct client_call *call)
{
	struct problem problem;
	const char *why = call->why.text;

	if (call->error == 0 && (call->status == 200 || call->status == 202))
		return true;
	if (call->error == 0 && problem_parse(call->reply.data, call->reply.length, &problem) == 0)
		why = problem.detail;
	log_error("sync: slave '%s' wasn't given other primaries (%s)", slave->name,
		  *why ? why : "it answered with an unknown status");
	return false;
}

int retarget_run(const struct hook_config *config, const struct key *key,
		 const struct compare_slave *slaves, size_t count, size_t *ret_failed)
{
	struct client_call *calls = calloc(count + 1, sizeof(*calls));
	const struct outbox_slave **asked = calloc(count + 1, sizeof(*asked));
	char *body = render_body(&config->primaries), target[TARGET_SIZE];
	size_t n_calls = 0, failed = 0;
	int r = calls && asked && body ? 0 : -ENOMEM;

	snprintf(target, sizeof(target), "/v1/master?generation=%llu",
		 (unsigned long long)clock_microseconds());
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (!retarget_is_needed(config, &slaves[i]))
			continue;
		asked[n_calls] = slaves[i].slave;
		r = prepare_call(config, slaves[i].slave, target, body, &calls[n_calls++]);
	}
	if (r == 0)
		r = ask_all(config, key, calls, n_calls);
	for (size_t i = 0; i < n_calls; i++) {
		if (r == 0 && !was_taken(asked[i], &calls[i]))
			failed++;
		client_call_done(&calls[i]);
	}
	free(body);
	free(asked);
	free(calls);
	if (r == 0)
		*ret_failed = failed;
	return r;
}
