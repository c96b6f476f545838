#include "proto/envelope.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/envelope_private.h"
#include "proto/error.h"

void envelope_headers_done(struct envelope_headers *headers)
{
	free(headers->signature_input);
	free(headers->signature);
	*headers = (struct envelope_headers){0};
}

void envelope_cover(struct covering *covering, const char *const names[], bool of_request,
		    bool has_query)
{
	for (; *names; names++)
		if (has_query || strcmp(*names, "@query") != 0)
			covering_add(covering, *names, of_request);
}

/* A field that isn't there is an empty Dictionary. */
static int parse_field(const struct signature_message *message, const char *name,
		       struct sf_dictionary *ret_dictionary, struct reason *why)
{
	struct text_buffer text = {0};
	int r;

	r = signature_append_field(message, name, &text);
	if (r >= 0)
		r = structured_field_parse(text.data ? text.data : "", ret_dictionary);
	text_buffer_done(&text);
	if (r < 0)
		reason_set(why, "the field %s is malformed (%s)", name, error_text(r));
	return r == ZP_ETOOBIG || r == ZP_ECOMPONENT ? ZP_ESYNTAX : r;
}

static bool has_our_tag(const struct sf_member *input)
{
	const struct sf_value *tag = structured_field_parameter(&input->parameters, "tag");

	return input->is_inner_list && tag && tag->type == SF_STRING &&
	       strcmp(tag->data, ENVELOPE_TAG) == 0;
}

/* Signatures with other tags belong to somebody else. */
static int choose(struct envelope_signature *signature, struct reason *why)
{
	if (signature->inputs.count > ENVELOPE_LABELS_MAX ||
	    signature->values.count > ENVELOPE_LABELS_MAX)
		return reason_fail(why, ZP_ESYNTAX, "there are more than %d signatures",
				   ENVELOPE_LABELS_MAX);
	for (size_t i = 0; i < signature->inputs.count; i++) {
		const struct sf_member *input = &signature->inputs.members[i];

		if (!has_our_tag(input))
			continue;
		if (signature->input)
			return reason_fail(why, ZP_ESYNTAX,
					   "two signatures have the tag \"" ENVELOPE_TAG "\"");
		signature->input = input;
	}
	if (!signature->input)
		return reason_fail(why, ZP_EUNSIGNED,
				   "there is no signature with the tag \"" ENVELOPE_TAG "\"");
	signature->value = structured_field_find(&signature->values, signature->input->key);
	if (!signature->value)
		return reason_fail(why, ZP_EUNSIGNED,
				   "Signature-Input announces the signature '%s', but Signature "
				   "hasn't got it",
				   signature->input->key);
	return 0;
}

int envelope_find_signature(const struct signature_message *message,
			    struct envelope_signature *ret_signature, struct reason *why)
{
	struct envelope_signature signature = {0};
	int r;

	r = parse_field(message, "signature-input", &signature.inputs, why);
	if (r == 0)
		r = parse_field(message, "signature", &signature.values, why);
	if (r == 0)
		r = choose(&signature, why);
	if (r < 0)
		envelope_signature_done(&signature);
	else
		*ret_signature = signature;
	return r;
}

void envelope_signature_done(struct envelope_signature *signature)
{
	structured_field_done(&signature->inputs);
	structured_field_done(&signature->values);
}

static bool is_known(const char *key, const struct envelope_rule *rules)
{
	for (; rules->key; rules++)
		if (strcmp(key, rules->key) == 0)
			return true;
	return false;
}

int envelope_check_parameters(const struct sf_member *input, const struct envelope_rule *rules,
			      struct reason *why)
{
	const struct sf_value *alg = structured_field_parameter(&input->parameters, "alg");

	for (size_t i = 0; i < input->parameters.count; i++)
		if (!is_known(input->parameters.list[i].key, rules))
			return reason_fail(why, ZP_ECOMPONENT,
					   "the signature has the unknown parameter '%s'",
					   input->parameters.list[i].key);
	for (; rules->key; rules++) {
		const struct sf_value *value =
			structured_field_parameter(&input->parameters, rules->key);

		if (value ? value->type != rules->type : !rules->is_optional)
			return reason_fail(why, ZP_ECOMPONENT,
					   "the signature's parameter '%s' is missing or of the "
					   "wrong type",
					   rules->key);
	}
	if (alg && strcmp(alg->data, "ed25519") != 0)
		return reason_fail(why, ZP_ECOMPONENT, "the signature's alg isn't \"ed25519\"");
	return 0;
}

static size_t count_lines(const struct signature_message *message, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < message->n_fields; i++)
		count += strcasecmp(message->fields[i].name, name) == 0;
	return count;
}

int envelope_check_fields(const struct signature_message *message, const char *const names[],
			  struct reason *why)
{
	for (; *names; names++)
		if (**names != '@' && count_lines(message, *names) != 1)
			return reason_fail(why, ZP_ECOMPONENT,
					   "the field %s must stand exactly once", *names);
	return 0;
}

const char *envelope_get_field(const struct signature_message *message, const char *name)
{
	for (size_t i = 0; i < message->n_fields; i++)
		if (strcasecmp(message->fields[i].name, name) == 0)
			return message->fields[i].value;
	return NULL;
}
