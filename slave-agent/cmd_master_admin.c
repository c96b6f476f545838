#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/clock.h"
#include "proto/key.h"
#include "proto/log.h"
#include "proto/text.h"
#include "proto/zone_name.h"
#include "slave-agent/cmd.h"
#include "slave-agent/local_client.h"
#include "slave-agent/policy_words.h"
#include "slave-agent/registry.h"

#define PATH_SIZE (128 + ZONE_NAME_PATH_SIZE)

static bool check_name(const struct verb_call *call, const char *name)
{
	if (!registry_is_master_name(name))
		log_error(
			"%s: '%.80s' can't be a master's name; `zonepush-agent master list` shows "
			"them",
			call->verb->name, name);
	return registry_is_master_name(name);
}

static void render_path(const char *name, const char *rest, char ret_path[static PATH_SIZE])
{
	snprintf(ret_path, PATH_SIZE, "/v1/masters/%.64s%.700s", name, rest);
}

/* As local_client_call(), with a body that is released; NULL: none. */
static int call_agent(const struct agent_config *config, const char *method, const char *path,
		      json_t *body, json_t **ret_reply, struct reason *why)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	int r;

	if (body && !text)
		r = reason_fail(why, -ENOMEM, "the words hold something that isn't UTF-8");
	else
		r = local_client_call(config, method, path, text, ret_reply, why);
	free(text);
	json_decref(body);
	return r;
}

static void print_keys(const json_t *keys)
{
	char text[CLOCK_TEXT_SIZE];
	const json_t *key;
	size_t i;

	if (json_array_size(keys) == 0)
		printf("keys:      none; it can't change anything (`zonepush-agent invite --for` "
		       "lets a new one in)\n");
	json_array_foreach(keys, i, key)
	{
		clock_render(1000 * json_integer_value(json_object_get(key, "made_at")), text);
		printf("%s%s  since %s\n", i ? "           " : "keys:      ",
		       json_string_value(json_object_get(key, "key")), text);
	}
}

static int print_master(const json_t *master)
{
	const json_t *primaries = json_object_get(master, "primaries");
	const char *tsig = json_string_value(json_object_get(master, "tsig"));
	struct text_buffer policy = {0};
	int r;

	r = policy_words_describe(json_object_get(master, "policy"), &policy);
	if (r < 0)
		return r;
	printf("master:    %s\n", json_string_value(json_object_get(master, "name")));
	print_keys(json_object_get(master, "keys"));
	printf("zones:     %" JSON_INTEGER_FORMAT "\n",
	       json_integer_value(json_object_get(master, "zones")));
	printf("primaries: ");
	for (size_t i = 0; i < json_array_size(primaries); i++)
		printf("%s%s", i ? ", " : "", json_string_value(json_array_get(primaries, i)));
	printf("\n");
	if (tsig)
		printf("TSIG key:  %s\n", tsig);
	printf("may have:  %s\n", policy.data);
	text_buffer_done(&policy);
	return 0;
}

int cmd_master_show(struct verb_call *call)
{
	bool as_json = false;
	const struct verb_option options[] = {{"--json", &as_json, NULL}, {NULL, NULL, NULL}};
	struct agent_config config;
	json_t *master = NULL;
	char path[PATH_SIZE];
	struct reason why;
	int r;

	if (!verb_parse(call, options, 1, 1) || !check_name(call, call->argv[0]))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	render_path(call->argv[0], "", path);
	r = local_client_call(&config, "GET", path, NULL, &master, &why);
	if (r < 0)
		log_error("master show: %s", why.text);
	else
		r = as_json ? cmd_print_json(master) : print_master(master);
	json_decref(master);
	agent_config_done(&config);
	return r == 0 ? VERB_OK : VERB_FAILED;
}

static int set_policy(const struct agent_config *config, const char *name,
		      const struct policy_words *words, struct text_buffer *out, struct reason *why)
{
	json_t *policy = NULL, *reply = NULL;
	char path[PATH_SIZE];
	int r;

	r = policy_words_to_json(words, &policy, why);
	if (r < 0)
		return r;
	if (json_object_size(policy) == 0) {
		json_decref(policy);
		return reason_fail(why, ZP_ESYNTAX, "say which limit: " POLICY_WORDS_HELP);
	}
	render_path(name, "/policy", path);
	r = call_agent(config, "PUT", path, policy, &reply, why);
	if (r == 0)
		r = policy_words_describe(reply, out);
	json_decref(reply);
	return r;
}

int cmd_master_policy(struct verb_call *call)
{
	struct policy_words words = {0};
	const struct verb_option options[] = {POLICY_WORDS_OPTIONS(words), {NULL, NULL, NULL}};
	struct text_buffer policy = {0};
	struct agent_config config;
	struct reason why;
	int r;

	if (!verb_parse(call, options, 1, 1) || !check_name(call, call->argv[0]))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	r = set_policy(&config, call->argv[0], &words, &policy, &why);
	if (r < 0)
		log_error("master policy: %s", why.text);
	else
		printf("master '%s' may have: %s\n", call->argv[0], policy.data);
	text_buffer_done(&policy);
	agent_config_done(&config);
	return r == 0 ? VERB_OK : VERB_FAILED;
}

int cmd_master_revoke(struct verb_call *call)
{
	struct agent_config config;
	json_t *body, *reply = NULL;
	char path[PATH_SIZE];
	struct reason why;
	int r;

	if (!verb_parse(call, NULL, 1, 2) || !check_name(call, call->argv[0]))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	body = call->argc > 1 ? json_pack("{s:s}", "key", call->argv[1]) : NULL;
	render_path(call->argv[0], "/revoke", path);
	r = call_agent(&config, "POST", path, body, &reply, &why);
	if (r < 0)
		log_error("master revoke: %s", why.text);
	else
		printf("keys of master '%s' taken away: %" JSON_INTEGER_FORMAT "; its zones stay, "
		       "and are served\n",
		       call->argv[0], json_integer_value(json_object_get(reply, "revoked")));
	json_decref(reply);
	agent_config_done(&config);
	return r == 0 ? VERB_OK : VERB_FAILED;
}

/* What becomes of the zones of a master, part by part. */
struct removal {
	const char *name, *resource; /* "/purge" */
	json_t *body;		     /* of each request; NULL: none */
	json_int_t done, left;
};

/* The query that goes on where this reply ended; "" where that was all. */
static void render_rest(const json_t *reply, char ret_rest[static PATH_SIZE])
{
	const char *text = json_string_value(json_object_get(reply, "next"));
	char encoded[ZONE_NAME_PATH_SIZE];
	struct zone_name next;

	ret_rest[0] = '\0';
	if (!text || zone_name_parse(text, &next, NULL) < 0)
		return;
	zone_name_render_path(&next, encoded);
	snprintf(ret_rest, PATH_SIZE, "?after=%s", encoded);
}

static int remove_all(const struct agent_config *config, struct removal *removal,
		      struct reason *why)
{
	char path[PATH_SIZE], place[PATH_SIZE], rest[PATH_SIZE] = "";
	json_t *reply = NULL;
	int r;

	do {
		snprintf(place, sizeof(place), "%s%.700s", removal->resource, rest);
		render_path(removal->name, place, path);
		r = call_agent(config, "POST", path, json_incref(removal->body), &reply, why);
		if (r < 0)
			return r;
		removal->done += json_integer_value(json_object_get(reply, "done"));
		removal->left = json_integer_value(json_object_get(reply, "left"));
		render_rest(reply, rest);
		json_decref(reply);
	} while (*rest);
	return 0;
}

static int run_removal(const struct verb_call *call, struct removal *removal, const char *done)
{
	struct agent_config config;
	struct reason why;
	int r;

	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	r = remove_all(&config, removal, &why);
	if (r < 0)
		log_error("%s: %s", call->verb->name, why.text);
	else
		printf("zones of '%s' %s: %" JSON_INTEGER_FORMAT
		       "; it still has %" JSON_INTEGER_FORMAT "\n",
		       removal->name, done, removal->done, removal->left);
	agent_config_done(&config);
	return r == 0 ? VERB_OK : VERB_FAILED;
}

int cmd_master_purge(struct verb_call *call)
{
	struct removal removal = {.resource = "/purge"};

	if (!verb_parse(call, NULL, 1, 1) || !check_name(call, call->argv[0]))
		return VERB_USAGE;
	removal.name = call->argv[0];
	return run_removal(call, &removal, "deleted");
}

int cmd_master_give(struct verb_call *call)
{
	struct removal removal = {.resource = "/give"};
	int code;

	if (!verb_parse(call, NULL, 2, 2) || !check_name(call, call->argv[0]) ||
	    !check_name(call, call->argv[1]))
		return VERB_USAGE;
	removal.name = call->argv[0];
	removal.body = json_pack("{s:s}", "master", call->argv[1]);
	code = run_removal(call, &removal, "given");
	json_decref(removal.body);
	return code;
}
