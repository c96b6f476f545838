#include "slave-agent/named_conf.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/file.h"

struct expansion {
	const char *include;
	const char *candidate;
};

/* A position in one file. named.conf's grammar is only followed as far as `include` needs it. */
struct scanner {
	const char *at;
	const char *end;
	bool fresh; /* at the start of a statement */
};

static bool begins_with(const struct scanner *scanner, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(scanner->end - scanner->at) >= length &&
	       memcmp(scanner->at, text, length) == 0;
}

static void skip_past(struct scanner *scanner, const char *mark)
{
	const char *found;

	found = memmem(scanner->at, (size_t)(scanner->end - scanner->at), mark, strlen(mark));
	scanner->at = found ? found + strlen(mark) : scanner->end;
}

static void skip_string(struct scanner *scanner)
{
	for (scanner->at++; scanner->at < scanner->end && *scanner->at != '"'; scanner->at++)
		if (*scanner->at == '\\' && scanner->at + 1 < scanner->end)
			scanner->at++;
	if (scanner->at < scanner->end)
		scanner->at++;
}

/* Skips blanks and comments: C, C++ and shell style. Returns whether anything was skipped. */
static bool skip_blank(struct scanner *scanner)
{
	const char *start = scanner->at;

	while (scanner->at < scanner->end) {
		if (isspace((unsigned char)*scanner->at))
			scanner->at++;
		else if (begins_with(scanner, "/*"))
			skip_past(scanner, "*/");
		else if (begins_with(scanner, "//") || *scanner->at == '#')
			skip_past(scanner, "\n");
		else
			break;
	}
	return scanner->at > start;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Skips one token that isn't of interest, and notes whether a statement begins behind it. */
static void skip_token(struct scanner *scanner)
{
	scanner->fresh = *scanner->at && strchr(";{}", *scanner->at);
	if (*scanner->at == '"')
		skip_string(scanner);
	else if (is_word(*scanner->at))
		while (scanner->at < scanner->end && is_word(*scanner->at))
			scanner->at++;
	else
		scanner->at++;
}

/*
 * If an include statement begins here, steps behind its `;` and gives its pattern (to be freed) in
 * *ret_pattern, else leaves it NULL and doesn't move.
 */
static int take_include(struct scanner *scanner, char **ret_pattern)
{
	struct scanner ahead = *scanner;
	const char *start, *stop;

	*ret_pattern = NULL;
	if (!scanner->fresh || !begins_with(&ahead, "include"))
		return 0;
	ahead.at += strlen("include");
	if (!skip_blank(&ahead) || ahead.at >= ahead.end)
		return 0;

	start = ahead.at;
	if (*start == '"') {
		skip_string(&ahead);
		start++;
		stop = ahead.at - 1;
	} else {
		while (ahead.at < ahead.end && *ahead.at != ';' &&
		       !isspace((unsigned char)*ahead.at))
			ahead.at++;
		stop = ahead.at;
	}
	skip_blank(&ahead);
	if (ahead.at >= ahead.end || *ahead.at != ';' || stop < start)
		return 0;
	ahead.at++;

	*ret_pattern = strndup(start, (size_t)(stop - start));
	if (!*ret_pattern)
		return -ENOMEM;
	*scanner = ahead;
	return 0;
}

static int expand_file(const struct expansion *expansion, const char *path, int depth,
		       struct text_buffer *out, bool *found);

/*
 * Expands every file that the pattern names. Files that can't be read are left to
 * named-checkconf, whose words for it are named's own.
 */
static int expand_pattern(const struct expansion *expansion, const char *pattern, int depth,
			  struct text_buffer *out, bool *found)
{
	glob_t matches = {0};
	int r;

	r = glob(pattern, GLOB_NOCHECK, NULL, &matches);
	if (r != 0)
		return r == GLOB_NOSPACE ? -ENOMEM : 0;

	for (size_t i = 0; i < matches.gl_pathc && r == 0; i++) {
		const char *path = matches.gl_pathv[i];

		if (strcmp(path, expansion->include) == 0) {
			*found = true;
			r = text_buffer_printf(out, "include \"%s\";\n", expansion->candidate);
		} else {
			r = expand_file(expansion, path, depth + 1, out, found);
			if (r == -ENOENT || r == -EACCES || r == -EINVAL)
				r = text_buffer_printf(out, "include \"%s\";\n", path);
		}
	}
	globfree(&matches);
	return r;
}

/* Appends one include statement, expanded if our file is behind it and as it was if not. */
static int append_include(const struct expansion *expansion, const char *pattern, int depth,
			  const char *statement, size_t length, struct text_buffer *out,
			  bool *found)
{
	struct text_buffer expanded = {0};
	bool inside = false;
	int r;

	r = expand_pattern(expansion, pattern, depth, &expanded, &inside);
	if (r == 0 && inside)
		r = text_buffer_append(out, expanded.data, expanded.length);
	else if (r == 0)
		r = text_buffer_append(out, statement, length);
	if (inside)
		*found = true;
	text_buffer_done(&expanded);
	return r;
}

static int expand_text(const struct expansion *expansion, struct scanner scanner, int depth,
		       struct text_buffer *out, bool *found)
{
	const char *copied = scanner.at, *start;
	char *pattern;
	int r = 0;

	while (r == 0) {
		skip_blank(&scanner);
		if (scanner.at >= scanner.end)
			break;
		start = scanner.at;
		r = take_include(&scanner, &pattern);
		if (r < 0)
			break;
		if (!pattern) {
			skip_token(&scanner);
			continue;
		}
		r = text_buffer_append(out, copied, (size_t)(start - copied));
		if (r == 0)
			r = append_include(expansion, pattern, depth, start,
					   (size_t)(scanner.at - start), out, found);
		copied = scanner.at;
		free(pattern);
	}
	if (r < 0)
		return r;
	return text_buffer_append(out, copied, (size_t)(scanner.end - copied));
}

static int expand_file(const struct expansion *expansion, const char *path, int depth,
		       struct text_buffer *out, bool *found)
{
	struct scanner scanner = {.fresh = true};
	size_t length = 0;
	char *text = NULL;
	int r;

	if (depth > NAMED_CONF_DEPTH_MAX)
		return ZP_ETOOBIG;
	r = file_load(path, NAMED_CONF_FILE_MAX, &text, &length, NULL);
	if (r < 0)
		return r;

	scanner.at = text;
	scanner.end = text + length;
	r = expand_text(expansion, scanner, depth, out, found);
	if (r == 0)
		r = text_buffer_append(out, "\n", 1);
	free(text);
	return r;
}

int named_conf_expand(const char *path, const char *include, const char *candidate,
		      struct text_buffer *out, struct reason *why)
{
	const struct expansion expansion = {.include = include, .candidate = candidate};
	bool found = false;
	int r;

	r = expand_file(&expansion, path, 0, out, &found);
	if (r < 0)
		return reason_fail(why, r, "can't read named's configuration '%s' (%s)", path,
				   error_text(r));
	if (!found)
		return reason_fail(why, ZP_EUNKNOWN,
				   "named's configuration '%s' doesn't include our zones; add the "
				   "line: include \"%s\";",
				   path, include);
	return 0;
}
