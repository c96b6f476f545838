#include "master-hook/probe.h"

#include <errno.h>
#include <stdlib.h>

#include "master-hook/ask.h"

static void take_answer(struct report_slave *slave, const struct client_call *call)
{
	slave->why = call->why;
	if (call->error < 0)
		return;
	if (call->status == 200 &&
	    report_read_status(slave, call->reply.data, call->reply.length) == 0)
		slave->is_reached = true;
	else
		reason_set(&slave->why, "the agent answered with HTTP status %d", call->status);
}

int probe_run(const struct hook_config *config, const struct key *key, struct report_slave *slaves,
	      size_t count)
{
	struct client_call *calls;
	int r;

	calls = calloc(count + 1, sizeof(*calls));
	if (!calls)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		calls[i] = (struct client_call){
			.url = slaves[i].slave.url,
			.agent = slaves[i].slave.key,
			.method = "GET",
			.target = "/v1/status",
			.limit = ASK_LIMIT_MS,
		};
	r = ask_all(config, key, calls, count);
	for (size_t i = 0; i < count; i++) {
		if (r == 0)
			take_answer(&slaves[i], &calls[i]);
		client_call_done(&calls[i]);
	}
	free(calls);
	return r;
}
