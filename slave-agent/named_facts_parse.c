#include "slave-agent/named_facts_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "slave-agent/bind_token.h"

#define DEPTH_MAX 64

/* What a `{` opens, as far as it matters here. */
enum scope {
	TOP,
	VIEW,
	OPTIONS,
	OTHER,
};

/* One reading: what a zone stands in is only known to be ours when the marker was found. */
struct reading {
	struct named_facts *facts;
	const char *view; /* only what stands in this one counts; NULL: not known yet */
	const char *marker;

	enum scope scopes[DEPTH_MAX];
	size_t depth;
	char current[NAMED_FACTS_NAME_SIZE]; /* the view that is open, "" outside of views */
	struct bind_token words[3];	     /* the first ones of a statement */
	size_t n_words;
};

static void copy_token(const struct bind_token *token, char *ret_text, size_t size)
{
	snprintf(ret_text, size, "%.*s", (int)token->length, token->text);
}

static int note_zone(struct reading *reading)
{
	const struct bind_token *class = &reading->words[2];
	struct zone_name name;

	if (reading->n_words < 2 || (reading->n_words > 2 && !bind_token_is(class, "in")) ||
	    !bind_token_read_zone(&reading->words[1], &name))
		return 0;
	if (strcmp(name.text, reading->marker) == 0)
		snprintf(reading->facts->view, sizeof(reading->facts->view), "%s",
			 reading->current);
	else if (reading->view && strcmp(reading->view, reading->current) == 0)
		return name_set_add(&reading->facts->zones, name.text);
	return 0;
}

void named_facts_fold_key(const char *name, size_t length,
			  char ret_name[static NAMED_FACTS_NAME_SIZE])
{
	if (length > 1 && name[length - 1] == '.')
		length--;
	snprintf(ret_name, NAMED_FACTS_NAME_SIZE, "%.*s", (int)length, name);
	for (char *c = ret_name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

/* Keys outside of views are for all of them. */
static int note_key(struct reading *reading)
{
	char name[NAMED_FACTS_NAME_SIZE];

	if (reading->n_words < 2 || !reading->view ||
	    (*reading->current && strcmp(reading->view, reading->current) != 0))
		return 0;
	named_facts_fold_key(reading->words[1].text, reading->words[1].length, name);
	return name_set_add(&reading->facts->keys, name);
}

/* A view's own word comes after that of the options, and wins. */
static void note_option(struct reading *reading)
{
	struct named_facts *facts = reading->facts;
	const struct bind_token *key = &reading->words[0], *value = &reading->words[1];

	if (reading->n_words < 2 || !reading->view ||
	    (*reading->current && strcmp(reading->view, reading->current) != 0))
		return;
	if (bind_token_is(key, "allow-new-zones"))
		facts->allows_runtime = bind_token_is(value, "yes");
	else if (bind_token_is(key, "new-zones-directory"))
		copy_token(value, facts->new_zones, sizeof(facts->new_zones));
	else if (bind_token_is(key, "directory"))
		copy_token(value, facts->directory, sizeof(facts->directory));
}

/* What a statement is about, at its `{` or `;`. */
static int note_statement(struct reading *reading, bool opens)
{
	enum scope scope = reading->scopes[reading->depth];
	const struct bind_token *word = &reading->words[0];

	if (reading->n_words == 0 || scope == OTHER)
		return 0;
	if (!opens) {
		note_option(reading);
		return 0;
	}
	if (scope == TOP && bind_token_is(word, "view") && reading->n_words > 1)
		copy_token(&reading->words[1], reading->current, sizeof(reading->current));
	if (scope != OPTIONS && bind_token_is(word, "zone"))
		return note_zone(reading);
	if (scope != OPTIONS && bind_token_is(word, "key"))
		return note_key(reading);
	return 0;
}

static enum scope find_scope(const struct reading *reading)
{
	const struct bind_token *word = &reading->words[0];

	if (reading->scopes[reading->depth] != TOP || reading->n_words == 0)
		return OTHER;
	if (bind_token_is(word, "view"))
		return VIEW;
	return bind_token_is(word, "options") ? OPTIONS : OTHER;
}

static int take_mark(struct reading *reading, char mark)
{
	int r = 0;

	if (mark != '}')
		r = note_statement(reading, mark == '{');
	if (mark == '{') {
		enum scope scope = find_scope(reading);

		if (reading->depth + 1 == DEPTH_MAX)
			return ZP_ETOOBIG;
		reading->scopes[++reading->depth] = scope;
	} else if (mark == '}' && reading->depth > 0) {
		if (reading->scopes[reading->depth--] == VIEW)
			reading->current[0] = '\0';
	}
	reading->n_words = 0;
	return r;
}

static int read_all(struct reading *reading, const char *text, size_t length)
{
	struct bind_reader reader = {.at = text, .end = text + length};
	struct bind_token token;
	int r = 0;

	while (r == 0) {
		bind_token_take(&reader, &token);
		if (token.type == BIND_TOKEN_END || token.type == BIND_TOKEN_BROKEN)
			break;
		if (token.type == BIND_TOKEN_MARK)
			r = take_mark(reading, *token.text);
		else if (reading->n_words < sizeof(reading->words) / sizeof(reading->words[0]))
			reading->words[reading->n_words++] = token;
	}
	return r;
}

int named_facts_parse(struct named_facts *facts, const char *text, size_t length,
		      const char *marker)
{
	static const char nowhere[] = "\n";
	struct reading first = {.facts = facts, .marker = marker};
	struct reading second = {.facts = facts, .marker = marker, .view = facts->view};
	int r;

	snprintf(facts->view, sizeof(facts->view), nowhere);
	r = read_all(&first, text, length);
	if (r == 0 && strcmp(facts->view, nowhere) == 0)
		r = ZP_EUNKNOWN;
	if (r == 0)
		r = read_all(&second, text, length);
	return r;
}

int named_facts_parse_zones(struct name_set *set, const char *text, size_t length)
{
	struct named_facts facts = {.zones = *set};
	struct reading reading = {.facts = &facts, .marker = "", .view = ""};
	int r;

	r = read_all(&reading, text, length);
	name_set_done(&facts.keys); /* of a damaged file */
	*set = facts.zones;
	return r;
}
