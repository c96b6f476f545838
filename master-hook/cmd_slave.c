#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "master-hook/client.h"
#include "master-hook/cmd.h"
#include "master-hook/deliver.h"
#include "master-hook/probe.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "proto/table.h"

static bool parse_slave(const char *name, const char *key, const char *url,
			struct outbox_slave *slave)
{
	struct reason why;

	if (!outbox_is_slave_name(name)) {
		log_error("slave add: a slave's name is 1 to %d characters of a-z, 0-9, '.', '_' "
			  "and '-'; '%s' isn't",
			  OUTBOX_NAME_MAX, name);
		return false;
	}
	snprintf(slave->name, sizeof(slave->name), "%s", name);
	if (key_public_load(key, &slave->key, &why) < 0 ||
	    client_parse_url(url, slave->url, sizeof(slave->url), &why) < 0) {
		log_error("slave add: %s", why.text);
		return false;
	}
	return true;
}

/* Pushes what exists already, so that a new slave serves all zones at once. */
static bool push_all(struct cmd_context *context, const char *name)
{
	const char *const slaves[] = {name, NULL};
	const struct deliver_limits limits = {
		.until = clock_steady_ms() + 10 * context->config.request_timeout,
		.request = context->config.request_timeout,
		.stop = -1,
		.slaves = slaves,
	};
	struct deliver_summary summary;
	struct reason why;
	int r;

	r = deliver_run(&context->config, context->key, context->outbox, &limits, &summary, &why);
	if (r < 0) {
		log_error("slave add: %s", why.text);
		return false;
	}
	printf("slave '%s' is added; changes acknowledged: %llu\n", name,
	       (unsigned long long)summary.acknowledged);
	return summary.failed == 0 && summary.refused == 0;
}

/* Says at once if the new slave can't be talked to; it stays added, and is tried again. */
static bool check_answer(struct cmd_context *context, const struct outbox_slave *slave)
{
	struct report_slave probe = {.slave = *slave};
	int r;

	r = probe_run(&context->config, context->key, &probe, 1);
	if (r < 0)
		log_error("slave add: can't ask '%s' (%s)", slave->name, error_text(r));
	else if (!probe.is_reached)
		log_warning("slave add: '%s' is added, but doesn't answer as it should; its zones "
			    "are delivered once it does (%s)",
			    slave->name, probe.why.text);
	else if (!probe.named_is_running || *probe.named_error)
		log_warning("slave add: '%s' answers, but its named has trouble: %s", slave->name,
			    *probe.named_error ? probe.named_error : "it isn't running");
	return r == 0 && probe.is_reached;
}

static bool introduce(struct cmd_context *context, const struct outbox_slave *slave)
{
	if (!cmd_load_key(context)) {
		log_warning("slave add: '%s' is added; its zones are delivered once the key can "
			    "be used",
			    slave->name);
		return false;
	}
	return check_answer(context, slave) && push_all(context, slave->name);
}

/* In one transaction with what it owes from now on: no hook gets between the two. */
static bool store_slave(struct outbox *outbox, const struct outbox_slave *slave)
{
	int r;

	r = outbox_begin(outbox);
	if (r == 0)
		r = outbox_slave_add(outbox, slave);
	if (r == 0)
		r = outbox_commit(outbox);
	if (r == -EEXIST)
		log_error("slave add: there is a slave '%s' already; `zonepush slave list` shows "
			  "it",
			  slave->name);
	else if (r == ZP_EFULL)
		log_error("slave add: there are %d slaves already, which is the most",
			  OUTBOX_SLAVES_MAX);
	else if (r < 0)
		log_error("slave add: can't store it (%s: %s)", error_text(r),
			  outbox_reason(outbox));
	if (r < 0)
		outbox_rollback(outbox);
	return r == 0;
}

int cmd_slave_add(struct verb_call *call)
{
	const char *key = NULL;
	const struct verb_option options[] = {
		{"--key", NULL, &key},
		{NULL, NULL, NULL},
	};
	struct outbox_slave slave = {0};
	struct cmd_context context;
	bool good;

	if (!verb_parse(call, options, 2, 2))
		return VERB_USAGE;
	if (!key) {
		log_error("slave add: --key is needed; `zonepush-agent key show` on the slave "
			  "prints it");
		return VERB_USAGE;
	}
	if (!parse_slave(call->argv[0], key, call->argv[1], &slave))
		return VERB_FAILED;
	if (!cmd_open(call, &context))
		return VERB_FAILED;

	good = store_slave(context.outbox, &slave) && introduce(&context, &slave);
	cmd_close(&context);
	return good ? VERB_OK : VERB_FAILED;
}

static int print_slaves(const struct outbox_slave *slaves, size_t count)
{
	static const char *const headings[] = {"SLAVE", "URL", "KEY"};
	struct table *table = NULL;
	int r;

	if (count == 0) {
		printf("no slave is known yet; see `zonepush slave add --help`\n");
		return 0;
	}
	r = table_new(headings, 3, &table);
	for (size_t i = 0; r == 0 && i < count; i++) {
		const char *cells[] = {slaves[i].name, slaves[i].url, slaves[i].key.id};

		r = table_add(table, cells);
	}
	if (r == 0)
		table_print(table, stdout);
	table_free(table);
	return r;
}

int cmd_slave_list(struct verb_call *call)
{
	struct outbox_slave *slaves = NULL;
	struct cmd_context context;
	size_t count = 0;
	int r;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	if (!cmd_open(call, &context))
		return VERB_FAILED;
	r = outbox_slave_list(context.outbox, &slaves, &count);
	if (r < 0)
		log_error("slave list: the outbox failed (%s: %s)", error_text(r),
			  outbox_reason(context.outbox));
	else
		r = print_slaves(slaves, count);
	free(slaves);
	cmd_close(&context);
	return r == 0 ? VERB_OK : VERB_FAILED;
}
