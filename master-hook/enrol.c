#include "master-hook/enrol.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "master-hook/ask.h"
#include "proto/problem.h"

#define TARGET	 "/v1/enrol"
#define LIMIT_MS 20000 /* named may keep the agent busy */
#define DNS_PORT 53

int enrol_choose_name(char ret_name[static 65], struct reason *why)
{
	char host[256];
	size_t i;

	if (gethostname(host, sizeof(host)) < 0)
		return reason_fail(why, -errno, "this machine's name can't be had (%s)",
				   error_text(-errno));
	host[sizeof(host) - 1] = '\0';
	for (i = 0; host[i] && i < 64; i++)
		ret_name[i] = isalnum((unsigned char)host[i]) || strchr(".-_", host[i])
				      ? (char)tolower((unsigned char)host[i])
				      : '-';
	ret_name[i] = '\0';
	return 0;
}

/* The address that this machine has for the slave: what the system would send from. */
static int find_source(const char *host, struct primaries *ret_primaries, struct reason *why)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
	struct sockaddr_storage local;
	socklen_t length = sizeof(local);
	struct addrinfo *found = NULL;
	char text[NI_MAXHOST];
	int fd, r;

	r = getaddrinfo(host, "53", &hints, &found);
	if (r != 0)
		return reason_fail(why, ZP_EUNKNOWN, "'%s' can't be looked up (%s)", host,
				   gai_strerror(r));
	fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	r = -1;
	if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0 &&
	    getsockname(fd, (struct sockaddr *)&local, &length) == 0)
		r = getnameinfo((struct sockaddr *)&local, length, text, sizeof(text), NULL, 0,
				NI_NUMERICHOST);
	if (fd >= 0)
		close(fd);
	freeaddrinfo(found);
	if (r != 0)
		return reason_fail(why, ZP_EUNKNOWN,
				   "there is no way to '%s' from here; set `primaries` in the "
				   "configuration",
				   host);
	ret_primaries->count = 1;
	return address_parse(text, DNS_PORT, &ret_primaries->items[0], why);
}

static int render_body(const struct hook_config *config, const struct key *key, const char *url,
		       const struct invitation *invitation, const char *name,
		       struct text_buffer *body, struct reason *why)
{
	char id[INVITATION_ID_SIZE], secret[INVITATION_PROOF_SIZE], proof[INVITATION_PROOF_SIZE];
	struct primaries primaries = config->primaries;
	char host[INVITATION_ENDPOINT_MAX + 1], *text;
	json_t *json;
	int r = 0;

	client_get_host(url, host, sizeof(host));
	if (primaries.count == 0)
		r = find_source(host, &primaries, why);
	if (r < 0)
		return r;
	invitation_get_id(invitation, id);
	invitation_get_secret(invitation, secret);
	r = invitation_prove(secret, &invitation->agent, key_get_public(key), proof);
	explicit_bzero(secret, sizeof(secret));
	json = json_pack("{s:s, s:s, s:s, s:o}", "invitation", id, "proof", proof, "name", name,
			 "primaries", primaries_to_json(&primaries));
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	if (r == 0)
		r = text ? text_buffer_append(body, text, strlen(text)) : -ENOMEM;
	free(text);
	return r < 0 ? reason_fail(why, r, "%s", error_text(r)) : 0;
}

static int read_reply(const struct client_call *call, struct enrol_result *ret_result,
		      struct reason *why)
{
	struct primaries primaries = {.count = 0};
	struct problem problem;
	const char *name;
	json_t *json;

	if (call->error < 0)
		return reason_fail(why, call->error, "%s", call->why.text);
	if (call->status != 200) {
		if (problem_parse(call->reply.data, call->reply.length, &problem) < 0)
			return reason_fail(why, ZP_ESYNTAX, "the agent answers with HTTP %d",
					   call->status);
		return reason_fail(why, ZP_EPOLICY, "the slave's agent refuses: %s",
				   problem.detail);
	}
	json = json_loadb(call->reply.data, call->reply.length, JSON_REJECT_DUPLICATES, NULL);
	name = json_string_value(json_object_get(json, "name"));
	snprintf(ret_result->name, sizeof(ret_result->name), "%s", name ? name : "?");
	if (primaries_from_json(json_object_get(json, "primaries"), &primaries) == 0)
		primaries_render(&primaries, ret_result->primaries);
	json_decref(json);
	return 0;
}

int enrol_run(const struct hook_config *config, const struct key *key, const char *url,
	      const struct invitation *invitation, const char *name,
	      struct enrol_result *ret_result, struct reason *why)
{
	struct client_call call = {
		.url = url,
		.agent = invitation->agent,
		.method = "POST",
		.target = TARGET,
		.limit = LIMIT_MS,
	};
	struct enrol_result result = {.name = ""};
	int r;

	r = render_body(config, key, url, invitation, name, &call.body, why);
	if (r == 0) {
		r = ask_all(config, key, &call, 1);
		if (r < 0)
			reason_set(why, "%s", error_text(r));
	}
	if (r == 0)
		r = read_reply(&call, &result, why);
	client_call_done(&call);
	if (r == 0)
		*ret_result = result;
	return r;
}
