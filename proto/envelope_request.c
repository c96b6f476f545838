#include "proto/envelope.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/envelope_private.h"
#include "proto/error.h"

#define LIFETIME 60 /* seconds that our own requests ask for */

/* PROTOCOL.md §3: what must be covered; "@query" where there is one. */
static const char *const required_components[] = {
	"@method", "@path", "@query", "content-type", "content-digest", "zonepush-agent", NULL,
};

/* §3: the parameters. */
static const struct envelope_rule parameter_rules[] = {
	{"created", SF_INTEGER, false}, {"expires", SF_INTEGER, false}, {"nonce", SF_STRING, false},
	{"keyid", SF_STRING, false},	{"tag", SF_STRING, false},	{"alg", SF_STRING, true},
	{NULL, SF_INTEGER, false},
};

static void cover_request(const struct envelope_parameters *parameters, bool has_query,
			  struct covering *covering)
{
	covering_init(covering, ENVELOPE_LABEL);
	envelope_cover(covering, required_components, false, has_query);
	covering_add_integer(covering, "created", parameters->created);
	covering_add_integer(covering, "expires", parameters->expires);
	covering_add_string(covering, "nonce", parameters->nonce);
	covering_add_string(covering, "keyid", parameters->key_id);
	covering_add_string(covering, "tag", ENVELOPE_TAG);
}

static void init_parameters(const struct key *key, int64_t created,
			    struct envelope_parameters *parameters)
{
	parameters->created = created;
	parameters->expires = created + LIFETIME;
	key_random_hex(parameters->nonce);
	snprintf(parameters->key_id, sizeof(parameters->key_id), "%s", key_get_public(key)->id);
}

int envelope_sign_request(const struct key *key, const struct key_public *agent, const char *method,
			  const char *target, const void *body, size_t length, int64_t created,
			  struct envelope_headers *ret_headers,
			  struct envelope_parameters *ret_parameters)
{
	const char *query = strchr(target, '?');
	struct envelope_parameters parameters;
	struct envelope_headers headers = {0};
	char path[ENVELOPE_TARGET_MAX + 1];
	struct covering covering;
	int r;

	if (strlen(target) > ENVELOPE_TARGET_MAX)
		return ZP_ETOOBIG;
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(target, "?"), target);
	digest_render(body, length, headers.content_digest);
	const struct signature_field fields[] = {
		{"content-type", ENVELOPE_CONTENT_TYPE},
		{"content-digest", headers.content_digest},
		{"zonepush-agent", agent->id},
	};
	const struct signature_message request = {
		.method = method,
		.path = path,
		.query = query,
		.fields = fields,
		.n_fields = sizeof(fields) / sizeof(fields[0]),
	};

	init_parameters(key, created, &parameters);
	cover_request(&parameters, query != NULL, &covering);
	r = covering_sign(&covering, &request, key, &headers.signature_input, &headers.signature);
	if (r < 0)
		return r;
	*ret_headers = headers;
	*ret_parameters = parameters;
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

/* A "@query" that is covered and isn't there is refused as any other that is missing. */
static int check_components(const struct signature_message *request, const struct sf_member *input,
			    struct reason *why)
{
	for (size_t i = 0; required_components[i]; i++) {
		const char *name = required_components[i];

		if (strcmp(name, "@query") == 0 && !request->query)
			continue;
		if (!covers(input, name))
			return reason_fail(why, ZP_ECOMPONENT, "the signature doesn't cover \"%s\"",
					   name);
	}
	return 0;
}

/* The lengths are checked, so the texts fit. */
static void copy_parameters(const struct sf_member *input, struct envelope_parameters *parameters)
{
	const struct sf_parameters *list = &input->parameters;

	parameters->created = structured_field_parameter(list, "created")->integer;
	parameters->expires = structured_field_parameter(list, "expires")->integer;
	snprintf(parameters->nonce, sizeof(parameters->nonce), "%s",
		 structured_field_parameter(list, "nonce")->data);
	snprintf(parameters->key_id, sizeof(parameters->key_id), "%s",
		 structured_field_parameter(list, "keyid")->data);
}

static int read_parameters(const struct sf_member *input,
			   struct envelope_parameters *ret_parameters, struct reason *why)
{
	struct envelope_parameters parameters;
	size_t length;
	int r;

	r = envelope_check_parameters(input, parameter_rules, why);
	if (r < 0)
		return r;
	length = structured_field_parameter(&input->parameters, "nonce")->length;
	if (length < ENVELOPE_NONCE_MIN || length > ENVELOPE_NONCE_MAX)
		return reason_fail(why, ZP_ECOMPONENT, "the nonce must have %d to %d characters",
				   ENVELOPE_NONCE_MIN, ENVELOPE_NONCE_MAX);
	length = structured_field_parameter(&input->parameters, "keyid")->length;
	if (length != KEY_ID_LENGTH)
		return reason_fail(why, ZP_EUNKNOWN, "the keyid isn't a key id of %d characters",
				   KEY_ID_LENGTH);
	copy_parameters(input, &parameters);
	if (parameters.created < 0 || parameters.expires < parameters.created ||
	    parameters.expires - parameters.created > ENVELOPE_LIFETIME_MAX)
		return reason_fail(why, ZP_ECOMPONENT, "expires must be 0 to %d s after created",
				   ENVELOPE_LIFETIME_MAX);
	*ret_parameters = parameters;
	return 0;
}

static int verify(const struct signature_message *request,
		  const struct envelope_signature *signature, const char *key_id,
		  envelope_find_key *find_key, void *context, struct reason *why)
{
	struct key_public key;
	int r;

	r = find_key(context, key_id, &key);
	if (r == ZP_EUNKNOWN)
		return reason_fail(why, r, "the key %s isn't known here", key_id);
	if (r < 0)
		return reason_fail(why, r, "the key %s can't be looked up (%s)", key_id,
				   error_text(r));
	r = signature_verify(request, signature->input, signature->value, &key);
	if (r < 0)
		reason_set(why, "%s (key %s)", error_text(r), key_id);
	return r;
}

static int check_recipient(const struct signature_message *request, const struct key_public *agent,
			   struct reason *why)
{
	const char *meant = envelope_get_field(request, "zonepush-agent");

	if (strcmp(meant, agent->id) == 0)
		return 0;
	return reason_fail(why, -EXDEV, "the request is meant for the agent '%s'; this one is %s",
			   meant, agent->id);
}

int envelope_open_request(const struct signature_message *request, const struct key_public *agent,
			  envelope_find_key *find_key, void *context,
			  struct envelope_parameters *ret_parameters, struct reason *why)
{
	struct envelope_parameters parameters;
	struct envelope_signature signature;
	int r;

	r = envelope_find_signature(request, &signature, why);
	if (r < 0)
		return r;
	r = check_components(request, signature.input, why);
	if (r == 0)
		r = read_parameters(signature.input, &parameters, why);
	if (r == 0)
		r = verify(request, &signature, parameters.key_id, find_key, context, why);
	if (r == 0)
		r = envelope_check_fields(request, required_components, why);
	envelope_signature_done(&signature);
	if (r < 0)
		return r;

	*ret_parameters = parameters;
	return check_recipient(request, agent, why);
}

/* PROTOCOL.md §5 */
int envelope_check_fresh(const struct envelope_parameters *parameters, int64_t now, int64_t started)
{
	bool fresh = parameters->created <= now + ENVELOPE_AHEAD_MAX &&
		     parameters->created >= now - ENVELOPE_BEHIND_MAX &&
		     parameters->expires >= now && parameters->created > started;

	return fresh ? 0 : ZP_ENOTFRESH;
}
