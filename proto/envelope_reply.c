#include "proto/envelope.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/envelope_private.h"
#include "proto/error.h"

/* PROTOCOL.md §4: what is covered, exactly and in this order: the reply's own parts, then the
 * request's, of which "@query" only where there was one. */
static const char *const own_components[] = {
	"@status", "content-type", "content-digest", "zonepush-state", NULL,
};
static const char *const request_components[] = {
	"@method", "@path", "@query", "content-digest", "zonepush-agent", NULL,
};

/* §4: the parameters. There is no `expires`: the nonce says which request is answered. */
static const struct envelope_rule parameter_rules[] = {
	{"created", SF_INTEGER, false}, {"nonce", SF_STRING, false}, {"keyid", SF_STRING, false},
	{"tag", SF_STRING, false},	{"alg", SF_STRING, true},    {NULL, SF_INTEGER, false},
};

static void cover_reply(bool has_query, struct covering *covering)
{
	covering_init(covering, ENVELOPE_LABEL);
	envelope_cover(covering, own_components, false, false);
	envelope_cover(covering, request_components, true, has_query);
}

void envelope_state_render(const struct envelope_state *state,
			   char ret_field[static ENVELOPE_STATE_SIZE])
{
	snprintf(ret_field, ENVELOPE_STATE_SIZE, "instance=\"%s\", applied-seq=%" PRIu64 "%s%s%s",
		 state->instance, state->applied_seq, *state->next_key ? ", next-key=\"" : "",
		 state->next_key, *state->next_key ? "\"" : "");
}

int envelope_sign_reply(const struct key *key, const struct signature_message *request,
			const char *nonce, int status, const char *content_type, const void *body,
			size_t length, const struct envelope_state *state, int64_t created,
			struct envelope_headers *ret_headers)
{
	struct envelope_headers headers = {0};
	char state_field[ENVELOPE_STATE_SIZE];
	struct covering covering;
	int r;

	digest_render(body, length, headers.content_digest);
	envelope_state_render(state, state_field);
	const struct signature_field fields[] = {
		{"content-type", content_type},
		{"content-digest", headers.content_digest},
		{"zonepush-state", state_field},
	};
	const struct signature_message reply = {
		.status = status,
		.fields = fields,
		.n_fields = sizeof(fields) / sizeof(fields[0]),
		.request = request,
	};

	cover_reply(request->query != NULL, &covering);
	covering_add_integer(&covering, "created", created);
	covering_add_string(&covering, "nonce", nonce);
	covering_add_string(&covering, "keyid", key_get_public(key)->id);
	covering_add_string(&covering, "tag", ENVELOPE_TAG);
	r = covering_sign(&covering, &reply, key, &headers.signature_input, &headers.signature);
	if (r == 0)
		*ret_headers = headers;
	return r;
}

/* What parameters a component has, the base checks: there is no other than `;req`. */
static bool is_same_component(const struct sf_item *a, const struct sf_item *b)
{
	return a->value.type == SF_STRING && strcmp(a->value.data, b->value.data) == 0 &&
	       a->parameters.count == b->parameters.count;
}

static int check_components(const struct signature_message *reply, const struct sf_member *input,
			    struct reason *why)
{
	struct covering wanted;
	bool same;

	cover_reply(reply->request->query != NULL, &wanted);
	same = input->count == wanted.member.count;
	for (size_t i = 0; same && i < input->count; i++)
		same = is_same_component(&input->items[i], &wanted.items[i]);
	if (!same)
		return reason_fail(why, ZP_ECOMPONENT,
				   "the reply's signature covers other parts than it must");
	return 0;
}

/* The key is the one that was agreed on beforehand, and the nonce that of this very request. */
static int check_parameters(const struct sf_member *input, const struct key_public *agent,
			    const char *nonce, struct reason *why)
{
	int r;

	r = envelope_check_parameters(input, parameter_rules, why);
	if (r < 0)
		return r;
	if (strcmp(structured_field_parameter(&input->parameters, "keyid")->data, agent->id) != 0)
		return reason_fail(why, ZP_EUNKNOWN, "the reply is signed by another key than %s",
				   agent->id);
	if (strcmp(structured_field_parameter(&input->parameters, "nonce")->data, nonce) != 0)
		return reason_fail(why, ZP_EREPLAY, "the reply answers another request");
	return 0;
}

static int verify(const struct signature_message *reply, const struct envelope_signature *signature,
		  const struct key_public *agent, struct reason *why)
{
	int r;

	r = signature_verify(reply, signature->input, signature->value, agent);
	if (r < 0)
		reason_set(why, "%s (the reply's, key %s)", error_text(r), agent->id);
	return r;
}

static const struct sf_value *state_value(const struct sf_dictionary *state, const char *key,
					  enum sf_type type)
{
	const struct sf_member *member = structured_field_find(state, key);

	if (!member || member->is_inner_list || member->items[0].value.type != type)
		return NULL;
	return &member->items[0].value;
}

static bool is_instance(const struct sf_value *value)
{
	return value && value->length == KEY_RANDOM_HEX_SIZE - 1 &&
	       strspn(value->data, "0123456789abcdef") == value->length;
}

static int read_state_members(const struct sf_dictionary *dictionary,
			      struct envelope_state *ret_state, struct reason *why)
{
	const struct sf_value *instance = state_value(dictionary, "instance", SF_STRING);
	const struct sf_value *sequence = state_value(dictionary, "applied-seq", SF_INTEGER);
	const struct sf_value *next = state_value(dictionary, "next-key", SF_STRING);
	struct envelope_state state = {.next_key = ""};
	struct key_public key;

	if (!is_instance(instance) || !sequence || sequence->integer < 0)
		return reason_fail(why, ZP_ESYNTAX,
				   "Zonepush-State must have instance, 32 hex digits, and "
				   "applied-seq, an integer from 0");
	if (next && key_public_parse(next->data, &key) < 0)
		return reason_fail(why, ZP_EKEY, "next-key in Zonepush-State isn't a key id");
	snprintf(state.instance, sizeof(state.instance), "%s", instance->data);
	state.applied_seq = (uint64_t)sequence->integer;
	if (next)
		snprintf(state.next_key, sizeof(state.next_key), "%s", key.id);
	*ret_state = state;
	return 0;
}

static int read_state(const char *field, struct envelope_state *ret_state, struct reason *why)
{
	struct sf_dictionary dictionary;
	int r;

	r = structured_field_parse(field, &dictionary);
	if (r < 0)
		return reason_fail(why, r, "Zonepush-State is malformed (%s)", error_text(r));
	r = read_state_members(&dictionary, ret_state, why);
	structured_field_done(&dictionary);
	return r;
}

int envelope_open_reply(const struct signature_message *reply, const struct key_public *agent,
			const char *nonce, const void *body, size_t length,
			struct envelope_state *ret_state, struct reason *why)
{
	struct envelope_signature signature;
	int r;

	r = envelope_find_signature(reply, &signature, why);
	if (r < 0)
		return r;
	r = check_components(reply, signature.input, why);
	if (r == 0)
		r = check_parameters(signature.input, agent, nonce, why);
	if (r == 0)
		r = verify(reply, &signature, agent, why);
	if (r == 0)
		r = envelope_check_fields(reply, own_components, why);
	envelope_signature_done(&signature);
	if (r < 0)
		return r;

	r = digest_verify(envelope_get_field(reply, "content-digest"), body, length);
	if (r < 0)
		return reason_fail(why, r, "the reply's Content-Digest: %s", error_text(r));
	return read_state(envelope_get_field(reply, "zonepush-state"), ret_state, why);
}
