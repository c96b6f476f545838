#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "proto/log.h"
#include "proto/table.h"
#include "proto/zone_name.h"
#include "slave-agent/cmd.h"
#include "slave-agent/local_client.h"

#define PAGE "/v1/zones?limit=1000"

/* Appends the pages that follow the first one to it. */
static int load_rest(const struct agent_config *config, json_t *first, struct reason *why)
{
	char path[ZONE_NAME_PATH_SIZE + 64], encoded[ZONE_NAME_PATH_SIZE];
	json_t *zones = json_object_get(first, "zones");
	struct zone_name after;
	const char *next;
	json_t *page;
	int r;

	while ((next = json_string_value(json_object_get(first, "next")))) {
		r = zone_name_parse(next, &after, why);
		if (r < 0)
			return r;
		zone_name_render_path(&after, encoded);
		snprintf(path, sizeof(path), PAGE "&after=%s", encoded);
		r = local_client_call(config, "GET", path, NULL, &page, why);
		if (r < 0)
			return r;
		json_array_extend(zones, json_object_get(page, "zones"));
		json_object_set(first, "next", json_object_get(page, "next"));
		json_decref(page);
	}
	return 0;
}

static const char *text_of(const json_t *zone, const char *key)
{
	const char *text = json_string_value(json_object_get(zone, key));

	return text ? text : "";
}

static void render_serial(const json_t *serial, char ret_text[static 24])
{
	ret_text[0] = '\0';
	if (json_is_integer(serial))
		snprintf(ret_text, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(serial));
}

static int print_zones(const json_t *zones)
{
	static const char *const headings[] = {"ZONE",	  "MASTER",  "STATE", "SERVED",
					       ">SERIAL", "PROBLEM", "ERROR"};
	struct table *table = NULL;
	const json_t *zone, *serving;
	char serial[24];
	int r;

	r = table_new(headings, 7, &table);
	for (size_t i = 0; r == 0 && i < json_array_size(zones); i++) {
		zone = json_array_get(zones, i);
		serving = json_object_get(zone, "serving");
		render_serial(json_object_get(serving, "serial"), serial);
		const char *cells[] = {
			text_of(zone, "zone"),
			text_of(zone, "master"),
			text_of(zone, "state"),
			text_of(serving, "state"),
			serial,
			text_of(zone, "problem"),
			text_of(zone, "error"),
		};

		r = table_add(table, cells);
	}
	if (r == 0 && json_array_size(zones) == 0)
		printf("no zones yet\n");
	else if (r == 0)
		table_print(table, stdout);
	table_free(table);
	return r;
}

/* All pages, as one array. */
static int fetch_zones(const struct agent_config *config, json_t **ret_zones, struct reason *why)
{
	json_t *reply = NULL;
	int r;

	r = local_client_call(config, "GET", PAGE, NULL, &reply, why);
	if (r == 0)
		r = load_rest(config, reply, why);
	if (r == 0)
		*ret_zones = json_incref(json_object_get(reply, "zones"));
	json_decref(reply);
	return r;
}

int cmd_zone_list(struct verb_call *call)
{
	static const struct cmd_view view = {fetch_zones, print_zones, NULL};

	return cmd_show(call, &view);
}

int cmd_zone_give(struct verb_call *call)
{
	char path[ZONE_NAME_PATH_SIZE + 32], encoded[ZONE_NAME_PATH_SIZE], done[512];
	struct agent_config config;
	struct zone_name zone;
	struct reason why;
	int r;

	if (!verb_parse(call, NULL, 2, 2))
		return VERB_USAGE;
	r = zone_name_parse(call->argv[0], &zone, &why);
	if (r < 0) {
		log_error("zone give: %s", why.text);
		return VERB_USAGE;
	}
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	zone_name_render_path(&zone, encoded);
	snprintf(path, sizeof(path), "/v1/zones/%s/owner", encoded);
	snprintf(done, sizeof(done), "zone '%s' is '%s''s now; its contents are fetched there",
		 zone.text, call->argv[1]);
	const struct cmd_order order = {
		.method = "PUT",
		.path = path,
		.body = json_pack("{s:s}", "master", call->argv[1]),
		.done = done,
	};
	r = cmd_tell(call, &config, &order);
	agent_config_done(&config);
	return r;
}
