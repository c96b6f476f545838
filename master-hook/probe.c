#include "master-hook/probe.h"

#include <errno.h>
#include <stdlib.h>

#include "master-hook/client.h"
#include "proto/clock.h"

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

static int ask_all(struct client *client, struct client_call *calls, struct report_slave *slaves,
		   size_t count)
{
	uint64_t until = clock_steady_ms() + PROBE_LIMIT_MS;
	struct client_call *call;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		calls[i] = (struct client_call){
			.url = slaves[i].slave.url,
			.agent = slaves[i].slave.key,
			.method = "GET",
			.target = "/v1/status",
			.limit = PROBE_LIMIT_MS,
			.owner = &slaves[i],
		};
		reason_set(&slaves[i].why, "no answer within %d s", PROBE_LIMIT_MS / 1000);
		r = client_start(client, &calls[i]);
	}
	while (r == 0) {
		call = client_next(client, until, -1);
		if (!call)
			break;
		take_answer(call->owner, call);
		client_call_done(call);
	}
	return r;
}

int probe_run(const struct hook_config *config, const struct key *key, struct report_slave *slaves,
	      size_t count)
{
	struct client_call *calls;
	struct client *client = NULL;
	int r;

	calls = calloc(count + 1, sizeof(*calls));
	if (!calls)
		return -ENOMEM;
	r = client_new(key, config->connect_timeout, &client);
	if (r == 0)
		r = ask_all(client, calls, slaves, count);
	client_free(client);
	free(calls);
	return r;
}
