#include "proto/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "proto/file.h"
#include "proto/text.h"

#define CONFIG_SIZE_MAX	 (256 * 1024)
#define CONFIG_SLIPS_MAX 2 /* letters between an unknown key and one that was perhaps meant */

/* A file while inih walks through it. */
struct reading {
	const char *path;
	const char *at; /* of the text that is left */
	unsigned int line;
	const struct config_key *keys;
	void *program;
	bool seen[CONFIG_KEYS_MAX];
	int error; /* of the first failure, and why */
	struct reason why;
};

static void *member(const struct config_key *key, void *program)
{
	return (char *)program + key->offset;
}

static void free_list(struct config_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct config_list){0};
}

static void free_value(const struct config_key *key, void *program)
{
	char **text;

	switch (key->type) {
	case CONFIG_STRING:
	case CONFIG_PATH:
		text = member(key, program);
		free(*text);
		*text = NULL;
		break;
	case CONFIG_LIST:
		free_list(member(key, program));
		break;
	case CONFIG_INTEGER:
	case CONFIG_SECONDS:
	case CONFIG_BOOLEAN:
		break;
	}
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			return false;
	return true;
}

static int set_text(const struct config_key *key, const char *text, void *program,
		    struct reason *why)
{
	char *copy;

	if (!is_printable(text))
		return reason_fail(why, ZP_ESYNTAX, "holds a control character");
	if (key->type == CONFIG_PATH && (*text != '/' || strchr(text, '"')))
		return reason_fail(why, ZP_ESYNTAX, "'%s' must be an absolute path without '\"'",
				   text);
	copy = strdup(text);
	if (!copy)
		return reason_fail(why, -ENOMEM, "out of memory");
	free_value(key, program);
	*(char **)member(key, program) = copy;
	return 0;
}

static int set_integer(const struct config_key *key, const char *text, void *program,
		       struct reason *why)
{
	uint64_t value;

	if (text_parse_integer(text, key->least, key->most, &value) < 0)
		return reason_fail(why, ZP_ESYNTAX, "'%s' isn't an integer from %llu to %llu", text,
				   (unsigned long long)key->least, (unsigned long long)key->most);
	*(uint64_t *)member(key, program) = value;
	return 0;
}

/* `3` or `0.25`: up to three digits behind the point. */
static bool parse_milliseconds(const char *text, uint64_t *ret_value)
{
	size_t whole = strcspn(text, "."), digits;
	char copy[24], fraction[4] = "000";
	uint64_t seconds;

	if (whole >= sizeof(copy))
		return false;
	snprintf(copy, sizeof(copy), "%.*s", (int)whole, text);
	if (text_parse_integer(copy, 0, UINT32_MAX, &seconds) < 0)
		return false;
	if (text[whole] == '.') {
		digits = strlen(text + whole + 1);
		if (digits < 1 || digits > 3 || strspn(text + whole + 1, "0123456789") != digits)
			return false;
		memcpy(fraction, text + whole + 1, digits);
	}
	*ret_value = 1000 * seconds + (uint64_t)(100 * (fraction[0] - '0') +
						 10 * (fraction[1] - '0') + (fraction[2] - '0'));
	return true;
}

static int set_seconds(const struct config_key *key, const char *text, void *program,
		       struct reason *why)
{
	uint64_t value;

	if (!parse_milliseconds(text, &value) || value < key->least || value > key->most)
		return reason_fail(why, ZP_ESYNTAX, "'%s' isn't a number of seconds from %g to %g",
				   text, (double)key->least / 1000, (double)key->most / 1000);
	*(uint64_t *)member(key, program) = value;
	return 0;
}

static int set_boolean(const struct config_key *key, const char *text, void *program,
		       struct reason *why)
{
	bool yes = strcmp(text, "yes") == 0;

	if (!yes && strcmp(text, "no") != 0)
		return reason_fail(why, ZP_ESYNTAX, "'%s' must be yes or no", text);
	*(bool *)member(key, program) = yes;
	return 0;
}

static int add_item(struct config_list *list, const char *start, size_t length)
{
	char **items;

	while (length > 0 && isspace((unsigned char)*start)) {
		start++;
		length--;
	}
	while (length > 0 && isspace((unsigned char)start[length - 1]))
		length--;
	if (length == 0)
		return ZP_ESYNTAX;

	items = reallocarray(list->items, list->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->count] = strndup(start, length);
	if (!items[list->count])
		return -ENOMEM;
	list->count++;
	return 0;
}

static int set_list(const struct config_key *key, const char *text, void *program,
		    struct reason *why)
{
	struct config_list list = {0};
	size_t length;
	int r = 0;

	if (!is_printable(text))
		return reason_fail(why, ZP_ESYNTAX, "holds a control character");
	while (r == 0 && *text) {
		length = strcspn(text, ",");
		r = add_item(&list, text, length);
		text += length;
		if (*text == ',' && text[1] == '\0')
			r = ZP_ESYNTAX;
		text += *text == ',';
	}
	if (r < 0) {
		free_list(&list);
		return reason_fail(why, r, "must be a list with commas between its parts (%s)",
				   error_text(r));
	}
	free_value(key, program);
	*(struct config_list *)member(key, program) = list;
	return 0;
}

static int set_value(const struct config_key *key, const char *text, void *program,
		     struct reason *why)
{
	int r = 0;

	if (key->check)
		r = key->check(text, why);
	if (r < 0)
		return r;
	switch (key->type) {
	case CONFIG_STRING:
	case CONFIG_PATH:
		return set_text(key, text, program, why);
	case CONFIG_INTEGER:
		return set_integer(key, text, program, why);
	case CONFIG_SECONDS:
		return set_seconds(key, text, program, why);
	case CONFIG_BOOLEAN:
		return set_boolean(key, text, program, why);
	case CONFIG_LIST:
		return set_list(key, text, program, why);
	}
	return ZP_ESYNTAX;
}

static void fail_line(struct reading *reading, int error, const char *name, const char *what)
{
	if (reading->error == 0)
		reason_set(&reading->why, "%s:%u: %s%s%s", reading->path, reading->line, name,
			   *name ? ": " : "", what);
	if (reading->error == 0)
		reading->error = error;
}

/* How many letters are to be added, dropped or changed (Levenshtein). */
static size_t count_slips(const char *text, const char *name)
{
	size_t length = strlen(name), row[CONFIG_NAME_MAX + 1], diagonal, above, least;

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; text[i]; i++) {
		diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			above = row[j + 1];
			least = diagonal + (text[i] != name[j]);
			if (above + 1 < least)
				least = above + 1;
			if (row[j] + 1 < least)
				least = row[j] + 1;
			row[j + 1] = least;
			diagonal = above;
		}
	}
	return row[length];
}

static void fail_unknown(struct reading *reading, const char *name)
{
	size_t slips, fewest = CONFIG_SLIPS_MAX + 1;
	const char *nearest = NULL;
	char what[80];

	for (size_t i = 0; reading->keys[i].name; i++) {
		slips = count_slips(name, reading->keys[i].name);
		if (slips < fewest) {
			fewest = slips;
			nearest = reading->keys[i].name;
		}
	}
	snprintf(what, sizeof(what), "there is no such key%s%s%s",
		 nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
	fail_line(reading, ZP_ESYNTAX, name, what);
}

/* For inih: one `name = value`. */
static int take_pair(void *closure, const char *section, const char *name, const char *value)
{
	struct reading *reading = closure;
	struct reason why;
	size_t i;
	int r;

	(void)section; /* next_line() lets none through */
	for (i = 0; reading->keys[i].name; i++)
		if (strcmp(reading->keys[i].name, name) == 0)
			break;
	if (!reading->keys[i].name) {
		fail_unknown(reading, name);
	} else if (reading->seen[i]) {
		fail_line(reading, ZP_ESYNTAX, name, "stands twice");
	} else {
		reading->seen[i] = true;
		r = set_value(&reading->keys[i], value, reading->program, &why);
		if (r < 0)
			fail_line(reading, r, name, why.text);
	}
	return reading->error == 0;
}

/*
 * What inih would take in its own way: it ends a name at `:` too, cuts a line that is longer
 * than its buffer, and joins a line that begins with a blank to the one before.
 */
static const char *find_fault(const char *line, size_t length, size_t most)
{
	if (isspace((unsigned char)*line))
		return "a line must not begin with a blank";
	if (*line == '[')
		return "there are no sections in this file";
	if (line[strcspn(line, "=:\n")] != '=')
		return "there must be `key = value`";
	return length > most ? "the line is too long" : NULL;
}

/* For inih: the next line, fgets-like. It is here that lines are counted. */
static char *next_line(char *buffer, int size, void *closure)
{
	struct reading *reading = closure;
	const char *line = reading->at, *fault;
	size_t length = strcspn(line, "\n"), blanks = strspn(line, " \t\r");

	if (!*line || reading->error < 0)
		return NULL;
	reading->line++;
	reading->at += length + (line[length] == '\n');

	if (blanks >= length || line[blanks] == '#' || line[blanks] == ';') {
		length = 0;
	} else {
		fault = find_fault(line, length, (size_t)size - sizeof("\n"));
		if (fault) {
			fail_line(reading, ZP_ESYNTAX, "", fault);
			return NULL;
		}
	}
	memcpy(buffer, line, length);
	memcpy(buffer + length, "\n", sizeof("\n"));
	return buffer;
}

static int set_standards(const struct config_key *keys, void *program, struct reason *why)
{
	struct reason inner;
	int r;

	for (size_t i = 0; keys[i].name; i++) {
		r = set_value(&keys[i], keys[i].standard, program, &inner);
		if (r < 0)
			return reason_fail(why, r, "the default of '%s': %s", keys[i].name,
					   inner.text);
	}
	return 0;
}

static int read_text(struct reading *reading, struct reason *why)
{
	int bad_line;

	bad_line = ini_parse_stream(next_line, reading, take_pair, reading);
	if (bad_line > 0 && reading->error == 0) {
		/* A comment before the `=`; inih goes on after it and tells at the end. */
		reading->line = (unsigned int)bad_line;
		fail_line(reading, ZP_ESYNTAX, "", "there must be `key = value`");
	}
	if (reading->error < 0 && why)
		*why = reading->why;
	return reading->error;
}

int config_load(const char *path, const struct config_key *keys, void *program, struct reason *why)
{
	struct reading reading = {.path = path, .keys = keys, .program = program};
	size_t length = 0;
	char *text = NULL;
	int r;

	r = file_load(path, CONFIG_SIZE_MAX, &text, &length, NULL);
	if (r < 0)
		return reason_fail(why, r, "can't read the configuration '%s' (%s)", path,
				   error_text(r));
	reading.at = text;
	r = strlen(text) == length ? set_standards(keys, program, why)
				   : reason_fail(why, ZP_ESYNTAX, "'%s' isn't a text file", path);
	if (r == 0)
		r = read_text(&reading, why);
	if (r < 0)
		config_done(keys, program);
	free(text);
	return r;
}

void config_done(const struct config_key *keys, void *program)
{
	for (size_t i = 0; keys[i].name; i++)
		free_value(&keys[i], program);
}
