#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/log.h"
#include "slave-agent/resource.h"

#define DNS_PORT 53

static json_t *master_to_json(const struct registry_master *master)
{
	json_t *primaries = json_array();
	char address[ADDRESS_SIZE];

	for (size_t i = 0; i < master->n_primaries; i++) {
		address_render(&master->primaries[i], address);
		json_array_append_new(primaries, json_string(address));
	}
	return json_pack("{s:s, s:s, s:o}", "name", master->name, "key", master->key.id,
			 "primaries", primaries);
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

static int parse_primaries(const json_t *list, struct registry_master *master, struct reason *why)
{
	struct address *primary;
	const char *text;
	int r;

	if (json_array_size(list) < 1 || json_array_size(list) > REGISTRY_PRIMARIES_MAX)
		return reason_fail(why, ZP_ESYNTAX, "there must be 1 to %d primaries",
				   REGISTRY_PRIMARIES_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		text = json_string_value(json_array_get(list, i));
		if (!text)
			return reason_fail(why, ZP_ESYNTAX, "a primary must be a string");
		primary = &master->primaries[i];
		r = address_parse(text, DNS_PORT, primary, why);
		if (r == 0)
			r = address_check_primary(primary, why);
		if (r < 0)
			return r;
	}
	master->n_primaries = json_array_size(list);
	return 0;
}

static int parse_members(json_t *json, struct registry_master *master, struct reason *why)
{
	const char *name, *key;
	json_t *primaries;
	json_error_t error;

	if (json_unpack_ex(json, &error, JSON_STRICT, "{s:s, s:s, s:o}", "name", &name, "key", &key,
			   "primaries", &primaries) < 0)
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
	return parse_primaries(primaries, master, why);
}

static int parse_master(const struct request *request, struct registry_master *master,
			struct reason *why)
{
	json_error_t error;
	json_t *json;
	int r;

	json = json_loadb(request->content.data ? request->content.data : "",
			  request->content.length, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		return reason_fail(why, ZP_ESYNTAX, "the body isn't JSON (%s)", error.text);
	r = parse_members(json, master, why);
	json_decref(json);
	return r;
}

static int run_add(void *subject, const struct job_tools *tools, struct job_verdict *verdict)
{
	const struct registry_master *master = subject;
	int r;

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
	int r;

	(void)agent;
	r = parse_master(request, &master, &why);
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
