#include "master-hook/plesk_input.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/text.h"

enum command {
	COMMAND_PRESENT, /* create, update */
	COMMAND_DELETE,
	COMMAND_POINTER,      /* createPTRs: a record, not a zone */
	COMMAND_POINTER_GONE, /* deletePTRs: says nothing about its zone */
	COMMAND_UNKNOWN,
};

struct parsing {
	struct plesk_input input;
	json_t *index; /* name -> place in input.zones */
};

static enum command find_command(const char *text)
{
	static const struct {
		const char *text;
		enum command command;
	} commands[] = {
		{"create", COMMAND_PRESENT},	      {"update", COMMAND_PRESENT},
		{"delete", COMMAND_DELETE},	      {"createPTRs", COMMAND_POINTER},
		{"deletePTRs", COMMAND_POINTER_GONE},
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(text, commands[i].text) == 0)
			return commands[i].command;
	return COMMAND_UNKNOWN;
}

static int add_note(struct plesk_input *input, size_t number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int add_note(struct plesk_input *input, size_t number, const char *format, ...)
{
	struct reason what;
	va_list arguments;
	char text[REASON_SIZE], **notes;

	input->n_passed_over++;
	if (input->n_notes == PLESK_NOTES_MAX)
		return 0;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	reason_set(&what, "command %zu: %s", number, text);

	notes = reallocarray(input->notes, input->n_notes + 1, sizeof(*notes));
	if (!notes)
		return -ENOMEM;
	input->notes = notes;
	notes[input->n_notes] = strdup(what.text);
	if (!notes[input->n_notes])
		return -ENOMEM;
	input->n_notes++;
	return 0;
}

/* The zone's place in the list; a new one at its end. */
static int get_zone(struct parsing *parsing, const struct zone_name *name,
		    struct plesk_zone **ret_zone)
{
	struct plesk_input *input = &parsing->input;
	const json_t *place = json_object_get(parsing->index, name->text);
	struct plesk_zone *zones;

	if (place) {
		*ret_zone = &input->zones[json_integer_value(place)];
		return 0;
	}
	zones = reallocarray(input->zones, input->n_zones + 1, sizeof(*zones));
	if (!zones)
		return -ENOMEM;
	input->zones = zones;
	if (json_object_set_new(parsing->index, name->text,
				json_integer((json_int_t)input->n_zones)) < 0)
		return -ENOMEM;
	zones[input->n_zones] = (struct plesk_zone){.name = *name};
	*ret_zone = &zones[input->n_zones++];
	return 0;
}

/* Documented as a string and seen as a number; only a hint, so anything else counts as none. */
static bool read_serial(const json_t *zone, uint32_t *ret_serial)
{
	const json_t *serial = json_object_get(json_object_get(zone, "soa"), "serial");
	const char *text = json_string_value(serial);
	double number = json_number_value(serial);
	uint64_t integer;

	if (!text) {
		if (!json_is_number(serial) || !(number >= 0 && number <= UINT32_MAX))
			return false;
		integer = (uint64_t)number;
		if ((double)integer != number)
			return false;
	} else if (text_parse_integer(text, 0, UINT32_MAX, &integer) < 0) {
		return false;
	}
	*ret_serial = (uint32_t)integer;
	return true;
}

static int take_zone(struct parsing *parsing, size_t number, enum command command, json_t *zone)
{
	const json_t *name = json_object_get(zone, "name");
	struct plesk_zone *entry;
	struct zone_name parsed;
	struct reason why;
	int r;

	if (!json_is_string(name))
		return add_note(&parsing->input, number,
				"it has no zone name and is passed over; zone.name must be there");
	if (strlen(json_string_value(name)) != json_string_length(name))
		return add_note(&parsing->input, number,
				"its zone name holds a zero byte; it is passed over");
	r = zone_name_parse(json_string_value(name), &parsed, &why);
	if (r < 0)
		return add_note(&parsing->input, number, "%s; it is passed over", why.text);

	r = get_zone(parsing, &parsed, &entry);
	if (r < 0)
		return r;
	entry->present = command == COMMAND_PRESENT;
	entry->was_deleted |= !entry->present;
	entry->has_serial = entry->present && read_serial(zone, &entry->serial);
	return 0;
}

/* Whether the text is an address doesn't matter here: a record never makes the hook fail. */
static int take_pointer(struct plesk_input *input, enum command command, const json_t *pointer)
{
	const char *address = json_string_value(json_object_get(pointer, "ip_address"));
	char **addresses;

	input->n_pointers++;
	if (command == COMMAND_POINTER_GONE || !address)
		return 0;
	addresses = reallocarray(input->addresses, input->n_addresses + 1, sizeof(*addresses));
	if (!addresses)
		return -ENOMEM;
	input->addresses = addresses;
	addresses[input->n_addresses] = strdup(address);
	if (!addresses[input->n_addresses])
		return -ENOMEM;
	input->n_addresses++;
	return 0;
}

static int take_command(struct parsing *parsing, size_t number, json_t *entry)
{
	const char *text = json_string_value(json_object_get(entry, "command"));
	enum command command;

	if (!json_is_object(entry))
		return add_note(&parsing->input, number, "it isn't an object and is passed over");
	if (!text)
		return add_note(&parsing->input, number, "it has no `command` and is passed over");
	command = find_command(text);
	if (command == COMMAND_POINTER || command == COMMAND_POINTER_GONE)
		return take_pointer(&parsing->input, command, json_object_get(entry, "ptr"));
	if (command == COMMAND_UNKNOWN)
		return add_note(&parsing->input, number,
				"'%.60s' isn't a known command; it is passed over", text);
	return take_zone(parsing, number, command, json_object_get(entry, "zone"));
}

static int take_document(struct parsing *parsing, json_t *document, struct reason *why)
{
	int r = 0;

	if (json_is_object(document))
		r = take_command(parsing, 1, document);
	else if (!json_is_array(document))
		return reason_fail(why, ZP_ESYNTAX,
				   "there must be an array of commands, or one command");
	for (size_t i = 0; r == 0 && i < json_array_size(document); i++)
		r = take_command(parsing, i + 1, json_array_get(document, i));
	if (r < 0)
		reason_set(why, "out of memory");
	return r;
}

static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr(" \t\r\n", text[i]) || !text[i])
			return false;
	return true;
}

int plesk_input_parse(const char *text, size_t length, struct plesk_input *ret_input,
		      struct reason *why)
{
	struct parsing parsing = {.index = json_object()};
	json_error_t error;
	json_t *document;
	int r;

	if (!parsing.index)
		return reason_fail(why, -ENOMEM, "out of memory");
	/* As lenient as can be: nothing that stands in a record may make the hook fail. */
	document = json_loadb(text, length,
			      JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL | JSON_DECODE_ANY, &error);
	if (document)
		r = take_document(&parsing, document, why);
	else if (is_blank(text, length))
		r = reason_fail(why, ZP_ESYNTAX, "it is empty; Plesk writes a JSON document there");
	else
		r = reason_fail(why, ZP_ESYNTAX,
				"it isn't a whole JSON document: %s, line %d column %d", error.text,
				error.line, error.column);
	json_decref(document);
	json_decref(parsing.index);
	if (r < 0) {
		plesk_input_done(&parsing.input);
		return r;
	}
	*ret_input = parsing.input;
	return 0;
}

void plesk_input_done(struct plesk_input *input)
{
	for (size_t i = 0; i < input->n_notes; i++)
		free(input->notes[i]);
	for (size_t i = 0; i < input->n_addresses; i++)
		free(input->addresses[i]);
	free(input->notes);
	free(input->addresses);
	free(input->zones);
	*input = (struct plesk_input){0};
}
