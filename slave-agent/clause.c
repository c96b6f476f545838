#include "slave-agent/clause.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/digest.h"

/* Longest name that fits a file name (255) with ".", 16 digits, ".db" and ".jnl". */
#define NAME_PLAIN_MAX	230
#define NAME_CUT_LENGTH 150

/* Longest host, port or number, with its NUL. */
#define WORD_SIZE 256

void clause_data_path(const struct agent_config *config, const struct zone_name *name,
		      uint64_t made, char ret_path[static PATH_MAX])
{
	char stem[ZONE_NAME_MAX + 1], hex[DIGEST_HEX_SIZE];
	size_t length = strlen(name->text);

	snprintf(stem, sizeof(stem), "%s", name->text);
	for (char *c = stem; *c; c++)
		if (*c == '/')
			*c = '+';

	if (length <= NAME_PLAIN_MAX) {
		snprintf(ret_path, PATH_MAX, "%s/%s.%" PRIu64 ".db", config->data, stem, made);
		return;
	}
	digest_hex(name->text, length, hex);
	snprintf(ret_path, PATH_MAX, "%s/%.*s~%s.%" PRIu64 ".db", config->data, NAME_CUT_LENGTH,
		 stem, hex, made);
}

static int render_primary(const struct address *primary, const char *tsig, struct text_buffer *out)
{
	int r;

	r = text_buffer_printf(out, " %s port %u", primary->host, (unsigned int)primary->port);
	if (r == 0 && *tsig)
		r = text_buffer_printf(out, " key \"%s\"", tsig);
	if (r == 0)
		r = text_buffer_append(out, ";", 1);
	return r;
}

int clause_render(const struct agent_config *config, const struct named_words *words,
		  const struct registry_zone *zone, const struct registry_master *master,
		  struct text_buffer *out)
{
	char path[PATH_MAX];
	int r;

	clause_data_path(config, &zone->name, zone->made, path);
	r = text_buffer_printf(out, CLAUSE_START "%s\" { type %s; file \"%s\"; %s {",
			       zone->name.text, words->secondary, path, words->primaries);
	for (size_t i = 0; r == 0 && i < master->n_primaries; i++)
		r = render_primary(&master->primaries[i], master->tsig, out);
	if (r == 0)
		r = text_buffer_printf(out,
				       " }; }; # master=%s generation=%" PRIu64 " made=%" PRIu64
				       "\n",
				       master->name, zone->begun, zone->made);
	return r;
}

/* Steps over a text that must stand here. */
static bool take(const char **at, const char *text)
{
	size_t length = strlen(text);

	if (strncmp(*at, text, length) != 0)
		return false;
	*at += length;
	return true;
}

/* Takes what stands before one of the characters in `stop`, at least one. */
static bool take_word(const char **at, const char *stop, char *ret_word, size_t size)
{
	size_t length = strcspn(*at, stop);

	if (length == 0 || length >= size || (*at)[length] == '\0')
		return false;
	memcpy(ret_word, *at, length);
	ret_word[length] = '\0';
	*at += length;
	return true;
}

/* ` HOST port PORT[ key "KEY"];` */
static bool take_primary(const char **at, struct registry_master *master)
{
	char host[WORD_SIZE], port[WORD_SIZE], text[2 * WORD_SIZE + 4];
	char *tsig = master->tsig;
	bool has_key;

	if (master->n_primaries == REGISTRY_PRIMARIES_MAX || !take(at, " ") ||
	    !take_word(at, " ", host, sizeof(host)) || !take(at, " port ") ||
	    !take_word(at, " ;", port, sizeof(port)))
		return false;
	has_key = take(at, " key \"");
	if (has_key && (!take_word(at, "\"", tsig, sizeof(master->tsig)) || !take(at, "\"")))
		return false;
	snprintf(text, sizeof(text), strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
	return take(at, ";") &&
	       address_parse(text, 53, &master->primaries[master->n_primaries++], NULL) == 0;
}

static bool take_number(const char **at, const char *label, const char *stop, uint64_t *ret_number)
{
	char word[WORD_SIZE];

	return take(at, label) && take_word(at, stop, word, sizeof(word)) &&
	       text_parse_integer(word, 0, TEXT_INTEGER_MAX, ret_number) == 0;
}

static bool take_clause(const char **at, struct registry_zone *zone, struct registry_master *master)
{
	char word[PATH_MAX];

	if (!take(at, CLAUSE_START) || !take_word(at, "\"", word, sizeof(word)) ||
	    zone_name_parse(word, &zone->name, NULL) < 0 || !take(at, "\" { type ") ||
	    !(take(at, "secondary") || take(at, "slave")) || !take(at, "; file \"") ||
	    !take_word(at, "\"", word, sizeof(word)) || !take(at, "\"; ") ||
	    !(take(at, "primaries") || take(at, "masters")) || !take(at, " {"))
		return false;
	while (!take(at, " }; }; # master="))
		if (!take_primary(at, master))
			return false;
	return take_word(at, " ", master->name, sizeof(master->name)) &&
	       registry_is_master_name(master->name) &&
	       take_number(at, " generation=", " ", &zone->generation) &&
	       take_number(at, " made=", "\n", &zone->made);
}

int clause_parse(const char *line, size_t length, struct registry_zone *ret_zone,
		 struct registry_master *ret_master)
{
	struct registry_zone zone = {.present = true, .state = REGISTRY_APPLIED};
	struct registry_master master = {0};
	char text[CLAUSE_SIZE_MAX];
	const char *at = text;

	if (length > sizeof(text) - 2)
		return ZP_ESYNTAX;
	snprintf(text, sizeof(text), "%.*s\n", (int)length, line);
	if (!take_clause(&at, &zone, &master) || strcmp(at, "\n") != 0 || master.n_primaries == 0)
		return ZP_ESYNTAX;

	zone.begun = zone.generation;
	*ret_zone = zone;
	*ret_master = master;
	return 0;
}

int clause_parse_name(const char *line, size_t length, struct zone_name *ret_name)
{
	const size_t start = strlen(CLAUSE_START);
	char text[ZONE_NAME_MAX + 1];
	const char *end;

	if (length < start || strncmp(line, CLAUSE_START, start) != 0)
		return ZP_ESYNTAX;
	end = memchr(line + start, '"', length - start);
	if (!end || (size_t)(end - line) - start > ZONE_NAME_MAX)
		return ZP_ESYNTAX;
	snprintf(text, sizeof(text), "%.*s", (int)(end - line - (ptrdiff_t)start), line + start);
	return zone_name_parse(text, ret_name, NULL) == 0 ? 0 : ZP_ESYNTAX;
}
