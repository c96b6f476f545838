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
		r = probe_run(&context->config, context->key, slaves, count);
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
		well &= slot_is_well(&context.config);
	}
	cmd_close(&context);
	return r == 0 && well ? VERB_OK : VERB_FAILED;
}
