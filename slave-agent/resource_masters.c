#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/log.h"
#include "slave-agent/resource.h"
#include "slave-agent/settings.h"

static json_t *master_to_json(const struct registry_master *master)
{
	return json_pack("{s:s, s:o, s:o, s:o}", "name", master->name, "key",
			 master->has_key ? json_string(master->key.id) : json_null(), "primaries",
			 settings_primaries_to_json(master), "tsig", settings_tsig_to_json(master));
}

void resource_masters_list(struct agent *agent, struct request *request)
{
	struct registry_master *masters = NULL;
	json_t *list = json_array();
	size_t count = 0;
	int r;

	pthread_mutex_lock(&agent->reader_lock);
	r = registry_master_list(agent->reader, &masters, &count);
	pthread_mutex_unlock(&agent->reader_lock);
	if (r < 0) {
		json_decref(list);
		resource_fail_registry(request, r);
		return;
	}
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, master_to_json(&masters[i]));
	free(masters);
	request_reply_json(request, 200, json_pack("{s:o}", "masters", list));
}

static int parse_settings(const json_t *primaries, const json_t *tsig, const json_t *policy,
			  struct registry_master *master, struct reason *why)
{
	int r;

	r = settings_parse_primaries(primaries, master, why);
	if (r == 0)
		r = settings_parse_tsig(tsig, master, why);
	if (r == 0 && policy)
		r = policy_parse(policy, &master->policy, why);
	return r;
}

static int parse_master(json_t *json, struct registry_master *master, struct reason *why)
{
	json_t *primaries, *tsig = NULL, *policy = NULL;
	const char *name, *key;
	json_error_t error;

	if (json_unpack_ex(json, &error, JSON_STRICT, "{s:s, s:s, s:o, s?o, s?o}", "name", &name,
			   "key", &key, "primaries", &primaries, "tsig", &tsig, "policy",
			   &policy) < 0)
		return reason_fail(why, ZP_ESYNTAX, "name, key and primaries are wanted: %s",
				   error.text);
	if (!registry_is_master_name(name))
		return reason_fail(why, ZP_ESYNTAX,
				   "a master's name is 1 to %d characters of a-z, 0-9, '.', '_' "
				   "and '-'; '%s' isn't",
				   REGISTRY_NAME_MAX, name);
	snprintf(master->name, sizeof(master->name), "%s", name);
	master->has_key = true;
	if (key_public_parse(key, &master->key) < 0)
		return reason_fail(why, ZP_EKEY,
				   "'%s' isn't a key id; `zonepush key show` on the master prints "
				   "it",
				   key);
	return parse_settings(primaries, tsig, policy, master, why);
}

static int run_add(void *subject, const struct job_tools *tools, struct job_verdict *verdict)
{
	const struct registry_master *master = subject;
	int r;

	settings_check_tsig(master, tools, verdict);
	if (verdict->is_refused)
		return 0;
	r = registry_master_add(tools->registry, master);
	if (r == -EEXIST)
		job_refuse(verdict, PROBLEM_EXISTS,
			   "a master of this name or with this key is known already");
	else if (r == ZP_EFULL)
		job_refuse(verdict, PROBLEM_BUSY, "there can't be more than %d masters",
			   REGISTRY_MASTERS_MAX);
	return verdict->is_refused ? 0 : r;
}

static const struct job_act add_master = {run_add, free};

void resource_masters_post(struct agent *agent, struct request *request)
{
	struct registry_master master = {0};
	struct reason why;
	json_t *json;
	int r;

	(void)agent;
	json = resource_load_json(request);
	if (!json)
		return;
	r = parse_master(json, &master, &why);
	json_decref(json);
	if (r < 0) {
		request_fail(request, PROBLEM_MALFORMED, "%s", why.text);
		return;
	}
	resource_new_act(request, &add_master, &master, sizeof(master));
}

void resource_masters_finish(struct agent *agent, struct request *request)
{
	const struct registry_master *master = request->job->subject;

	(void)agent;
	log_notice("masters: '%s' is let in with key %s", master->name, master->key.id);
	request_reply_json(request, 201, master_to_json(master));
}
