#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "slave-agent/cmd.h"
#include "slave-agent/local_client.h"

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

/* Only what is the case. */
static void print_serving(const json_t *serving)
{
	const char *state, *before = "served     ";
	const json_t *count;

	json_object_foreach((json_t *)serving, state, count)
	{
		if (json_integer_value(count) == 0)
			continue;
		printf("%s%" JSON_INTEGER_FORMAT " %s", before, json_integer_value(count), state);
		before = ", ";
	}
	if (*before == ',')
		printf("\n");
}

static void print_alarm(const json_t *primary)
{
	const char *state = json_string_value(json_object_get(primary, "state"));
	const char *address = json_string_value(json_object_get(primary, "address"));

	printf("primary    %s %s: %" JSON_INTEGER_FORMAT " zones\n", address ? address : "?",
	       state && strcmp(state, "refuses") == 0 ? "doesn't serve us some zones"
						      : "doesn't answer",
	       number(primary, "zones"));
}

static int print_status(const json_t *status)
{
	const json_t *primaries = json_object_get(status, "primaries");
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
	       " waiting for named, %" JSON_INTEGER_FORMAT " failing, %" JSON_INTEGER_FORMAT
	       " claimed\n",
	       number(zones, "applied"), number(zones, "accepted"), number(zones, "failing"),
	       number(zones, "claimed"));
	if (number(zones, "failing") + number(zones, "claimed") > 0)
		printf("           `zonepush-agent zone list` says why not all are applied\n");
	print_serving(json_object_get(status, "serving"));
	for (size_t i = 0; i < json_array_size(primaries); i++)
		print_alarm(json_array_get(primaries, i));
	return 0;
}

/* Whether all is as it should be: named runs and has all zones, and their primaries answer. */
static bool is_well(const json_t *status)
{
	const json_t *primaries = json_object_get(status, "primaries");
	const json_t *zones = json_object_get(status, "zones");
	const json_t *named = json_object_get(status, "named");

	return json_is_true(json_object_get(named, "running")) &&
	       json_is_null(json_object_get(named, "error")) && number(zones, "failing") == 0 &&
	       json_array_size(primaries) == 0;
}

static int fetch_status(const struct agent_config *config, json_t **ret_status, struct reason *why)
{
	return local_client_call(config, "GET", "/v1/status", NULL, ret_status, why);
}

int cmd_status(struct verb_call *call)
{
	static const struct cmd_view view = {fetch_status, print_status, is_well};

	return cmd_show(call, &view);
}
