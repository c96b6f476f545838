#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/log.h"
#include "slave-agent/registry_key.h"
#include "slave-agent/resource.h"
#include "slave-agent/settings.h"

static json_t *keys_to_json(const struct registry_key *keys, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:I, s:o}", "key", keys[i].id, "made_at",
						(json_int_t)keys[i].made_at, "ends_at",
						keys[i].ends_at ? json_integer(keys[i].ends_at)
								: json_null()));
	return list;
}

void resource_known_master_get(struct agent *agent, struct request *request)
{
	struct registry_key keys[REGISTRY_KEYS_MAX];
	struct registry_master master;
	size_t count = 0;
	int r;

	if (!resource_find_named_master(agent, request, &master))
		return;
	pthread_mutex_lock(&agent->reader_lock);
	r = registry_key_list(agent->reader, master.id, keys, &count);
	pthread_mutex_unlock(&agent->reader_lock);
	if (r < 0) {
		resource_fail_registry(request, r);
		return;
	}
	request_reply_json(request, 200,
			   json_pack("{s:s, s:o, s:o, s:o, s:o, s:I}", "name", master.name, "keys",
				     keys_to_json(keys, count), "primaries",
				     settings_primaries_to_json(&master), "tsig",
				     settings_tsig_to_json(&master), "policy",
				     policy_to_json(&master.policy), "zones",
				     (json_int_t)master.n_zones));
}

/* What is to be changed of a master's policy. */
struct limits {
	int64_t master;
	struct policy policy;
};

static int run_limit(void *subject, const struct job_tools *tools, struct job_verdict *verdict)
{
	const struct limits *limits = subject;

	(void)verdict;
	return registry_master_set_policy(tools->registry, limits->master, &limits->policy);
}

static const struct job_act limit = {run_limit, free};

void resource_policy_put(struct agent *agent, struct request *request)
{
	struct registry_master master;
	struct limits limits;
	struct reason why;
	json_t *json;
	int r;

	if (!resource_find_named_master(agent, request, &master))
		return;
	json = resource_load_json(request);
	if (!json)
		return;
	limits = (struct limits){.master = master.id, .policy = master.policy};
	r = policy_parse(json, &limits.policy, &why);
	json_decref(json);
	if (r < 0)
		request_fail(request, PROBLEM_MALFORMED, "%s", why.text);
	else
		resource_new_act(request, &limit, &limits, sizeof(limits));
}

void resource_policy_finish(struct agent *agent, struct request *request)
{
	const struct limits *limits = request->job->subject;

	(void)agent;
	log_notice("policy: that of master '%s' is another one", request->argument);
	request_reply_json(request, 200, policy_to_json(&limits->policy));
}

/* Keys to be taken away. */
struct revocation {
	int64_t master;
	char key_id[KEY_ID_LENGTH + 1]; /* "": all */
	size_t count;			/* how many were */
};

static int run_revoke(void *subject, const struct job_tools *tools, struct job_verdict *verdict)
{
	struct registry_key keys[REGISTRY_KEYS_MAX];
	struct revocation *revocation = subject;
	int r;

	if (*revocation->key_id) {
		r = registry_key_remove(tools->registry, revocation->master, revocation->key_id);
		revocation->count = 1;
		if (r != ZP_EUNKNOWN)
			return r;
		job_refuse(verdict, PROBLEM_NOT_FOUND, "the master hasn't got the key %s",
			   revocation->key_id);
		return 0;
	}
	r = registry_key_list(tools->registry, revocation->master, keys, &revocation->count);
	if (r < 0)
		return r;
	return registry_key_remove_all(tools->registry, revocation->master);
}

static const struct job_act revoke = {run_revoke, free};

static bool parse_revocation(struct request *request, struct revocation *revocation)
{
	const char *key = NULL;
	json_error_t error;
	json_t *json;
	bool parsed;

	if (request->content.length == 0)
		return true;
	json = resource_load_json(request);
	if (!json)
		return false;
	parsed = json_unpack_ex(json, &error, JSON_STRICT, "{s?s}", "key", &key) == 0 &&
		 (!key || strlen(key) == KEY_ID_LENGTH);
	if (!parsed)
		request_fail(request, PROBLEM_MALFORMED, "{\"key\":\"<key id>\"} is wanted");
	else if (key)
		snprintf(revocation->key_id, sizeof(revocation->key_id), "%s", key);
	json_decref(json);
	return parsed;
}

void resource_revoke_post(struct agent *agent, struct request *request)
{
	struct revocation revocation = {.key_id = ""};
	struct registry_master master;

	if (!resource_find_named_master(agent, request, &master) ||
	    !parse_revocation(request, &revocation))
		return;
	revocation.master = master.id;
	resource_new_act(request, &revoke, &revocation, sizeof(revocation));
}

void resource_revoke_finish(struct agent *agent, struct request *request)
{
	const struct revocation *revocation = request->job->subject;

	(void)agent;
	log_notice("revoke: %zu keys of master '%s' are taken away", revocation->count,
		   request->argument);
	request_reply_json(request, 200,
			   json_pack("{s:I}", "revoked", (json_int_t)revocation->count));
}
