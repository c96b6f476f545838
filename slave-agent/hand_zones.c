#include "slave-agent/hand_zones.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/file.h"
#include "slave-agent/bind_token.h"

#define DNS_PORT 53

struct reading {
	struct bind_reader reader;
	const char *counted; /* up to here, lines are counted */
	unsigned int line;
	const char *view; /* the agent's */
	struct hand_zones zones;
	size_t room;
};

static void take(struct reading *reading, struct bind_token *ret_token)
{
	bind_token_take(&reading->reader, ret_token);
	for (; reading->counted < ret_token->text; reading->counted++)
		reading->line += *reading->counted == '\n';
}

static bool is_value(const struct bind_token *token)
{
	return token->type == BIND_TOKEN_WORD || token->type == BIND_TOKEN_STRING;
}

static int copy(const struct bind_token *token, char *ret_text, size_t size)
{
	if (!is_value(token) || token->length >= size)
		return ZP_ESYNTAX;
	memcpy(ret_text, token->text, token->length);
	ret_text[token->length] = '\0';
	return 0;
}

/* Steps to the end of a statement whose first token was taken. */
static int skip_statement(struct reading *reading, struct bind_token *token)
{
	size_t depth = 0;

	while (depth > 0 || !bind_token_is(token, ";")) {
		if (token->type == BIND_TOKEN_END || token->type == BIND_TOKEN_BROKEN)
			return ZP_ESYNTAX;
		if (bind_token_is(token, "{"))
			depth++;
		else if (bind_token_is(token, "}") && depth-- == 0)
			return ZP_ESYNTAX;
		take(reading, token);
	}
	return 0;
}

/* The first reason counts. */
static void leave(struct hand_zone *zone, const char *before, const struct bind_token *token,
		  const char *behind)
{
	if (!*zone->reason)
		snprintf(zone->reason, sizeof(zone->reason), "%s'%.*s'%s", before,
			 token->length < 64 ? (int)token->length : 64, token->text, behind);
}

static int take_port(struct reading *reading, uint16_t *ret_port)
{
	struct bind_token token;
	char text[8];
	uint64_t port;

	take(reading, &token);
	if (copy(&token, text, sizeof(text)) < 0 || text_parse_integer(text, 1, 65535, &port) < 0)
		return ZP_ESYNTAX;
	*ret_port = (uint16_t)port;
	return 0;
}

static void take_key(struct hand_zone *zone, const struct bind_token *token)
{
	char name[REGISTRY_TSIG_MAX + 1];

	if (copy(token, name, sizeof(name)) < 0 || !registry_is_tsig_name(name))
		leave(zone, "the agent can't have a key of the name ", token, "");
	else if (zone->n_primaries > 1 && strcmp(zone->tsig, name) != 0)
		leave(zone, "its primaries have different keys, ", token, " and others");
	else
		snprintf(zone->tsig, sizeof(zone->tsig), "%s", name);
}

/* ADDRESS [port N] [key NAME]; */
static int take_primary(struct reading *reading, struct hand_zone *zone,
			const struct bind_token *first, uint16_t port)
{
	char text[ADDRESS_SIZE];
	struct address address;
	struct bind_token token;
	bool is_address;
	int r = 0;

	is_address = copy(first, text, sizeof(text)) == 0 &&
		     address_parse(text, port, &address, NULL) == 0;
	if (!is_address)
		leave(zone, "", first, " among its primaries isn't an address");
	if (zone->n_primaries == REGISTRY_PRIMARIES_MAX)
		leave(zone, "it has too many primaries: ", first, " and others");
	else
		zone->n_primaries++;
	take(reading, &token);
	while (r == 0 && !bind_token_is(&token, ";")) {
		if (bind_token_is(&token, "port")) {
			r = take_port(reading, &address.port);
		} else if (bind_token_is(&token, "key")) {
			take(reading, &token);
			take_key(zone, &token);
		} else if (is_value(&token)) {
			leave(zone, "", &token,
			      " among its primaries is nothing that the agent has");
		} else {
			r = ZP_ESYNTAX;
		}
		take(reading, &token);
	}
	if (is_address && !*zone->reason)
		zone->primaries[zone->n_primaries - 1] = address;
	return r;
}

/* [port N] { … }; */
static int take_primaries(struct reading *reading, struct hand_zone *zone)
{
	struct bind_token token;
	uint16_t port = DNS_PORT;
	int r = 0;

	take(reading, &token);
	if (bind_token_is(&token, "port")) {
		r = take_port(reading, &port);
		take(reading, &token);
	}
	if (r < 0 || !bind_token_is(&token, "{"))
		return ZP_ESYNTAX;
	for (take(reading, &token); r == 0 && !bind_token_is(&token, "}"); take(reading, &token))
		r = take_primary(reading, zone, &token, port);
	if (r < 0)
		return r;
	take(reading, &token);
	return bind_token_is(&token, ";") ? 0 : ZP_ESYNTAX;
}

static int take_file(struct hand_zone *zone, const struct bind_token *token)
{
	if (!is_value(token) || token->length >= PATH_MAX)
		return ZP_ESYNTAX;
	free(zone->file);
	zone->file = strndup(token->text, token->length);
	return zone->file ? 0 : -ENOMEM;
}

/* One `option value;` of a zone. */
static int take_option(struct reading *reading, struct hand_zone *zone,
		       const struct bind_token *option)
{
	struct bind_token value;
	int r = 0;

	if (bind_token_is(option, "primaries") || bind_token_is(option, "masters"))
		return take_primaries(reading, zone);
	take(reading, &value);
	if (bind_token_is(option, "type")) {
		if (!bind_token_is(&value, "secondary") && !bind_token_is(&value, "slave"))
			leave(zone, "it is of type ", &value, ", not secondary");
	} else if (bind_token_is(option, "file")) {
		r = take_file(zone, &value);
	} else if (!bind_token_is(option, "masterfile-format") || !bind_token_is(&value, "raw")) {
		leave(zone, "it has the option ", option, ", which the agent's zones don't have");
	}
	if (r < 0)
		return r;
	return skip_statement(reading, &value);
}

static int add_zone(struct reading *reading, struct hand_zone **ret_zone)
{
	struct hand_zone *items = reading->zones.items;

	if (reading->zones.count == reading->room) {
		size_t room = reading->room ? 2 * reading->room : 64;

		items = reallocarray(items, room, sizeof(*items));
		if (!items)
			return -ENOMEM;
		reading->zones.items = items;
		reading->room = room;
	}
	*ret_zone = &items[reading->zones.count++];
	**ret_zone = (struct hand_zone){.first_line = reading->line};
	return 0;
}

/* A zone whose name isn't one of ours can't be taken over; nor one of another class or view. */
static int take_head(struct reading *reading, const char *view, struct hand_zone *zone)
{
	struct bind_token token;

	take(reading, &token);
	if (!is_value(&token))
		return ZP_ESYNTAX;
	snprintf(zone->written, sizeof(zone->written), "%.*s", (int)token.length, token.text);
	if (!bind_token_read_zone(&token, &zone->name))
		leave(zone, "", &token, " can't be the name of an agent's zone");
	if (strcmp(view, reading->view) != 0)
		leave(zone, "", &token, " stands in another view than the agent's zones");
	take(reading, &token);
	if (is_value(&token) && !bind_token_is(&token, "in"))
		leave(zone, "it is of class ", &token, "");
	if (is_value(&token))
		take(reading, &token);
	return bind_token_is(&token, "{") ? 0 : ZP_ESYNTAX;
}

static int take_zone(struct reading *reading, const char *view)
{
	struct hand_zone *zone;
	struct bind_token token;
	int r;

	r = add_zone(reading, &zone);
	if (r == 0)
		r = take_head(reading, view, zone);
	if (r < 0)
		return r;
	for (take(reading, &token); r == 0 && !bind_token_is(&token, "}"); take(reading, &token))
		r = is_value(&token) ? take_option(reading, zone, &token) : ZP_ESYNTAX;
	if (r < 0)
		return r;
	take(reading, &token);
	zone->last_line = reading->line;
	if (zone->n_primaries == 0 && !*zone->reason)
		snprintf(zone->reason, sizeof(zone->reason), "it has no primaries");
	return bind_token_is(&token, ";") ? 0 : ZP_ESYNTAX;
}

static int take_statements(struct reading *reading, const char *view);

static int take_view(struct reading *reading)
{
	char view[HAND_ZONES_NAME_MAX];
	struct bind_token token;
	int r;

	take(reading, &token);
	r = copy(&token, view, sizeof(view));
	for (take(reading, &token); is_value(&token);)
		take(reading, &token);
	if (r < 0 || !bind_token_is(&token, "{"))
		return ZP_ESYNTAX;
	r = take_statements(reading, view);
	if (r < 0)
		return r;
	take(reading, &token);
	return bind_token_is(&token, ";") ? 0 : ZP_ESYNTAX;
}

/* Statements up to the end of the text, or of the view that they stand in. */
static int take_statements(struct reading *reading, const char *view)
{
	bool is_inside = *view != '\0';
	struct bind_token token;
	int r = 0;

	for (take(reading, &token); r == 0; take(reading, &token)) {
		if (bind_token_is(&token, "}"))
			return is_inside ? 0 : ZP_ESYNTAX;
		if (token.type == BIND_TOKEN_END)
			return is_inside ? ZP_ESYNTAX : 0;
		if (bind_token_is(&token, "zone"))
			r = take_zone(reading, view);
		else if (bind_token_is(&token, "view") && !is_inside)
			r = take_view(reading);
		else
			r = skip_statement(reading, &token);
	}
	return r;
}

int hand_zones_parse(const char *text, size_t length, const char *view,
		     struct hand_zones *ret_zones, struct reason *why)
{
	struct reading reading = {
		.reader = {text, text + length}, .counted = text, .line = 1, .view = view};
	int r;

	r = take_statements(&reading, "");
	if (r < 0) {
		hand_zones_done(&reading.zones);
		return reason_fail(why, r, "line %u can't be understood (%s)", reading.line,
				   error_text(r));
	}
	*ret_zones = reading.zones;
	return 0;
}

int hand_zones_load(const char *path, const char *view, struct hand_zones *ret_zones,
		    struct reason *why)
{
	struct reason inner;
	char *text = NULL;
	size_t length;
	int r;

	r = file_load(path, HAND_ZONES_FILE_MAX, &text, &length, NULL);
	if (r < 0)
		return reason_fail(why, r, "can't read '%s' (%s)", path, error_text(r));
	r = hand_zones_parse(text, length, view, ret_zones, &inner);
	if (r < 0)
		reason_set(why, "%s: %s", path, inner.text);
	free(text);
	return r;
}

void hand_zones_done(struct hand_zones *zones)
{
	for (size_t i = 0; i < zones->count; i++)
		free(zones->items[i].file);
	free(zones->items);
	*zones = (struct hand_zones){0};
}
