#include <errno.h>
#include <stdio.h>

#include <jansson.h>

#include "master-hook/cmd.h"
#include "master-hook/outbox_history.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "proto/table.h"
#include "proto/text.h"

#define LAST_STANDARD 50

/* Where the events go: into one of these. */
struct printout {
	struct table *table;
	json_t *list;
};

static const char *name_slave(const struct outbox_event *event)
{
	if (!event->slave)
		return "";
	return *event->slave ? event->slave : "(removed)";
}

static int add_row(void *context, const struct outbox_event *event)
{
	struct printout *printout = context;
	char at[CLOCK_TEXT_SIZE], generation[24];

	clock_render(event->at, at);
	snprintf(generation, sizeof(generation), "%llu", (unsigned long long)event->generation);
	const char *cells[] = {at,	     event->zone, name_slave(event),
			       event->event, generation,  event->detail};

	return table_add(printout->table, cells);
}

static int add_json(void *context, const struct outbox_event *event)
{
	struct printout *printout = context;

	return json_array_append_new(printout->list,
				     json_pack("{s:I, s:s, s:s?, s:s, s:I, s:s?}", "at",
					       (json_int_t)event->at, "zone", event->zone, "slave",
					       event->slave, "event", event->event, "generation",
					       (json_int_t)event->generation, "detail",
					       event->detail)) < 0
		       ? -ENOMEM
		       : 0;
}

static int print_table(struct outbox *outbox, const struct zone_name *zone, uint64_t last)
{
	static const char *const headings[] = {"TIME",	"ZONE",	       "SLAVE",
					       "EVENT", ">GENERATION", "WHY"};
	struct printout printout = {0};
	int r;

	r = table_new(headings, sizeof(headings) / sizeof(headings[0]), &printout.table);
	if (r == 0)
		r = outbox_history_walk(outbox, zone, last, add_row, &printout);
	if (r == 0)
		table_print(printout.table, stdout);
	table_free(printout.table);
	return r;
}

static int print_json(struct outbox *outbox, const struct zone_name *zone, uint64_t last)
{
	struct printout printout = {.list = json_array()};
	int r;

	r = outbox_history_walk(outbox, zone, last, add_json, &printout);
	if (r == 0)
		return cmd_print_json(printout.list);
	json_decref(printout.list);
	return r;
}

static bool parse(const struct verb_call *call, const char *last_text, struct zone_name *zone,
		  uint64_t *last)
{
	struct reason why;

	if (last_text && text_parse_integer(last_text, 1, OUTBOX_HISTORY_MAX, last) < 0) {
		log_error("log: --last takes a number from 1 to %d, not '%s'", OUTBOX_HISTORY_MAX,
			  last_text);
		return false;
	}
	if (call->argc == 1 && zone_name_parse(call->argv[0], zone, &why) < 0) {
		log_error("log: %s", why.text);
		return false;
	}
	return true;
}

int cmd_log(struct verb_call *call)
{
	const char *last_text = NULL;
	bool as_json = false;
	const struct verb_option options[] = {
		{"--last", NULL, &last_text},
		{"--json", &as_json, NULL},
		{NULL, NULL, NULL},
	};
	uint64_t last = LAST_STANDARD;
	struct cmd_context context;
	struct zone_name name;
	const struct zone_name *zone;
	int r;

	if (!verb_parse(call, options, 0, 1) || !parse(call, last_text, &name, &last))
		return VERB_USAGE;
	if (!cmd_open(call, &context))
		return VERB_FAILED;
	zone = call->argc == 1 ? &name : NULL;
	r = as_json ? print_json(context.outbox, zone, last)
		    : print_table(context.outbox, zone, last);
	if (r == ZP_EDATABASE || r == ZP_EDAMAGED)
		cmd_explain_outbox(&context, "log", r);
	else if (r < 0)
		log_error("log: %s", error_text(r));
	cmd_close(&context);
	return r == 0 ? VERB_OK : VERB_FAILED;
}
