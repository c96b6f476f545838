#include "slave-agent/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/clock.h"
#include "slave-agent/auth.h"
#include "slave-agent/route.h"
#include "slave-agent/transport.h"

/* JSON or nothing: a media type may have parameters (RFC 9110 §8.3.1). */
static bool is_json(const char *type)
{
	size_t length = strlen(ENVELOPE_CONTENT_TYPE);

	return strncmp(type, ENVELOPE_CONTENT_TYPE, length) == 0 &&
	       (type[length] == '\0' || strchr("; \t", type[length]));
}

/* curl --data sends a type of its own; on the local socket that is no reason to refuse. */
static void check_type(struct request *request)
{
	const char *type = request_get_field(request, "content-type");

	if (!request->caller.is_local && type && !is_json(type))
		request_fail(request, PROBLEM_NOT_JSON, "Content-Type must be %s",
			     ENVELOPE_CONTENT_TYPE);
}

static void check_length(struct request *request)
{
	const char *length = request_get_field(request, "content-length");
	uint64_t bytes;

	if (!length || text_parse_integer(length, 0, REQUEST_CONTENT_MAX, &bytes) == 0)
		return;
	request_fail(request, PROBLEM_TOO_LARGE, "the content may have %d bytes at most",
		     REQUEST_CONTENT_MAX);
	request->must_close = true;
}

void exchange_head(struct agent *agent, struct request *request)
{
	struct reason why;
	int r;

	r = transport_check(request, &why);
	if (r < 0) {
		request_fail(request, PROBLEM_MALFORMED, "%s", why.text);
		request->must_close = true;
		return;
	}
	/* Chunks leave room for opinions on where the content ends; so nothing may follow it. */
	request->must_close = request_get_field(request, "transfer-encoding") != NULL;
	if (!request->caller.is_local)
		auth_check(agent, request);
	if (!request->status)
		check_length(request);
	if (!request->status)
		check_type(request);
	if (!request->status)
		route_find(request);
	if (!request->status && request->route->access == ROUTE_LOCAL && !request->caller.is_local)
		request_fail(request, PROBLEM_NOT_LOCAL,
			     "this is for the administrator on the agent's own machine");
}

void exchange_content(struct request *request, const void *data, size_t length)
{
	int r;

	if (request->status)
		return;
	if (length > REQUEST_CONTENT_MAX - request->content.length) {
		request_fail(request, PROBLEM_TOO_LARGE, "the content may have %d bytes at most",
			     REQUEST_CONTENT_MAX);
		request->must_close = true;
		return;
	}
	r = text_buffer_append(&request->content, data, length);
	if (r < 0)
		request_fail(request, PROBLEM_FAILED, "out of memory");
}

void exchange_start(struct agent *agent, struct request *request)
{
	if (!request->caller.is_local)
		auth_check_content(request);
	if (!request->status)
		request->route->start(agent, request);
}

void exchange_finish(struct agent *agent, struct request *request)
{
	switch (request->job->error) {
	case 0:
		if (request->job->verdict.is_refused)
			request_reply_problem(request, &request->job->verdict.problem);
		else
			request->route->finish(agent, request);
		break;
	case ZP_EFULL:
		request_fail(request, PROBLEM_BUSY,
			     "the agent is busy or stopping; send it again later");
		break;
	default:
		request_fail(request, PROBLEM_FAILED, "the change can't be stored (%s)",
			     error_text(request->job->error));
		break;
	}
}

int exchange_sign(struct agent *agent, const struct request *request,
		  struct envelope_headers *ret_headers, char ret_state[static ENVELOPE_STATE_SIZE])
{
	const struct signature_message message = request_as_message(request);
	const struct key *next = identity_get_next(agent->identity);
	struct envelope_state state = {.next_key = ""};
	int r;

	pthread_mutex_lock(&agent->reader_lock);
	r = registry_get_state(agent->reader, &state);
	pthread_mutex_unlock(&agent->reader_lock);
	if (r < 0)
		return r;
	if (next)
		snprintf(state.next_key, sizeof(state.next_key), "%s", key_get_public(next)->id);

	envelope_state_render(&state, ret_state);
	return envelope_sign_reply(
		request->caller.agent_key, &message, request->caller.nonce, request->status,
		request->is_problem ? ENVELOPE_PROBLEM_TYPE : ENVELOPE_CONTENT_TYPE,
		request->reply.data, request->reply.length, &state, clock_seconds(), ret_headers);
}
