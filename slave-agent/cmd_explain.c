#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <jansson.h>

#include "proto/log.h"
#include "slave-agent/clause.h"
#include "slave-agent/cmd.h"
#include "slave-agent/control.h"
#include "slave-agent/local_client.h"
#include "slave-agent/shard.h"

/* What the agent knows: each master's row, the owner's first. */
static int fetch_masters(const struct agent_config *config, const struct zone_name *zone,
			 json_t **ret_json, struct reason *why)
{
	char path[ZONE_NAME_PATH_SIZE + 32], encoded[ZONE_NAME_PATH_SIZE];

	zone_name_render_path(zone, encoded);
	snprintf(path, sizeof(path), "/v1/zones/%s/masters", encoded);
	return local_client_call(config, "GET", path, NULL, ret_json, why);
}

/* Where it stands on disk. */
static void add_shard(const struct agent_config *config, const struct zone_name *zone, json_t *json)
{
	unsigned int bucket = zone_name_bucket(zone);
	struct text_buffer text = {0};
	struct shard_line line = {0};
	struct zone_name name;
	char path[PATH_MAX];
	json_t *found = json_null();
	size_t zones;
	int r;

	shard_path(config, bucket, path);
	r = shard_load(config, bucket, &text, &zones);
	while (shard_next_line(&text, &line))
		if (clause_parse_name(line.text, line.length, &name) == 0 &&
		    strcmp(name.text, zone->text) == 0)
			found = json_stringn(line.text, line.length);
	text_buffer_done(&text);
	json_object_set_new(json, "shard",
			    json_pack("{s:s, s:o, s:o}", "file", path, "line", found, "error",
				      r < 0 ? json_string(error_text(r)) : json_null()));
}

static void add_data(const struct agent_config *config, const struct zone_name *zone,
		     const json_t *owner, json_t *json)
{
	json_int_t made = json_integer_value(json_object_get(owner, "made"));
	char path[PATH_MAX];
	struct stat status;

	if (made == 0)
		return;
	clause_data_path(config, zone, (uint64_t)made, path);
	if (stat(path, &status) == 0)
		json_object_set_new(json, "data",
				    json_pack("{s:s, s:I, s:I}", "file", path, "size",
					      (json_int_t)status.st_size, "changed",
					      (json_int_t)status.st_mtime));
}

static void add_named(const struct agent_config *config, const struct zone_name *zone, json_t *json)
{
	struct control *control = NULL;
	struct reason why;
	bool known = false;
	int r;

	r = control_new(config, &control);
	if (r == 0)
		r = control_zone_status(control, zone, &known, &why);
	else
		reason_set(&why, "%s", error_text(r));
	control_free(control);
	json_object_set_new(json, "named",
			    r == 0 ? json_pack("{s:b, s:n}", "knows", known, "error")
				   : json_pack("{s:n, s:s}", "knows", "error", why.text));
}

/* The master's row that named has, if any. */
static const json_t *find_owner(const json_t *masters)
{
	const json_t *first = json_array_get(masters, 0);
	const char *state = json_string_value(json_object_get(first, "state"));

	if (!json_is_true(json_object_get(first, "present")) || !state ||
	    strcmp(state, "claimed") == 0)
		return NULL;
	return first;
}

static const char *text_of(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? text : "";
}

static bool is(const json_t *json, const char *key, const char *text)
{
	return strcmp(text_of(json, key), text) == 0;
}

static const char *judge_unowned(const json_t *json, const json_t *masters)
{
	const json_t *named = json_object_get(json, "named");

	if (json_is_true(json_object_get(json_array_get(masters, 0), "present")))
		return "it is claimed, but something is in the way (see above); the slave's "
		       "administrator decides, by `zone give` or overlap-allow";
	if (json_is_true(json_object_get(named, "knows")))
		return "no master wants it; named has it from elsewhere: by hand, or from another "
		       "tool";
	return "no master wants it, and named doesn't have it; was the hook run for it on the "
	       "Plesk server? `zonepush status` there says what is owed";
}

static const char *judge_serving(const char *state)
{
	static const struct {
		const char *state, *words;
	} verdicts[] = {
		{"serving", "all is well"},
		{"transferring", "named hasn't got its contents yet; if that stays so, may this "
				 "slave transfer it from the primary (allow-transfer there)?"},
		{"behind", "the primary has a newer serial; named was told to fetch it"},
		{"primary-refuses", "the primary doesn't serve it to this slave: does it have the "
				    "zone, and may this slave query it?"},
		{"primary-unreachable", "its primary doesn't answer; what named has stays served "
					"until it expires"},
		{"expired", "named served it once, but has no valid contents any more; it was told "
			    "to fetch them"},
		{"missing", "named doesn't know it, though it was told; the agent tells it again "
			    "within ten minutes"},
	};

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (strcmp(verdicts[i].state, state) == 0)
			return verdicts[i].words;
	return "whether it is served isn't known yet; ask again in a moment";
}

/* In words, whether all is well, and if not, what to do. */
static const char *judge(const json_t *json, const json_t *masters, const json_t *owner)
{
	if (!owner)
		return judge_unowned(json, masters);
	if (is(owner, "state", "failing"))
		return "named's configuration can't hold it (see above); it is tried again when "
		       "that changes";
	if (is(owner, "state", "accepted"))
		return "it waits for named; `zonepush-agent status` says why";
	if (!json_is_string(json_object_get(json_object_get(json, "shard"), "line")))
		return "its file lacks it; the running agent mends that within seconds";
	if (json_is_false(json_object_get(json_object_get(json, "named"), "knows")))
		return judge_serving("missing");
	return judge_serving(text_of(json_object_get(owner, "serving"), "state"));
}

static int explain(const struct agent_config *config, const struct zone_name *zone,
		   json_t **ret_json, struct reason *why)
{
	const json_t *masters, *owner;
	json_t *json = NULL;
	const char *verdict;
	int r;

	r = fetch_masters(config, zone, &json, why);
	if (r < 0)
		return r;
	masters = json_object_get(json, "masters");
	owner = find_owner(masters);
	add_shard(config, zone, json);
	if (owner)
		add_data(config, zone, owner, json);
	add_named(config, zone, json);
	verdict = judge(json, masters, owner);
	json_object_set_new(json, "verdict", json_string(verdict));
	json_object_set_new(json, "well",
			    json_boolean(owner && strcmp(verdict, judge_serving("serving")) == 0));
	*ret_json = json;
	return 0;
}

static void print_master(const json_t *master)
{
	bool present = json_is_true(json_object_get(master, "present"));

	printf("%-10s %s, generation %" JSON_INTEGER_FORMAT ", made %" JSON_INTEGER_FORMAT "\n",
	       text_of(master, "master"), present ? text_of(master, "state") : "deleted",
	       json_integer_value(json_object_get(master, "generation")),
	       json_integer_value(json_object_get(master, "made")));
	if (*text_of(master, "error"))
		printf("           %s: %s\n", text_of(master, "problem"), text_of(master, "error"));
}

static void print_serial(const char *label, const json_t *serving, const char *key)
{
	const json_t *serial = json_object_get(serving, key);

	if (json_is_integer(serial))
		printf("%s %" JSON_INTEGER_FORMAT, label, json_integer_value(serial));
	else
		printf("%s no serial", label);
}

static void print_files(const json_t *json)
{
	const json_t *shard = json_object_get(json, "shard"), *data = json_object_get(json, "data");
	time_t changed = (time_t)json_integer_value(json_object_get(data, "changed"));
	char text[64] = "?";
	struct tm tm;

	printf("file       %s%s%s\n", text_of(shard, "file"),
	       json_is_string(json_object_get(shard, "line")) ? "" : ", where it doesn't stand",
	       json_is_string(json_object_get(shard, "error")) ? ", which is damaged" : "");
	if (*text_of(shard, "line"))
		printf("           %s\n", text_of(shard, "line"));
	if (localtime_r(&changed, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &tm);
	if (data)
		printf("data       %s, %" JSON_INTEGER_FORMAT " bytes, of %s\n",
		       text_of(data, "file"), json_integer_value(json_object_get(data, "size")),
		       text);
}

static void print_explanation(const json_t *json)
{
	const json_t *masters = json_object_get(json, "masters");
	const json_t *named = json_object_get(json, "named"), *owner = find_owner(masters);
	const json_t *serving = json_object_get(owner, "serving");

	printf("zone       %s\n", text_of(json, "zone"));
	for (size_t i = 0; i < json_array_size(masters); i++)
		print_master(json_array_get(masters, i));
	print_files(json);
	printf("named      %s%s\n",
	       json_is_true(json_object_get(named, "knows"))	? "knows it"
	       : json_is_false(json_object_get(named, "knows")) ? "doesn't know it"
								: "doesn't answer: ",
	       text_of(named, "error"));
	if (serving) {
		printf("served     %s:", text_of(serving, "state"));
		print_serial(" here", serving, "serial");
		print_serial(", primary", serving, "primary_serial");
		printf("\n");
	}
	printf("\n%s\n", text_of(json, "verdict"));
}

static int run(const struct verb_call *call, const struct zone_name *zone, bool as_json)
{
	struct agent_config config;
	json_t *json = NULL;
	struct reason why;
	bool well = false;
	int r;

	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	r = explain(&config, zone, &json, &why);
	if (r < 0)
		log_error("explain: %s", why.text);
	else if (as_json)
		r = cmd_print_json(json);
	else
		print_explanation(json);
	well = r == 0 && json_is_true(json_object_get(json, "well"));
	json_decref(json);
	agent_config_done(&config);
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
	int r;

	if (!verb_parse(call, options, 1, 1))
		return VERB_USAGE;
	r = zone_name_parse(call->argv[0], &zone, &why);
	if (r < 0) {
		log_error("explain: %s", why.text);
		return VERB_USAGE;
	}
	return run(call, &zone, as_json);
}
