#include <inttypes.h>
#include <stdio.h>

#include "master-hook/explain.h"
#include "proto/clock.h"
#include "proto/log.h"

static const char *text_of(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? text : "";
}

static void time_of(const json_t *json, const char *key, char ret_text[static CLOCK_TEXT_SIZE])
{
	clock_render(json_integer_value(json_object_get(json, key)) * 1000, ret_text);
}

static void print_wanted(const json_t *wanted)
{
	const json_t *serial = json_object_get(wanted, "serial");
	char since[CLOCK_TEXT_SIZE];

	if (json_is_null(wanted)) {
		printf("wanted     never heard of: was the hook called for it? `zonepush sync` "
		       "asks Plesk\n");
		return;
	}
	time_of(wanted, "since", since);
	printf("wanted     %s, since %s, generation %" JSON_INTEGER_FORMAT "\n",
	       json_is_true(json_object_get(wanted, "present")) ? "present" : "deleted", since,
	       json_integer_value(json_object_get(wanted, "generation")));
	if (json_is_integer(serial))
		printf("           at serial %" JSON_INTEGER_FORMAT " or later, as Plesk said\n",
		       json_integer_value(serial));
}

static void print_serial(const char *label, const json_t *serving, const char *key)
{
	const json_t *serial = json_object_get(serving, key);

	if (json_is_integer(serial))
		printf("%s %" JSON_INTEGER_FORMAT, label, json_integer_value(serial));
	else
		printf("%s none", label);
}

static void print_owed(const json_t *owed)
{
	json_int_t attempts = json_integer_value(json_object_get(owed, "attempts"));
	char since[CLOCK_TEXT_SIZE], retry[CLOCK_TEXT_SIZE];

	if (json_is_null(owed))
		return;
	time_of(owed, "since", since);
	printf("           owed since %s\n", since);
	if (attempts == 0)
		return;
	time_of(owed, "retry", retry);
	printf("           refused %" JSON_INTEGER_FORMAT " times: %s; next try %s\n", attempts,
	       text_of(owed, "error"), retry);
}

static void print_slave(const json_t *slave)
{
	const json_t *serving = json_object_get(slave, "serving");

	printf("%-10s %s", text_of(slave, "slave"), text_of(slave, "answer"));
	if (*text_of(slave, "state"))
		printf(", %s", text_of(slave, "state"));
	if (serving) {
		printf(", %s:", text_of(serving, "state"));
		print_serial(" serial", serving, "serial");
		print_serial(", primary", serving, "primary_serial");
	}
	putchar('\n');
	if (*text_of(slave, "error"))
		printf("           %s: %s\n", text_of(slave, "problem"), text_of(slave, "error"));
	print_owed(json_object_get(slave, "owed"));
	if (*text_of(slave, "verdict"))
		printf("           -> %s\n", text_of(slave, "verdict"));
}

static void print_explanation(const json_t *json)
{
	const json_t *primary = json_object_get(json, "primary");
	const json_t *slaves = json_object_get(json, "slaves");
	bool is_served = json_is_integer(json_object_get(primary, "serial"));

	printf("zone       %s\n", text_of(json, "zone"));
	print_wanted(json_object_get(json, "wanted"));
	printf("primary    %s: %s%s\n", text_of(primary, "address"), is_served ? "serial " : "",
	       text_of(primary, "answer"));
	for (size_t i = 0; i < json_array_size(slaves); i++)
		print_slave(json_array_get(slaves, i));
	if (json_array_size(slaves) == 0)
		printf("           no slave is known yet; `zonepush slave add` adds one\n");
}

static int print(json_t *json, bool as_json)
{
	if (as_json)
		return cmd_print_json(json_incref(json));
	print_explanation(json);
	return 0;
}

static int run(const struct verb_call *call, const struct zone_name *zone, bool as_json)
{
	struct cmd_context context;
	json_t *json = NULL;
	struct reason why;
	bool well;
	int r = ZP_EKEY;

	if (!cmd_open(call, &context))
		return VERB_FAILED;
	if (cmd_load_key(&context)) {
		r = explain_zone(&context, zone, &json, &why);
		if (r < 0)
			log_error("explain: %s", why.text);
	}
	if (r == 0)
		r = print(json, as_json);
	well = r == 0 && json_is_true(json_object_get(json, "well"));
	json_decref(json);
	cmd_close(&context);
	return well ? VERB_OK : VERB_FAILED;
}

int cmd_explain(struct verb_call *call)
{
	bool as_json = false;
	const struct verb_option options[] = {
		{"--json", &as_json, NULL},
		{NULL, NULL, NULL},
	};
	struct zone_name zone;
	struct reason why;

	if (!verb_parse(call, options, 1, 1))
		return VERB_USAGE;
	if (zone_name_parse(call->argv[0], &zone, &why) < 0) {
		log_error("explain: %s", why.text);
		return VERB_USAGE;
	}
	return run(call, &zone, as_json);
}
