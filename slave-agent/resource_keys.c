#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/key_proof.h"
#include "proto/log.h"
#include "slave-agent/registry_key.h"
#include "slave-agent/resource.h"

/* A master brings in the key that is to follow the one it signs with. */
struct succession {
	int64_t master;
	struct key_public old, new;
	bool was_there;
};

static void refuse_ended(struct job_verdict *verdict)
{
	job_refuse(verdict, PROBLEM_NOT_ALLOWED,
		   "this key is about to end, because a newer one is in use: that one may bring in "
		   "another");
}

static int check_room(const struct succession *succession, const struct job_tools *tools,
		      struct job_verdict *verdict)
{
	struct registry_key keys[REGISTRY_KEYS_MAX];
	size_t count = 0;
	int r;

	r = registry_key_remove_ended(tools->registry, succession->master);
	if (r == 0)
		r = registry_key_list(tools->registry, succession->master, keys, &count);
	if (r == 0 && count == REGISTRY_KEYS_MAX)
		job_refuse(verdict, PROBLEM_NOT_ALLOWED,
			   "this master has %d keys, which is the most; the slave's administrator "
			   "can take some away (zonepush-agent master revoke)",
			   REGISTRY_KEYS_MAX);
	return r;
}

static int add(const struct succession *succession, const struct job_tools *tools,
	       struct job_verdict *verdict)
{
	int r;

	r = check_room(succession, tools, verdict);
	if (r < 0 || verdict->is_refused)
		return r;
	r = registry_key_add(tools->registry, succession->master, succession->new.id);
	if (r != -EEXIST)
		return r;
	job_refuse(verdict, PROBLEM_EXISTS, "this key is another master's here");
	return 0;
}

static int run_succeed(void *subject, const struct job_tools *tools, struct job_verdict *verdict)
{
	struct succession *succession = subject;
	struct registry_key old, new;
	int r;

	r = registry_key_find(tools->registry, succession->master, succession->old.id, &old);
	if (r == ZP_EUNKNOWN || (r == 0 && old.ends_at != 0)) {
		refuse_ended(verdict);
		return 0;
	}
	if (r < 0)
		return r;
	r = registry_key_find(tools->registry, succession->master, succession->new.id, &new);
	if (r == ZP_EUNKNOWN)
		return add(succession, tools, verdict);
	if (r < 0)
		return r;
	succession->was_there = true;
	if (new.ends_at != 0)
		refuse_ended(verdict);
	return 0;
}

static const struct job_act succeed = {run_succeed, free};

static bool check_proof(struct request *request, const struct succession *succession)
{
	const char *proof = NULL;
	json_error_t error;
	json_t *json;
	bool is_right = false;

	json = resource_load_json(request);
	if (!json)
		return false;
	if (json_unpack_ex(json, &error, JSON_STRICT, "{s:s}", "proof", &proof) < 0) {
		request_fail(request, PROBLEM_MALFORMED, "{\"proof\":\"…\"} is wanted: %s",
			     error.text);
	} else {
		is_right = key_proof_check(proof, key_get_public(request->caller.agent_key),
					   &succession->old, &succession->new) == 0;
		if (!is_right)
			request_fail(request, PROBLEM_MALFORMED,
				     "the proof isn't the new key's signature of what PROTOCOL.md "
				     "says, for this agent and this old key");
	}
	json_decref(json);
	return is_right;
}

void resource_keys_put(struct agent *agent, struct request *request)
{
	static const char *const no_parameters[] = {NULL};
	struct succession succession = {
		.master = request->caller.master,
		.old = request->caller.key,
	};

	(void)agent;
	if (request->caller.is_local) {
		request_fail(request, PROBLEM_NOT_FOUND,
			     "who brings in a key signs for it; on this socket it is POST "
			     "/v1/invitations with `for`");
		return;
	}
	if (!resource_check_query(request, no_parameters))
		return;
	if (key_public_parse(request->argument, &succession.new) < 0)
		request_fail(request, PROBLEM_MALFORMED, "'%.80s' isn't a key id",
			     request->argument);
	else if (check_proof(request, &succession))
		resource_new_act(request, &succeed, &succession, sizeof(succession));
}

void resource_keys_finish(struct agent *agent, struct request *request)
{
	const struct succession *succession = request->job->subject;

	(void)agent;
	if (!succession->was_there)
		log_notice("keys: master '%s' brings in key %s", request->caller.name,
			   succession->new.id);
	request_reply_json(request, 200,
			   json_pack("{s:s, s:s}", "key", succession->new.id, "result",
				     succession->was_there ? "unchanged" : "applied"));
}
