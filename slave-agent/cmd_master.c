#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/key.h"
#include "proto/log.h"
#include "proto/table.h"
#include "proto/text.h"
#include "slave-agent/cmd.h"
#include "slave-agent/local_client.h"

/* The words of a list with commas, as JSON strings. */
static json_t *split_list(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t length = strcspn(text, ",");

		if (length > 0)
			json_array_append_new(list, json_stringn(text, length));
		text += length;
		text += *text == ',';
	}
	return list;
}

static int add_master(const struct agent_config *config, const char *name, const char *key_text,
		      const char *primaries, struct reason *why)
{
	struct key_public key;
	json_t *json, *reply = NULL;
	char *body;
	int r;

	r = key_public_load(key_text, &key, why);
	if (r < 0)
		return r;
	json = json_pack("{s:s, s:s, s:o}", "name", name, "key", key.id, "primaries",
			 split_list(primaries));
	body = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	if (!body)
		return reason_fail(why, ZP_ESYNTAX,
				   "the name or the primaries hold something that isn't UTF-8");
	r = local_client_call(config, "POST", "/v1/masters", body, &reply, why);
	free(body);
	json_decref(reply);
	return r;
}

int cmd_master_add(struct verb_call *call)
{
	const char *primaries = NULL;
	const struct verb_option options[] = {
		{"--primaries", NULL, &primaries},
		{NULL, NULL, NULL},
	};
	struct agent_config config;
	struct reason why;
	int r;

	if (!verb_parse(call, options, 2, 2))
		return VERB_USAGE;
	if (!primaries) {
		log_error("master add: --primaries is needed: the addresses of the name server "
			  "from which this master's zones are transferred");
		return VERB_USAGE;
	}
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;

	r = add_master(&config, call->argv[0], call->argv[1], primaries, &why);
	if (r < 0)
		log_error("master add: %s", why.text);
	else
		printf("master '%s' is let in; its zones come from %s\n", call->argv[0], primaries);
	agent_config_done(&config);
	return r == 0 ? VERB_OK : VERB_FAILED;
}

static int add_row(struct table *table, const json_t *master)
{
	const json_t *primaries = json_object_get(master, "primaries");
	struct text_buffer text = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(primaries); i++)
		r = text_buffer_printf(&text, "%s%s", i ? ", " : "",
				       json_string_value(json_array_get(primaries, i)));
	if (r == 0) {
		const char *cells[] = {
			json_string_value(json_object_get(master, "name")),
			json_string_value(json_object_get(master, "key")),
			text.data ? text.data : "",
		};

		r = table_add(table, cells);
	}
	text_buffer_done(&text);
	return r;
}

static int print_masters(const json_t *reply)
{
	static const char *const headings[] = {"MASTER", "KEY", "PRIMARIES"};
	const json_t *list = json_object_get(reply, "masters");
	struct table *table = NULL;
	int r;

	if (json_array_size(list) == 0) {
		printf("no master is known yet; see `zonepush-agent master add --help`\n");
		return 0;
	}
	r = table_new(headings, 3, &table);
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		r = add_row(table, json_array_get(list, i));
	if (r == 0)
		table_print(table, stdout);
	table_free(table);
	return r;
}

static int fetch_masters(const struct agent_config *config, json_t **ret_reply, struct reason *why)
{
	return local_client_call(config, "GET", "/v1/masters", NULL, ret_reply, why);
}

int cmd_master_list(struct verb_call *call)
{
	static const struct cmd_view view = {fetch_masters, print_masters, NULL};

	return cmd_show(call, &view);
}
