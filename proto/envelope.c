#include "proto/envelope.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/covering.h"
#include "proto/digest.h"
#include "proto/error.h"

#define LABEL		 "zp"
#define REQUEST_LIFETIME 60 /* seconds that our own requests ask for */

/* What a request must cover; "@query" is added where the target has a `?`. PROTOCOL.md §3. */
static const char *const request_components[] = {
	"@method", "@path", "content-type", "content-digest", "zonepush-agent", NULL,
};

/* What a reply covers, exactly and in this order: its own parts, then the request's. §4. */
static const char *const reply_components[] = {
	"@status", "content-type", "content-digest", "zonepush-state", NULL,
};
static const char *const reply_request_components[] = {
	"@method", "@path", "@query", "content-digest", "zonepush-agent", NULL,
};

void envelope_headers_done(struct envelope_headers *headers)
{
	free(headers->signature_input);
	free(headers->signature);
	*headers = (struct envelope_headers){0};
}

static void cover_request(struct covering *covering, bool has_query)
{
	covering_init(covering, LABEL);
	for (size_t i = 0; request_components[i]; i++) {
		covering_add(covering, request_components[i], false);
		if (has_query && strcmp(request_components[i], "@path") == 0)
			covering_add(covering, "@query", false);
	}
}

int envelope_sign_request(const struct key *key, const struct key_public *agent, const char *method,
			  const char *target, const void *body, size_t length, int64_t created,
			  struct envelope_headers *ret_headers,
			  struct envelope_parameters *ret_parameters)
{
	struct envelope_parameters parameters = {.created = created,
						 .expires = created + REQUEST_LIFETIME};
	struct envelope_headers headers = {0};
	char path[ENVELOPE_TARGET_MAX + 1];
	size_t path_length = strcspn(target, "?");
	struct covering covering;
	int r;

	if (strlen(target) > ENVELOPE_TARGET_MAX)
		return ZP_ETOOBIG;
	snprintf(path, sizeof(path), "%.*s", (int)path_length, target);
	key_random_hex(parameters.nonce);
	snprintf(parameters.key_id, sizeof(parameters.key_id), "%s", key_get_public(key)->id);
	digest_render(body, length, headers.content_digest);

	const struct signature_field fields[] = {
		{"content-type", ENVELOPE_CONTENT_TYPE},
		{"content-digest", headers.content_digest},
		{"zonepush-agent", agent->id},
	};
	const struct signature_message message = {
		.method = method,
		.path = path,
		.query = target[path_length] ? target + path_length : NULL,
		.fields = fields,
		.n_fields = sizeof(fields) / sizeof(fields[0]),
	};

	cover_request(&covering, message.query != NULL);
	covering_add_integer(&covering, "created", parameters.created);
	covering_add_integer(&covering, "expires", parameters.expires);
	covering_add_string(&covering, "nonce", parameters.nonce);
	covering_add_string(&covering, "keyid", parameters.key_id);
	covering_add_string(&covering, "tag", ENVELOPE_TAG);
	r = covering_sign(&covering, &message, key, &headers.signature_input, &headers.signature);
	if (r < 0)
		return r;
	*ret_headers = headers;
	*ret_parameters = parameters;
	return 0;
}

/* A message's two signature fields, parsed. */
struct signatures {
	struct sf_dictionary inputs;
	struct sf_dictionary values;
	const struct sf_member *input; /* ours */
	const struct sf_member *value;
};

/* All lines of one field as one value (RFC 9110 §5.2), parsed. */
static int parse_field(const struct signature_message *message, const char *name,
		       struct sf_dictionary *ret_dictionary)
{
	struct text_buffer text = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < message->n_fields; i++)
		if (strcasecmp(message->fields[i].name, name) == 0)
			r = text_buffer_printf(&text, "%s%s", text.length ? ", " : "",
					       message->fields[i].value);
	if (r == 0)
		r = structured_field_parse(text.data ? text.data : "", ret_dictionary);
	text_buffer_done(&text);
	return r;
}

static bool has_our_tag(const struct sf_member *input)
{
	const struct sf_value *tag = structured_field_parameter(&input->parameters, "tag");

	return input->is_inner_list && tag && tag->type == SF_STRING &&
	       strcmp(tag->data, ENVELOPE_TAG) == 0;
}

/* Finds the one signature that is meant for us; those with other tags belong to others. */
static int choose(struct signatures *signatures, struct reason *why)
{
	if (signatures->inputs.count > ENVELOPE_LABELS_MAX ||
	    signatures->values.count > ENVELOPE_LABELS_MAX)
		return reason_fail(why, ZP_ESYNTAX, "there are more than %d signatures",
				   ENVELOPE_LABELS_MAX);
	for (size_t i = 0; i < signatures->inputs.count; i++) {
		const struct sf_member *input = &signatures->inputs.members[i];

		if (!has_our_tag(input))
			continue;
		if (signatures->input)
			return reason_fail(why, ZP_ESYNTAX,
					   "two signatures have the tag " ENVELOPE_TAG);
		signatures->input = input;
	}
	if (signatures->input)
		signatures->value =
			structured_field_find(&signatures->values, signatures->input->key);
	if (!signatures->value)
		return reason_fail(why, ZP_EUNSIGNED,
				   "there is no signature with the tag " ENVELOPE_TAG);
	return 0;
}

static void signatures_done(struct signatures *signatures)
{
	structured_field_done(&signatures->inputs);
	structured_field_done(&signatures->values);
}

/* Errors leave nothing to be freed. */
static int find_signature(const struct signature_message *message,
			  struct signatures *ret_signatures, struct reason *why)
{
	struct signatures signatures = {0};
	int r;

	r = parse_field(message, "signature-input", &signatures.inputs);
	if (r == 0)
		r = parse_field(message, "signature", &signatures.values);
	if (r < 0)
		reason_set(why, "Signature-Input or Signature is malformed (%s)", error_text(r));
	else
		r = choose(&signatures, why);
	if (r < 0) {
		signatures_done(&signatures);
		return r;
	}
	*ret_signatures = signatures;
	return 0;
}

static bool covers(const struct sf_member *input, const char *name)
{
	for (size_t i = 0; i < input->count; i++)
		if (input->items[i].parameters.count == 0 &&
		    input->items[i].value.type == SF_STRING &&
		    strcmp(input->items[i].value.data, name) == 0)
			return true;
	return false;
}

static int check_request_components(const struct signature_message *request,
				    const struct sf_member *input, struct reason *why)
{
	for (size_t i = 0; request_components[i]; i++)
		if (!covers(input, request_components[i]))
			return reason_fail(why, ZP_ECOMPONENT, "the signature doesn't cover \"%s\"",
					   request_components[i]);
	if (covers(input, "@query") != (request->query != NULL))
		return reason_fail(why, ZP_ECOMPONENT,
				   "the signature must cover \"@query\" exactly if there is one");
	return 0;
}

/* A required parameter of this type, or NULL. */
static const struct sf_value *get_parameter(const struct sf_member *input, const char *key,
					    enum sf_type type)
{
	const struct sf_value *value = structured_field_parameter(&input->parameters, key);

	return value && value->type == type ? value : NULL;
}

/* PROTOCOL.md §3 names every parameter that may stand in a signature; §4 those of a reply. */
static int check_known_parameters(const struct sf_member *input, struct reason *why)
{
	static const char known[] = " created expires nonce keyid tag alg ";
	const struct sf_value *alg = structured_field_parameter(&input->parameters, "alg");
	char word[64];

	for (size_t i = 0; i < input->parameters.count; i++) {
		snprintf(word, sizeof(word), " %s ", input->parameters.list[i].key);
		if (!strstr(known, word))
			return reason_fail(why, ZP_ECOMPONENT, "unknown signature parameter '%s'",
					   input->parameters.list[i].key);
	}
	if (alg && (alg->type != SF_STRING || strcmp(alg->data, "ed25519") != 0))
		return reason_fail(why, ZP_ECOMPONENT, "alg must be \"ed25519\"");
	return 0;
}

static int read_parameters(const struct sf_member *input,
			   struct envelope_parameters *ret_parameters, struct reason *why)
{
	const struct sf_value *created = get_parameter(input, "created", SF_INTEGER);
	const struct sf_value *expires = get_parameter(input, "expires", SF_INTEGER);
	const struct sf_value *nonce = get_parameter(input, "nonce", SF_STRING);
	const struct sf_value *keyid = get_parameter(input, "keyid", SF_STRING);
	struct envelope_parameters parameters;
	int r;

	r = check_known_parameters(input, why);
	if (r < 0)
		return r;
	if (!created || !expires || !nonce || !keyid)
		return reason_fail(why, ZP_ECOMPONENT,
				   "created, expires, nonce and keyid must all be there");
	if (created->integer < 0 || expires->integer < created->integer ||
	    expires->integer - created->integer > ENVELOPE_LIFETIME_MAX)
		return reason_fail(why, ZP_ECOMPONENT, "expires must be within %d s of created",
				   ENVELOPE_LIFETIME_MAX);
	if (nonce->length < ENVELOPE_NONCE_MIN || nonce->length > ENVELOPE_NONCE_MAX)
		return reason_fail(why, ZP_ECOMPONENT, "a nonce has %d to %d characters",
				   ENVELOPE_NONCE_MIN, ENVELOPE_NONCE_MAX);
	if (keyid->length != KEY_ID_LENGTH)
		return reason_fail(why, ZP_EUNKNOWN, "keyid isn't a key id");

	parameters.created = created->integer;
	parameters.expires = expires->integer;
	snprintf(parameters.nonce, sizeof(parameters.nonce), "%s", nonce->data);
	snprintf(parameters.key_id, sizeof(parameters.key_id), "%s", keyid->data);
	*ret_parameters = parameters;
	return 0;
}

/* Zonepush-Agent is covered, so it is there; it must be there once and name this agent. */
static int check_recipient(const struct signature_message *request, const struct key_public *agent)
{
	size_t count = 0;
	bool ours = false;

	for (size_t i = 0; i < request->n_fields; i++) {
		if (strcasecmp(request->fields[i].name, "zonepush-agent") != 0)
			continue;
		count++;
		ours = strcmp(request->fields[i].value, agent->id) == 0;
	}
	return count == 1 && ours ? 0 : -EXDEV;
}

static int verify_request(const struct signature_message *request,
			  const struct signatures *signatures, envelope_find_key *find_key,
			  void *context, const struct envelope_parameters *parameters,
			  struct reason *why)
{
	struct key_public key;
	int r;

	r = find_key(context, parameters->key_id, &key);
	if (r < 0)
		return reason_fail(why, r, "the key %s isn't known here", parameters->key_id);
	r = signature_verify(request, signatures->input, signatures->value, &key);
	if (r < 0)
		reason_set(why, "%s (key %s)", error_text(r), parameters->key_id);
	return r;
}

int envelope_open_request(const struct signature_message *request, const struct key_public *agent,
			  envelope_find_key *find_key, void *context,
			  struct envelope_parameters *ret_parameters, struct reason *why)
{
	struct envelope_parameters parameters;
	struct signatures signatures;
	int r;

	r = find_signature(request, &signatures, why);
	if (r < 0)
		return r;
	r = check_request_components(request, signatures.input, why);
	if (r == 0)
		r = read_parameters(signatures.input, &parameters, why);
	if (r == 0)
		r = verify_request(request, &signatures, find_key, context, &parameters, why);
	signatures_done(&signatures);
	if (r < 0)
		return r;

	*ret_parameters = parameters;
	r = check_recipient(request, agent);
	if (r < 0)
		reason_set(why, "the request is meant for another agent");
	return r;
}

int envelope_check_fresh(const struct envelope_parameters *parameters, int64_t now, int64_t started)
{
	bool fresh = parameters->created <= now + ENVELOPE_AHEAD_MAX &&
		     parameters->created >= now - ENVELOPE_BEHIND_MAX &&
		     parameters->expires >= now && parameters->created > started;

	return fresh ? 0 : ZP_ENOTFRESH;
}

void envelope_state_render(const struct envelope_state *state,
			   char ret_field[static ENVELOPE_STATE_SIZE])
{
	snprintf(ret_field, ENVELOPE_STATE_SIZE, "instance=\"%s\", applied-seq=%" PRIu64,
		 state->instance, state->applied_seq);
}

static int parse_state(const struct signature_message *reply, struct envelope_state *ret_state)
{
	const struct sf_member *instance, *sequence;
	struct sf_dictionary dictionary;
	int r;

	r = parse_field(reply, "zonepush-state", &dictionary);
	if (r < 0)
		return r;
	instance = structured_field_find(&dictionary, "instance");
	sequence = structured_field_find(&dictionary, "applied-seq");
	r = ZP_ESYNTAX;
	if (instance && sequence && !instance->is_inner_list && !sequence->is_inner_list &&
	    instance->items[0].value.type == SF_STRING &&
	    instance->items[0].value.length == KEY_RANDOM_HEX_SIZE - 1 &&
	    sequence->items[0].value.type == SF_INTEGER && sequence->items[0].value.integer >= 0) {
		snprintf(ret_state->instance, sizeof(ret_state->instance), "%s",
			 instance->items[0].value.data);
		ret_state->applied_seq = (uint64_t)sequence->items[0].value.integer;
		r = 0;
	}
	structured_field_done(&dictionary);
	return r;
}

static void cover_reply(struct covering *covering, bool has_query)
{
	covering_init(covering, LABEL);
	for (size_t i = 0; reply_components[i]; i++)
		covering_add(covering, reply_components[i], false);
	for (size_t i = 0; reply_request_components[i]; i++)
		if (has_query || strcmp(reply_request_components[i], "@query") != 0)
			covering_add(covering, reply_request_components[i], true);
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
	const struct signature_message message = {
		.status = status,
		.fields = fields,
		.n_fields = sizeof(fields) / sizeof(fields[0]),
		.request = request,
	};

	cover_reply(&covering, request->query != NULL);
	covering_add_integer(&covering, "created", created);
	covering_add_string(&covering, "nonce", nonce);
	covering_add_string(&covering, "keyid", key_get_public(key)->id);
	covering_add_string(&covering, "tag", ENVELOPE_TAG);
	r = covering_sign(&covering, &message, key, &headers.signature_input, &headers.signature);
	if (r == 0)
		*ret_headers = headers;
	return r;
}

static bool same_components(const struct sf_member *a, const struct sf_member *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].value.type != SF_STRING ||
		    strcmp(a->items[i].value.data, b->items[i].value.data) != 0 ||
		    a->items[i].parameters.count != b->items[i].parameters.count)
			return false;
	return true;
}

/* The list, the nonce and the key must be the ones expected; what `;req` says, the base checks. */
static int check_reply_input(const struct signature_message *reply, const struct sf_member *input,
			     const struct key_public *agent, const char *nonce, struct reason *why)
{
	const struct sf_value *sent_nonce = get_parameter(input, "nonce", SF_STRING);
	const struct sf_value *keyid = get_parameter(input, "keyid", SF_STRING);
	struct covering wanted;
	int r;

	r = check_known_parameters(input, why);
	if (r < 0)
		return r;
	cover_reply(&wanted, reply->request->query != NULL);
	if (!same_components(input, &wanted.member))
		return reason_fail(why, ZP_ECOMPONENT, "the reply's signature covers other parts");
	if (!keyid || strcmp(keyid->data, agent->id) != 0)
		return reason_fail(why, ZP_EUNKNOWN, "the reply is signed by another key");
	if (!sent_nonce || strcmp(sent_nonce->data, nonce) != 0)
		return reason_fail(why, ZP_EREPLAY, "the reply answers another request");
	return 0;
}

int envelope_open_reply(const struct signature_message *reply, const struct key_public *agent,
			const char *nonce, const void *body, size_t length,
			struct envelope_state *ret_state, struct reason *why)
{
	struct signatures signatures;
	const char *digest = "";
	int r;

	r = find_signature(reply, &signatures, why);
	if (r < 0)
		return r;
	r = check_reply_input(reply, signatures.input, agent, nonce, why);
	if (r == 0) {
		r = signature_verify(reply, signatures.input, signatures.value, agent);
		if (r < 0)
			reason_set(why, "the reply's signature: %s", error_text(r));
	}
	signatures_done(&signatures);
	if (r < 0)
		return r;

	for (size_t i = 0; i < reply->n_fields; i++)
		if (strcasecmp(reply->fields[i].name, "content-digest") == 0)
			digest = reply->fields[i].value;
	r = digest_verify(digest, body, length);
	if (r < 0)
		return reason_fail(why, r, "the reply's content: %s", error_text(r));
	r = parse_state(reply, ret_state);
	if (r < 0)
		reason_set(why, "the reply's Zonepush-State is malformed");
	return r;
}
