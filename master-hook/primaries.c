#include "master-hook/primaries.h"

#include <stdio.h>
#include <string.h>

#define DNS_PORT 53

static int add(struct primaries *primaries, const char *text, struct reason *why)
{
	struct address *address = &primaries->items[primaries->count];
	int r;

	if (primaries->count == PRIMARIES_MAX)
		return reason_fail(why, ZP_ESYNTAX, "there can't be more than %d primaries",
				   PRIMARIES_MAX);
	r = address_parse(text, DNS_PORT, address, why);
	if (r == 0)
		r = address_check_primary(address, why);
	if (r == 0)
		primaries->count++;
	return r;
}

int primaries_parse(const struct config_list *list, struct primaries *ret_primaries,
		    struct reason *why)
{
	struct primaries primaries = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->count; i++)
		r = add(&primaries, list->items[i], why);
	if (r == 0)
		*ret_primaries = primaries;
	return r;
}

int primaries_from_json(const json_t *json, struct primaries *ret_primaries)
{
	struct primaries primaries = {0};
	const char *text;
	int r = json_is_array(json) ? 0 : ZP_ESYNTAX;

	for (size_t i = 0; r == 0 && i < json_array_size(json); i++) {
		text = json_string_value(json_array_get(json, i));
		r = text ? add(&primaries, text, NULL) : ZP_ESYNTAX;
	}
	if (r == 0)
		*ret_primaries = primaries;
	return r;
}

json_t *primaries_to_json(const struct primaries *primaries)
{
	json_t *json = json_array();
	char text[ADDRESS_SIZE];

	for (size_t i = 0; i < primaries->count; i++) {
		address_render(&primaries->items[i], text);
		json_array_append_new(json, json_string(text));
	}
	return json;
}

void primaries_render(const struct primaries *primaries, char ret_text[static PRIMARIES_TEXT_SIZE])
{
	char text[ADDRESS_SIZE];
	size_t length = 0;

	*ret_text = '\0';
	for (size_t i = 0; i < primaries->count; i++) {
		address_render(&primaries->items[i], text);
		length += (size_t)snprintf(ret_text + length, PRIMARIES_TEXT_SIZE - length, "%s%s",
					   i > 0 ? ", " : "", text);
	}
}

bool primaries_are_equal(const struct primaries *a, const struct primaries *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].port != b->items[i].port ||
		    strcmp(a->items[i].host, b->items[i].host) != 0)
			return false;
	return true;
}
