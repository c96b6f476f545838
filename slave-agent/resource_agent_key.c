#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/log.h"
#include "slave-agent/resource.h"

/* The masters that can sign, and don't name the next key yet. */
static json_t *list_left(const struct registry_master *masters, size_t count, const char *next)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		if (masters[i].has_key && strcmp(masters[i].agent_key, next) != 0)
			json_array_append_new(list, json_string(masters[i].name));
	return list;
}

static void reply_keys(struct agent *agent, struct request *request)
{
	const struct key *present = identity_get_present(agent->identity);
	const struct key *next = identity_get_next(agent->identity);
	struct registry_master *masters = NULL;
	size_t count = 0;
	int r;

	pthread_mutex_lock(&agent->reader_lock);
	r = registry_master_list(agent->reader, &masters, &count);
	pthread_mutex_unlock(&agent->reader_lock);
	if (r < 0) {
		resource_fail_registry(request, r);
		return;
	}
	request_reply_json(request, 200,
			   json_pack("{s:s, s:s?, s:o}", "key", key_get_public(present)->id, "next",
				     next ? key_get_public(next)->id : NULL, "left",
				     next ? list_left(masters, count, key_get_public(next)->id)
					  : json_array()));
	free(masters);
}

void resource_agent_key_get(struct agent *agent, struct request *request)
{
	static const char *const no_parameters[] = {NULL};

	if (resource_check_query(request, no_parameters))
		reply_keys(agent, request);
}

void resource_agent_key_reload(struct agent *agent, struct request *request)
{
	struct reason why;
	int r;

	r = identity_reload(agent->identity, &why);
	if (r < 0) {
		request_fail(request, PROBLEM_FAILED, "%s", why.text);
		return;
	}
	log_notice("key: the agent's key is %s%s%s",
		   key_get_public(identity_get_present(agent->identity))->id,
		   identity_get_next(agent->identity) ? "; the next one is " : "",
		   identity_get_next(agent->identity)
			   ? key_get_public(identity_get_next(agent->identity))->id
			   : "");
	reply_keys(agent, request);
}
