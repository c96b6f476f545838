#include "slave-agent/auth.h"

#include <errno.h>
#include <stdio.h>

#include "proto/clock.h"
#include "proto/digest.h"
#include "proto/envelope.h"
#include "proto/log.h"
#include "slave-agent/handover.h"
#include "slave-agent/route.h"

struct search {
	struct agent *agent;
	bool may_be_anybody;
	struct registry_master master; /* id 0: the key isn't let in */
	struct key_public key;
};

static int find_key(void *context, const char *key_id, struct key_public *ret_key)
{
	struct search *search = context;
	int r;

	pthread_mutex_lock(&search->agent->reader_lock);
	r = registry_master_find_key(search->agent->reader, key_id, &search->master);
	pthread_mutex_unlock(&search->agent->reader_lock);
	if (r == 0)
		search->key = search->master.key;
	else if (r == ZP_EUNKNOWN && search->may_be_anybody)
		r = key_public_parse(key_id, &search->key) == 0 ? 0 : ZP_EUNKNOWN;
	if (r == 0)
		*ret_key = search->key;
	return r;
}

static void reply_not_fresh(const struct agent *agent, int64_t now, struct request *request)
{
	struct problem problem = {
		.type = PROBLEM_NOT_FRESH,
		.clock = now,
		.not_before = agent->started + 1,
	};

	snprintf(problem.detail, sizeof(problem.detail),
		 "signed too long ago, in the future, or before this agent started; its clock "
		 "says %lld",
		 (long long)now);
	request_reply_problem(request, &problem);
}

/* Every error below leaves nothing behind: only the reply tells of it. */
static void reply_unopened(int error, const struct reason *why, struct request *request)
{
	switch (error) {
	case ZP_EUNSIGNED:
	case ZP_ECOMPONENT:
	case ZP_EUNKNOWN:
	case ZP_ESIGNATURE:
		request_fail(request, PROBLEM_UNSIGNED, "%s", why->text);
		break;
	case ZP_ESYNTAX:
	case ZP_ETOOBIG:
		request_fail(request, PROBLEM_MALFORMED, "%s", why->text);
		break;
	case -EXDEV:
		request_fail(request, PROBLEM_WRONG_AGENT,
			     "the request is meant for another agent; this one's key is another");
		break;
	default:
		log_error("auth: can't look up a key (%s)", error_text(error));
		request_fail(request, PROBLEM_FAILED, "the agent can't look up keys now");
		break;
	}
}

/* A nonce counts from when its request was believed until it couldn't be taken any more. */
static void use_nonce(struct agent *agent, const struct envelope_parameters *parameters,
		      int64_t now, struct request *request)
{
	int64_t until = parameters->created + ENVELOPE_BEHIND_MAX;
	int r;

	if (parameters->expires < until)
		until = parameters->expires;
	r = replay_use(agent->replay, parameters->key_id, parameters->nonce, until, now);
	if (r == ZP_EREPLAY)
		request_fail(request, PROBLEM_REPLAYED, "this nonce was used before");
	else if (r == ZP_ENOTFRESH)
		reply_not_fresh(agent, now, request);
	else if (r < 0)
		request_fail(request, PROBLEM_BUSY, "no room to remember more nonces");
}

void auth_check(struct agent *agent, struct request *request)
{
	const struct signature_message message = request_as_message(request);
	struct envelope_parameters parameters;
	int64_t now = clock_seconds();
	struct search search = {
		.agent = agent,
		.may_be_anybody = route_is_for_any_key(request),
	};
	struct reason why = {""};
	const struct key *self;
	int r;

	self = identity_choose(agent->identity, request_get_field(request, "zonepush-agent"));
	r = envelope_open_request(&message, key_get_public(self), find_key, &search, &parameters,
				  &why);
	if (r == 0 || r == -EXDEV) {
		request->caller.is_verified = true;
		request->caller.agent_key = self;
		request->caller.key = search.key;
		snprintf(request->caller.nonce, sizeof(request->caller.nonce), "%s",
			 parameters.nonce);
	}
	if (r < 0) {
		reply_unopened(r, &why, request);
		return;
	}

	r = envelope_check_fresh(&parameters, now, agent->started);
	if (r < 0)
		reply_not_fresh(agent, now, request);
	else if (search.master.id != 0) /* any number of strange keys would use up the room */
		use_nonce(agent, &parameters, now, request);
	if (!request->status)
		handover_note(agent, &search.master, key_get_public(self));
	if (!request->status)
		request->caller.master = search.master.id;
	snprintf(request->caller.name, sizeof(request->caller.name), "%s", search.master.name);
}

void auth_check_content(struct request *request)
{
	/* Covered by the signature, so it is there. */
	const char *digest = request_get_field(request, "content-digest");
	int r;

	r = digest_verify(digest, request->content.data, request->content.length);
	if (r < 0)
		request_fail(request, PROBLEM_MALFORMED, "Content-Digest: %s", error_text(r));
}
