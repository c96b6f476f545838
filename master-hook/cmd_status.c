#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "master-hook/cmd.h"
#include "master-hook/probe.h"
#include "master-hook/report.h"
#include "master-hook/slot.h"
#include "proto/log.h"

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

/* What `zonepush status` is asked for, and what came of it. */
struct view {
	bool as_json, as_check;
	int code; /* to exit with */
};

static int print(struct cmd_context *context, struct view *view)
{
	struct report_slave *slaves = NULL;
	bool well = slot_is_well(&context->config);
	uint64_t n_zones = 0;
	size_t count = 0;
	int r;

	r = load_slaves(context->outbox, &slaves, &count);
	if (r == 0)
		r = outbox_count(context->outbox, &n_zones);
	if (r == 0)
		r = probe_run(&context->config, context->key, slaves, count);
	if (r == 0 && view->as_check) {
		view->code = (int)report_print_check(slaves, count, n_zones, well);
	} else if (r == 0) {
		r = view->as_json ? cmd_print_json(report_to_json(slaves, count, n_zones))
				  : report_print_table(slaves, count, n_zones);
		for (size_t i = 0; i < count; i++)
			well &= report_is_well(&slaves[i]);
		view->code = r == 0 && well ? VERB_OK : VERB_FAILED;
	}
	free(slaves);
	return r;
}

/* Monitoring takes its line from standard output, and nothing for a failure of the check itself. */
static void complain(const struct view *view)
{
	if (view->as_check)
		printf("ZONEPUSH UNKNOWN - the check itself failed, see its standard error\n");
}

int cmd_status(struct verb_call *call)
{
	struct view view = {0};
	const struct verb_option options[] = {
		{"--json", &view.as_json, NULL},
		{"--check", &view.as_check, NULL},
		{NULL, NULL, NULL},
	};
	struct cmd_context context;
	int r = ZP_EKEY;

	if (!verb_parse(call, options, 0, 0))
		return VERB_USAGE;
	view.code = view.as_check ? REPORT_UNKNOWN : VERB_FAILED;
	if (!cmd_open(call, &context)) {
		complain(&view);
		return view.code;
	}
	if (cmd_load_key(&context)) {
		r = print(&context, &view);
		if (r < 0)
			log_error("status: %s", error_text(r));
	}
	if (r < 0)
		complain(&view);
	cmd_close(&context);
	return view.code;
}
