#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "master-hook/client.h"
#include "master-hook/cmd.h"
#include "master-hook/report.h"
#include "proto/clock.h"
#include "proto/log.h"

#define STATUS_LIMIT_MS 3000

static int load_slaves(struct outbox *outbox, struct report_slave **ret_slaves, size_t *ret_count)
{
	struct outbox_slave *known = NULL;
	struct report_slave *slaves;
	size_t count = 0;
	int r;

	r = outbox_slave_list(outbox, &known, &count);
	if (r < 0)
		return r;
	slaves = calloc(count + 1, sizeof(*slaves));
	if (!slaves)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++) {
		slaves[i].slave = known[i];
		reason_set(&slaves[i].why, "no answer within %d s", STATUS_LIMIT_MS / 1000);
		r = outbox_get_debt(outbox, known[i].id, &slaves[i].debt);
	}
	free(known);
	if (r < 0) {
		free(slaves);
		return r;
	}
	*ret_slaves = slaves;
	*ret_count = count;
	return 0;
}

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

/* Asks all agents at once. */
static int ask_slaves(struct cmd_context *context, struct report_slave *slaves, size_t count)
{
	uint64_t until = clock_steady_ms() + STATUS_LIMIT_MS;
	struct client_call *calls, *call;
	struct client *client = NULL;
	int r;

	calls = calloc(count + 1, sizeof(*calls));
	r = calls ? client_new(context->key, context->config.connect_timeout, &client) : -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++) {
		calls[i] = (struct client_call){.url = slaves[i].slave.url,
						.agent = slaves[i].slave.key,
						.method = "GET",
						.target = "/v1/status",
						.limit = STATUS_LIMIT_MS,
						.owner = &slaves[i]};
		r = client_start(client, &calls[i]);
	}
	for (call = NULL; r == 0; client_call_done(call)) {
		call = client_next(client, until);
		if (!call)
			break;
		take_answer(call->owner, call);
	}
	client_free(client);
	free(calls);
	return r;
}

static int print(struct cmd_context *context, bool as_json, bool *ret_well)
{
	struct report_slave *slaves = NULL;
	uint64_t n_zones = 0;
	size_t count = 0;
	int r;

	r = load_slaves(context->outbox, &slaves, &count);
	if (r == 0)
		r = outbox_count(context->outbox, &n_zones);
	if (r == 0)
		r = ask_slaves(context, slaves, count);
	if (r == 0)
		r = as_json ? report_print_json(slaves, count, n_zones)
			    : report_print_table(slaves, count, n_zones);
	*ret_well = true;
	for (size_t i = 0; i < count; i++)
		*ret_well &= report_is_well(&slaves[i]);
	free(slaves);
	return r;
}

int cmd_status(struct verb_call *call)
{
	bool as_json = false, well = false;
	const struct verb_option options[] = {
		{"--json", &as_json, NULL},
		{NULL, NULL, NULL},
	};
	struct cmd_context context;
	int r = ZP_EKEY;

	if (!verb_parse(call, options, 0, 0))
		return VERB_USAGE;
	if (!cmd_open(call, &context))
		return VERB_FAILED;
	if (cmd_load_key(&context)) {
		r = print(&context, as_json, &well);
		if (r < 0)
			log_error("status: %s", error_text(r));
	}
	cmd_close(&context);
	return r == 0 && well ? VERB_OK : VERB_FAILED;
}
