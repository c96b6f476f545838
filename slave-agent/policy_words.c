#include "slave-agent/policy_words.h"

#include <string.h>

#include <jansson.h>

#include "proto/text.h"

#define NO_LIMIT "none"

json_t *policy_words_split(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t length = strcspn(text, ",");

		if (length > 0)
			json_array_append_new(list, json_stringn(text, length));
		text += length;
		text += *text == ',';
	}
	return list;
}

static void put_list(json_t *policy, const char *member, const char *text)
{
	if (text)
		json_object_set_new(policy, member,
				    strcmp(text, NO_LIMIT) == 0 ? json_null()
								: policy_words_split(text));
}

static int put_number(json_t *policy, const char *member, const char *text, struct reason *why)
{
	uint64_t number;

	if (!text)
		return 0;
	if (strcmp(text, NO_LIMIT) == 0) {
		json_object_set_new(policy, member, json_null());
		return 0;
	}
	if (text_parse_integer(text, 1, TEXT_INTEGER_MAX, &number) < 0)
		return reason_fail(why, ZP_ESYNTAX, "'%s' isn't a number, or none", text);
	json_object_set_new(policy, member, json_integer((json_int_t)number));
	return 0;
}

int policy_words_to_json(const struct policy_words *words, json_t **ret_policy, struct reason *why)
{
	json_t *policy = json_object();
	int r;

	put_list(policy, "suffixes", words->suffixes);
	put_list(policy, "primaries", words->primaries);
	r = put_number(policy, "max_zones", words->max_zones, why);
	if (r == 0)
		*ret_policy = policy;
	else
		json_decref(policy);
	return r;
}

static int describe_list(const json_t *list, const char *start, struct text_buffer *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		r = text_buffer_printf(out, "%s%s", i > 0 ? ", " : start,
				       json_string_value(json_array_get(list, i)));
	if (r == 0 && json_array_size(list) > 0)
		r = text_buffer_printf(out, "; ");
	return r;
}

static int describe_number(const json_t *number, const char *words, struct text_buffer *out)
{
	if (!json_is_integer(number))
		return 0;
	return text_buffer_printf(out, "at most %" JSON_INTEGER_FORMAT " %s; ",
				  json_integer_value(number), words);
}

int policy_words_describe(const json_t *policy, struct text_buffer *out)
{
	size_t before = out->length;
	int r;

	r = describe_list(json_object_get(policy, "suffixes"), "zones in ", out);
	if (r == 0)
		r = describe_list(json_object_get(policy, "primaries"), "only from ", out);
	if (r == 0)
		r = describe_number(json_object_get(policy, "max_zones"), "zones", out);
	if (r == 0 && out->length == before)
		return text_buffer_printf(out, "anything");
	if (r == 0)
		out->data[out->length -= 2] = '\0'; /* the last "; " */
	return r;
}
