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
#include "slave-agent/policy_words.h"
#include "slave-agent/registry.h"

/* A master as the words of the command line describe it. */
struct newcomer {
	const char *name, *key, *primaries, *tsig;
	struct policy_words policy;
};

static int add_master(const struct agent_config *config, const struct newcomer *newcomer,
		      struct reason *why)
{
	json_t *json, *policy, *reply = NULL;
	struct key_public key;
	char *body;
	int r;

	r = key_public_load(newcomer->key, &key, why);
	if (r == 0)
		r = policy_words_to_json(&newcomer->policy, &policy, why);
	if (r < 0)
		return r;
	json = json_pack("{s:s, s:s, s:o, s:s?, s:o}", "name", newcomer->name, "key", key.id,
			 "primaries", policy_words_split(newcomer->primaries), "tsig",
			 newcomer->tsig, "policy", policy);
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
	struct newcomer newcomer = {0};
	const struct verb_option options[] = {
		{"--primaries", NULL, &newcomer.primaries},
		{"--tsig", NULL, &newcomer.tsig},
		POLICY_WORDS_OPTIONS(newcomer.policy),
		{NULL, NULL, NULL},
	};
	struct agent_config config;
	struct reason why;
	int r;

	if (!verb_parse(call, options, 2, 2))
		return VERB_USAGE;
	newcomer.name = call->argv[0];
	newcomer.key = call->argv[1];
	if (!newcomer.primaries) {
		log_error("master add: --primaries is needed: the addresses of the name server "
			  "from which this master's zones are transferred");
		return VERB_USAGE;
	}
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;

	r = add_master(&config, &newcomer, &why);
	if (r < 0)
		log_error("master add: %s", why.text);
	else
		printf("master '%s' is let in; its zones come from %s\n", newcomer.name,
		       newcomer.primaries);
	agent_config_done(&config);
	return r == 0 ? VERB_OK : VERB_FAILED;
}

/* The settings as they are, with what is given instead. */
static int load_settings(const struct agent_config *config, const char *name, const char *primaries,
			 const char *tsig, json_t **ret_settings, struct reason *why)
{
	json_t *known = NULL, *settings;
	char path[128];
	int r;

	snprintf(path, sizeof(path), "/v1/master?master=%.64s", name);
	r = local_client_call(config, "GET", path, NULL, &known, why);
	if (r < 0)
		return r;
	settings = json_object();
	json_object_set(settings, "primaries", json_object_get(known, "primaries"));
	json_object_set(settings, "tsig", json_object_get(known, "tsig"));
	if (primaries)
		json_object_set_new(settings, "primaries", policy_words_split(primaries));
	if (tsig)
		json_object_set_new(settings, "tsig",
				    strcmp(tsig, "none") == 0 ? json_null() : json_string(tsig));
	json_decref(known);
	*ret_settings = settings;
	return 0;
}

int cmd_master_set(struct verb_call *call)
{
	const char *primaries = NULL, *tsig = NULL;
	const struct verb_option options[] = {
		{"--primaries", NULL, &primaries},
		{"--tsig", NULL, &tsig},
		{NULL, NULL, NULL},
	};
	struct cmd_order order = {.method = "PUT",
				  .done = "the master's zones have these settings now"};
	struct agent_config config;
	struct reason why;
	char path[128];
	int code = VERB_FAILED, r;

	if (!verb_parse(call, options, 1, 1))
		return VERB_USAGE;
	if (!registry_is_master_name(call->argv[0]) || (!primaries && !tsig)) {
		log_error("master set: the name of a master is needed, and --primaries or --tsig");
		return VERB_USAGE;
	}
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	r = load_settings(&config, call->argv[0], primaries, tsig, &order.body, &why);
	if (r == 0) {
		snprintf(path, sizeof(path), "/v1/master?master=%.64s", call->argv[0]);
		order.path = path;
		code = cmd_tell(call, &config, &order);
	} else {
		log_error("master set: %s", why.text);
	}
	agent_config_done(&config);
	return code;
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
			json_string_value(json_object_get(master, "tsig")),
		};

		r = table_add(table, cells);
	}
	text_buffer_done(&text);
	return r;
}

static int print_masters(const json_t *reply)
{
	static const char *const headings[] = {"MASTER", "KEY", "PRIMARIES", "TSIG"};
	const json_t *list = json_object_get(reply, "masters");
	struct table *table = NULL;
	int r;

	if (json_array_size(list) == 0) {
		printf("no master is known yet; see `zonepush-agent master add --help`\n");
		return 0;
	}
	r = table_new(headings, 4, &table);
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
