#include "slave-agent/policy.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "proto/text.h"

#define ANY_PORT 53 /* addresses of a policy have none; what is parsed needs one */

/* Steps to the next word of a list; false at its end. */
static bool next_word(const char **at, char *ret_word, size_t size)
{
	size_t length = strcspn(*at, " ");

	if (length == 0 || length >= size)
		return false;
	snprintf(ret_word, size, "%.*s", (int)length, *at);
	*at += length + 1;
	return true;
}

static json_t *list_to_json(const char *list)
{
	char word[ZONE_NAME_MAX + 1];
	json_t *json = json_array();

	while (next_word(&list, word, sizeof(word)))
		json_array_append_new(json, json_string(word));
	return json;
}

static json_t *limit_to_json(uint64_t limit)
{
	return limit > 0 ? json_integer((json_int_t)limit) : json_null();
}

json_t *policy_to_json(const struct policy *policy)
{
	return json_pack("{s:o, s:o, s:o}", "suffixes", list_to_json(policy->suffixes), "primaries",
			 list_to_json(policy->primaries), "max_zones",
			 limit_to_json(policy->max_zones));
}

/* Writes the canonical form of one word of a list. */
typedef int parse_word(const char *text, char *ret_word, size_t size, struct reason *why);

static int parse_suffix(const char *text, char *ret_word, size_t size, struct reason *why)
{
	struct zone_name name;
	int r;

	r = zone_name_parse(text, &name, why);
	if (r == 0)
		snprintf(ret_word, size, "%s", name.text);
	return r;
}

static int parse_primary(const char *text, char *ret_word, size_t size, struct reason *why)
{
	struct address address;
	int r;

	r = address_parse(text, ANY_PORT, &address, why);
	if (r == 0)
		r = address_check_primary(&address, why);
	if (r == 0)
		snprintf(ret_word, size, "%s", address.host);
	return r;
}

static int parse_list(const json_t *json, parse_word *parse, char ret_list[static POLICY_TEXT_SIZE],
		      struct reason *why)
{
	char list[POLICY_TEXT_SIZE] = "", word[ZONE_NAME_MAX + 1];
	const char *text;
	size_t used = 0;
	int r;

	if (!json_is_array(json) && !json_is_null(json))
		return reason_fail(why, ZP_ESYNTAX, "a list of strings is wanted, or null");
	for (size_t i = 0; i < json_array_size(json); i++) {
		text = json_string_value(json_array_get(json, i));
		if (!text)
			return reason_fail(why, ZP_ESYNTAX, "a list of strings is wanted, or null");
		r = parse(text, word, sizeof(word), why);
		if (r < 0)
			return r;
		if (used + strlen(word) + 1 >= sizeof(list))
			return reason_fail(why, ZP_ETOOBIG,
					   "the list is longer than %d characters in all",
					   POLICY_TEXT_SIZE - 1);
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s ", word);
	}
	memcpy(ret_list, list, sizeof(list));
	return 0;
}

static int parse_limit(const json_t *json, uint64_t *ret_limit, struct reason *why)
{
	json_int_t limit = json_integer_value(json);

	if (json_is_null(json)) {
		*ret_limit = 0;
		return 0;
	}
	if (!json_is_integer(json) || limit < 1 || limit > POLICY_ZONES_MAX)
		return reason_fail(why, ZP_ESYNTAX, "a number from 1 to %d is wanted, or null",
				   POLICY_ZONES_MAX);
	*ret_limit = (uint64_t)limit;
	return 0;
}

static int parse_member(const char *name, const json_t *value, struct policy *policy,
			struct reason *why)
{
	if (strcmp(name, "suffixes") == 0)
		return parse_list(value, parse_suffix, policy->suffixes, why);
	if (strcmp(name, "primaries") == 0)
		return parse_list(value, parse_primary, policy->primaries, why);
	if (strcmp(name, "max_zones") == 0)
		return parse_limit(value, &policy->max_zones, why);
	return reason_fail(why, ZP_ESYNTAX, "it has suffixes, primaries and max_zones only");
}

int policy_parse(const json_t *json, struct policy *policy, struct reason *why)
{
	struct policy parsed = *policy;
	struct reason inner;
	const char *name;
	json_t *value;
	int r;

	if (!json_is_object(json))
		return reason_fail(why, ZP_ESYNTAX, "a policy must be an object");
	json_object_foreach((json_t *)json, name, value)
	{
		r = parse_member(name, value, &parsed, &inner);
		if (r < 0)
			return reason_fail(why, r == ZP_ETOOBIG ? r : ZP_ESYNTAX,
					   "policy, '%s': %s", name, inner.text);
	}
	*policy = parsed;
	return 0;
}

bool policy_allows_zone(const struct policy *policy, const struct zone_name *name)
{
	const char *at = policy->suffixes;
	struct zone_name suffix;

	if (!*at)
		return true;
	while (next_word(&at, suffix.text, sizeof(suffix.text)))
		if (zone_name_is_within(name, &suffix))
			return true;
	return false;
}

static bool allows_primary(const struct policy *policy, const struct address *primary)
{
	const char *at = policy->primaries;
	char word[ADDRESS_SIZE];

	while (next_word(&at, word, sizeof(word)))
		if (strcmp(word, primary->host) == 0)
			return true;
	return false;
}

int policy_check_primaries(const struct policy *policy, const struct address *primaries,
			   size_t count, struct reason *why)
{
	for (size_t i = 0; *policy->primaries && i < count; i++)
		if (!allows_primary(policy, &primaries[i]))
			return reason_fail(why, ZP_EPOLICY,
					   "this master's zones may not come from '%s', but from "
					   "%sonly; the slave's administrator can change that "
					   "(zonepush-agent master policy)",
					   primaries[i].host, policy->primaries);
	return 0;
}
