#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "master-hook/acl.h"
#include "master-hook/cmd.h"
#include "master-hook/probe.h"
#include "master-hook/purge.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "proto/table.h"

static int print_slaves(const struct outbox_slave *slaves, size_t count)
{
	static const char *const headings[] = {"SLAVE", "URL", "STATE", "KEY"};
	struct table *table = NULL;
	int r;

	if (count == 0) {
		printf("no slave is known yet; see `zonepush slave add --help`\n");
		return 0;
	}
	r = table_new(headings, sizeof(headings) / sizeof(headings[0]), &table);
	for (size_t i = 0; r == 0 && i < count; i++) {
		const char *cells[] = {slaves[i].name, slaves[i].url,
				       slaves[i].is_paused ? "paused" : "in use", slaves[i].key.id};

		r = table_add(table, cells);
	}
	if (r == 0)
		table_print(table, stdout);
	table_free(table);
	return r;
}

static int print_slaves_json(const struct outbox_slave *slaves, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:b}", "name", slaves[i].name,
						"url", slaves[i].url, "key", slaves[i].key.id,
						"paused", slaves[i].is_paused));
	return cmd_print_json(list);
}

int cmd_slave_list(struct verb_call *call)
{
	bool as_json = false;
	const struct verb_option options[] = {
		{"--json", &as_json, NULL},
		{NULL, NULL, NULL},
	};
	struct outbox_slave *slaves = NULL;
	struct cmd_context context;
	size_t count = 0;
	int r;

	if (!verb_parse(call, options, 0, 0))
		return VERB_USAGE;
	if (!cmd_open(call, &context))
		return VERB_FAILED;
	r = outbox_slave_list(context.outbox, &slaves, &count);
	if (r < 0) {
		cmd_explain_outbox(&context, "slave list", r);
	} else {
		r = as_json ? print_slaves_json(slaves, count) : print_slaves(slaves, count);
		if (r < 0)
			log_error("slave list: %s", error_text(r));
	}
	free(slaves);
	cmd_close(&context);
	return r == 0 ? VERB_OK : VERB_FAILED;
}

static void print_stored(const struct outbox_slave *slave, const struct outbox_debt *debt)
{
	char answered[CLOCK_TEXT_SIZE], oldest[CLOCK_TEXT_SIZE], retry[CLOCK_TEXT_SIZE];

	clock_render(slave->answered_at, answered);
	clock_render(debt->oldest, oldest);
	clock_render(slave->retry_at, retry);
	printf("name:            %s\n", slave->name);
	printf("url:             %s\n", slave->url);
	printf("public DNS:      %s\n", *slave->dns ? slave->dns : "the host of the URL, port 53");
	printf("key:             %s\n", slave->key.id);
	printf("instance:        %s\n",
	       *slave->state.instance ? slave->state.instance : "not seen yet");
	printf("sending:         %s\n", slave->is_paused ? "paused" : "yes");
	printf("took changes:    %s\n", answered);
	printf("changes owed:    %" PRIu64 "\n", debt->pending);
	if (debt->pending > 0)
		printf("owed since:      %s\n", oldest);
	if (debt->refused > 0)
		printf("of these refused: %" PRIu64 ", the first: %s\n", debt->refused,
		       debt->refusal);
	if (slave->failures > 0)
		printf("failures:        %" PRIu64 " in a row (%s); next try: %s\n",
		       slave->failures, slave->error, retry);
}

static void print_answer(const struct report_slave *slave)
{
	if (!slave->is_reached) {
		printf("answers:         no (%s)\n", slave->why.text);
		return;
	}
	printf("answers:         yes, version %s\n", slave->version);
	printf("its named:       %s\n", *slave->named_error	  ? slave->named_error
					: slave->named_is_running ? "runs"
								  : "is down");
	printf("its clock:       %lld s %s this machine's\n", llabs((long long)slave->clock_ahead),
	       slave->clock_ahead < 0 ? "behind" : "ahead of");
	printf("zones there:     %" PRIu64 ", served %" PRIu64 ", to come %" PRIu64
	       ", failing %" PRIu64 "\n",
	       slave->applied, slave->served, slave->accepted, slave->failing);
}

/* What the outbox knows is shown even where the slave can't be asked. */
static bool show(struct cmd_context *context, struct report_slave *slave, bool as_json)
{
	int r;

	if (!as_json)
		print_stored(&slave->slave, &slave->debt);
	if (!cmd_load_key(context))
		return false;
	r = probe_run(&context->config, context->key, slave, 1);
	if (r < 0) {
		log_error("slave show: can't ask '%s' (%s)", slave->slave.name, error_text(r));
		return false;
	}
	if (as_json)
		r = cmd_print_json(report_slave_to_json(slave));
	else
		print_answer(slave);
	return r == 0 && slave->is_reached && report_is_well(slave);
}

int cmd_slave_show(struct verb_call *call)
{
	bool as_json = false, good = false;
	const struct verb_option options[] = {
		{"--json", &as_json, NULL},
		{NULL, NULL, NULL},
	};
	struct report_slave slave = {0};
	struct cmd_context context;
	int r;

	if (!verb_parse(call, options, 1, 1))
		return VERB_USAGE;
	if (!cmd_open(call, &context))
		return VERB_FAILED;
	if (cmd_load_slave(&context, call->argv[0], &slave.slave)) {
		r = outbox_get_debt(context.outbox, slave.slave.id, &slave.debt);
		if (r < 0)
			cmd_explain_outbox(&context, "slave show", r);
		else
			good = show(&context, &slave, as_json);
	}
	cmd_close(&context);
	return good ? VERB_OK : VERB_FAILED;
}

static int pause_slave(struct outbox *outbox, const struct outbox_slave *slave)
{
	int r;

	r = outbox_begin(outbox);
	if (r == 0)
		r = outbox_slave_pause(outbox, slave->id, true);
	if (r == 0)
		r = outbox_commit_slaves(outbox);
	if (r < 0)
		outbox_rollback(outbox);
	return r;
}

int cmd_slave_pause(struct verb_call *call)
{
	struct outbox_slave slave;
	struct cmd_context context;
	int r = -1;

	if (!verb_parse(call, NULL, 1, 1))
		return VERB_USAGE;
	if (!cmd_open(call, &context))
		return VERB_FAILED;
	if (cmd_load_slave(&context, call->argv[0], &slave)) {
		r = pause_slave(context.outbox, &slave);
		if (r < 0)
			cmd_explain_outbox(&context, "slave pause", r);
		else
			printf("slave '%s' is paused; what changes is kept for it until `zonepush "
			       "slave resume %s`\n",
			       slave.name, slave.name);
	}
	cmd_close(&context);
	return r == 0 ? VERB_OK : VERB_FAILED;
}

/* All of this master's zones there. Returns whether the slave may be forgotten. */
static bool purge(struct cmd_context *context, const struct outbox_slave *slave)
{
	uint64_t deleted = 0;
	struct reason why;
	int r;

	if (!cmd_load_key(context))
		return false;
	r = purge_run(&context->config, context->key, context->outbox, slave, &deleted, &why);
	if (r < 0)
		log_error("slave remove: %s", why.text);
	else
		printf("zones deleted on '%s': %" PRIu64 "\n", slave->name, deleted);
	return r == 0;
}

static bool forget(struct cmd_context *context, const struct outbox_slave *slave)
{
	int r;

	r = outbox_begin(context->outbox);
	if (r == 0)
		r = outbox_slave_remove(context->outbox, slave->id);
	if (r == 0)
		r = outbox_commit_slaves(context->outbox);
	if (r < 0) {
		cmd_explain_outbox(context, "slave remove", r);
		outbox_rollback(context->outbox);
	}
	return r == 0;
}

int cmd_slave_remove(struct verb_call *call)
{
	bool with_zones = false, good;
	const struct verb_option options[] = {
		{"--purge", &with_zones, NULL},
		{NULL, NULL, NULL},
	};
	struct cmd_context context;
	struct outbox_slave slave;

	if (!verb_parse(call, options, 1, 1))
		return VERB_USAGE;
	if (!cmd_open(call, &context))
		return VERB_FAILED;
	good = cmd_load_slave(&context, call->argv[0], &slave) &&
	       (!with_zones || purge(&context, &slave)) && forget(&context, &slave);
	if (good)
		acl_withdraw(&context.config, context.outbox, &slave);
	if (good && with_zones)
		printf("slave '%s' is removed\n", slave.name);
	else if (good)
		printf("slave '%s' is removed; it keeps the zones that it has\n", slave.name);
	cmd_close(&context);
	return good ? VERB_OK : VERB_FAILED;
}
