#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/clock.h"
#include "proto/log.h"
#include "proto/table.h"
#include "proto/text.h"
#include "slave-agent/cmd.h"
#include "slave-agent/endpoint.h"
#include "slave-agent/local_client.h"
#include "slave-agent/policy_words.h"

#define MINUTE 60
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* An invitation as the words of the command line describe it; NULL: not said. */
struct wish {
	const char *endpoint, *ttl, *name, *known, *primaries, *tsig;
	struct policy_words policy;
};

/* `90`, `90s`, `30m`, `1h`, `2d`; the agent says what is too little or too much. */
static int parse_ttl(const char *text, uint64_t *ret_seconds, struct reason *why)
{
	static const struct {
		const char *unit;
		uint64_t seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", MINUTE}, {"h", HOUR}, {"d", DAY}};
	size_t digits = strspn(text, "0123456789");
	char number[8];
	uint64_t value;

	snprintf(number, sizeof(number), "%.*s", (int)digits, text);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(text + digits, units[i].unit) == 0 && digits < sizeof(number) &&
		    text_parse_integer(number, 1, UINT32_MAX, &value) == 0) {
			*ret_seconds = value * units[i].seconds;
			return 0;
		}
	return reason_fail(why, ZP_ESYNTAX, "--ttl: '%s' isn't a time such as 90s, 30m, 1h or 2d",
			   text);
}

static int render_wish(const struct agent_config *config, const struct wish *wish, char **ret_body,
		       struct reason *why)
{
	char endpoint[ENDPOINT_SIZE];
	json_t *json, *policy;
	uint64_t ttl = HOUR;
	int r = 0;

	if (wish->ttl)
		r = parse_ttl(wish->ttl, &ttl, why);
	if (r == 0)
		r = endpoint_choose(config, wish->endpoint, endpoint, why);
	if (r == 0)
		r = policy_words_to_json(&wish->policy, &policy, why);
	if (r < 0)
		return r;
	json = json_pack("{s:s, s:I, s:s*, s:s*, s:s*, s:o*, s:o*}", "endpoint", endpoint, "ttl",
			 (json_int_t)ttl, "name", wish->name, "for", wish->known, "tsig",
			 wish->tsig, "primaries",
			 wish->primaries ? policy_words_split(wish->primaries) : NULL, "policy",
			 json_object_size(policy) > 0 ? json_incref(policy) : NULL);
	json_decref(policy);
	*ret_body = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	return *ret_body ? 0
			 : reason_fail(why, -ENOMEM, "the words hold something that isn't UTF-8");
}

static void render_time(const json_t *json, const char *member,
			char ret_text[static CLOCK_TEXT_SIZE])
{
	clock_render(1000 * json_integer_value(json_object_get(json, member)), ret_text);
}

/* The line alone on standard output, so that it can be piped to where it is needed. */
static void print_invitation(const json_t *reply)
{
	char until[CLOCK_TEXT_SIZE];

	render_time(reply, "expires_at", until);
	printf("zonepush slave add %s\n", json_string_value(json_object_get(reply, "invitation")));
	fflush(stdout);
	fprintf(stderr,
		"Run this line on the Plesk server, as root, until %s; it can be used once.\n"
		"It lets its holder in: give it to nobody else. `zonepush-agent invitation revoke "
		"%s` takes it back.\n",
		until, json_string_value(json_object_get(reply, "id")));
}

static int invite(const struct agent_config *config, const struct wish *wish, struct reason *why)
{
	json_t *reply = NULL;
	char *body;
	int r;

	r = render_wish(config, wish, &body, why);
	if (r < 0)
		return r;
	r = local_client_call(config, "POST", "/v1/invitations", body, &reply, why);
	free(body);
	if (r == 0)
		print_invitation(reply);
	json_decref(reply);
	return r;
}

int cmd_invite(struct verb_call *call)
{
	struct wish wish = {0};
	const struct verb_option options[] = {
		{"--name", NULL, &wish.name},
		{"--for", NULL, &wish.known},
		{"--primaries", NULL, &wish.primaries},
		{"--tsig", NULL, &wish.tsig},
		{"--ttl", NULL, &wish.ttl},
		{"--endpoint", NULL, &wish.endpoint},
		POLICY_WORDS_OPTIONS(wish.policy),
		{NULL, NULL, NULL},
	};
	struct agent_config config;
	struct reason why;
	int r;

	if (!verb_parse(call, options, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	r = invite(&config, &wish, &why);
	if (r < 0)
		log_error("invite: %s", why.text);
	agent_config_done(&config);
	return r == 0 ? VERB_OK : VERB_FAILED;
}

static int add_row(struct table *table, const json_t *invitation)
{
	const char *name = json_string_value(json_object_get(invitation, "name"));
	char made[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
	struct text_buffer policy = {0};
	int r;

	render_time(invitation, "made_at", made);
	render_time(invitation, "expires_at", until);
	r = policy_words_describe(json_object_get(invitation, "policy"), &policy);
	if (r == 0) {
		const char *cells[] = {
			json_string_value(json_object_get(invitation, "id")),
			json_string_value(json_object_get(invitation, "state")),
			name ? name : "as it says",
			made,
			until,
			policy.data,
			json_string_value(json_object_get(invitation, "used_by")),
		};

		r = table_add(table, cells);
	}
	text_buffer_done(&policy);
	return r;
}

static int print_invitations(const json_t *reply)
{
	static const char *const headings[] = {"ID",	"STATE", "MASTER", "MADE",
					       "UNTIL", "MAY",	 "USED BY"};
	const json_t *list = json_object_get(reply, "invitations");
	struct table *table = NULL;
	int r;

	if (json_array_size(list) == 0) {
		printf("there are no invitations; `zonepush-agent invite` makes one\n");
		return 0;
	}
	r = table_new(headings, sizeof(headings) / sizeof(headings[0]), &table);
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		r = add_row(table, json_array_get(list, i));
	if (r == 0)
		table_print(table, stdout);
	table_free(table);
	return r;
}

static int fetch_invitations(const struct agent_config *config, json_t **ret_reply,
			     struct reason *why)
{
	return local_client_call(config, "GET", "/v1/invitations", NULL, ret_reply, why);
}

int cmd_invitation_list(struct verb_call *call)
{
	static const struct cmd_view view = {fetch_invitations, print_invitations, NULL};

	return cmd_show(call, &view);
}

int cmd_invitation_revoke(struct verb_call *call)
{
	struct cmd_order order = {
		.method = "DELETE",
		.done = "the invitation can't be used any more",
	};
	struct agent_config config;
	char path[64];
	int code;

	if (!verb_parse(call, NULL, 1, 1))
		return VERB_USAGE;
	if (strlen(call->argv[0]) != INVITATION_ID_SIZE - 1 ||
	    strspn(call->argv[0], "0123456789abcdef") != INVITATION_ID_SIZE - 1) {
		log_error("invitation revoke: '%.40s' isn't an invitation's id; `zonepush-agent "
			  "invitation list` shows them",
			  call->argv[0]);
		return VERB_USAGE;
	}
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	snprintf(path, sizeof(path), "/v1/invitations/%s", call->argv[0]);
	order.path = path;
	code = cmd_tell(call, &config, &order);
	agent_config_done(&config);
	return code;
}
