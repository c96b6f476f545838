#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "proto/log.h"
#include "slave-agent/cmd.h"
#include "slave-agent/local_client.h"

int cmd_print_json(const struct json_t *json)
{
	if (json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0)
		return -EIO;
	putchar('\n');
	return 0;
}

static json_int_t number(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

static void print_named(const json_t *named)
{
	const json_t *running = json_object_get(named, "running");
	const char *error = json_string_value(json_object_get(named, "error"));
	const char *version = json_string_value(json_object_get(named, "version"));

	printf("named      %s, BIND %s\n",
	       json_is_true(running)	? "running"
	       : json_is_false(running) ? "not running"
					: "not asked yet",
	       version ? version : "?");
	if (error)
		printf("           %s\n", error);
}

static void print_status(const json_t *status)
{
	const json_t *zones = json_object_get(status, "zones");
	time_t started = (time_t)number(status, "started");
	char text[64] = "?";
	struct tm tm;

	if (localtime_r(&started, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &tm);
	printf("agent      %s, running since %s\n",
	       json_string_value(json_object_get(status, "version")), text);
	print_named(json_object_get(status, "named"));
	printf("masters    %" JSON_INTEGER_FORMAT "\n", number(status, "masters"));
	printf("zones      %" JSON_INTEGER_FORMAT " applied, %" JSON_INTEGER_FORMAT
	       " waiting for named, %" JSON_INTEGER_FORMAT " failing\n",
	       number(zones, "applied"), number(zones, "accepted"), number(zones, "failing"));
	if (number(zones, "failing") > 0)
		printf("           `zonepush-agent zone list` says why they fail\n");
}

/* Whether all is as it should be: named runs and has all zones. */
static bool is_well(const json_t *status)
{
	const json_t *zones = json_object_get(status, "zones");
	const json_t *named = json_object_get(status, "named");

	return json_is_true(json_object_get(named, "running")) &&
	       json_is_null(json_object_get(named, "error")) && number(zones, "failing") == 0;
}

int cmd_status(struct verb_call *call)
{
	bool as_json = false, well = false;
	const struct verb_option options[] = {
		{"--json", &as_json, NULL},
		{NULL, NULL, NULL},
	};
	struct agent_config config;
	json_t *status = NULL;
	struct reason why;
	int r;

	if (!verb_parse(call, options, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;

	r = local_client_call(&config, "GET", "/v1/status", NULL, &status, &why);
	if (r < 0)
		log_error("status: %s", why.text);
	else if (as_json)
		r = cmd_print_json(status);
	else
		print_status(status);
	if (r == 0)
		well = is_well(status);
	json_decref(status);
	agent_config_done(&config);
	return well ? VERB_OK : VERB_FAILED;
}
