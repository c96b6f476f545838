#include "slave-agent/named_conf.h"

#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/file.h"
#include "slave-agent/bind_token.h"

struct expansion {
	const char *include;
	const char *statements;
	struct text_buffer *files; /* NULL: not wanted */
};

static int note_file(const struct expansion *expansion, const char *path)
{
	return expansion->files ? text_buffer_append(expansion->files, path, strlen(path) + 1) : 0;
}

/* A file that is added to its directory later belongs to the pattern, too. */
static int note_pattern(const struct expansion *expansion, const char *pattern)
{
	char copy[PATH_MAX];

	if (!strpbrk(pattern, "*?[") || strlen(pattern) >= sizeof(copy))
		return 0;
	snprintf(copy, sizeof(copy), "%s", pattern);
	return note_file(expansion, dirname(copy));
}

/*
 * If what follows `include` makes a statement of it, steps behind its `;` and gives its pattern (to
 * be freed) in *ret_pattern, else leaves it NULL and doesn't move.
 */
static int take_include(struct bind_reader *reader, char **ret_pattern)
{
	struct bind_reader ahead = *reader;
	struct bind_token pattern, mark;

	*ret_pattern = NULL;
	bind_token_take(&ahead, &pattern);
	bind_token_take(&ahead, &mark);
	if ((pattern.type != BIND_TOKEN_WORD && pattern.type != BIND_TOKEN_STRING) ||
	    !bind_token_is(&mark, ";"))
		return 0;
	*ret_pattern = strndup(pattern.text, pattern.length);
	if (!*ret_pattern)
		return -ENOMEM;
	*reader = ahead;
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

	r = note_pattern(expansion, pattern);
	if (r < 0)
		return r;
	r = glob(pattern, GLOB_NOCHECK, NULL, &matches);
	if (r != 0)
		return r == GLOB_NOSPACE ? -ENOMEM : 0;

	for (size_t i = 0; i < matches.gl_pathc && r == 0; i++) {
		const char *path = matches.gl_pathv[i];

		if (strcmp(path, expansion->include) == 0) {
			*found = true;
			r = text_buffer_printf(out, "%s\n", expansion->statements);
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

/* named.conf's grammar is only followed as far as `include` needs it. */
static int expand_text(const struct expansion *expansion, struct bind_reader reader, int depth,
		       struct text_buffer *out, bool *found)
{
	const char *copied = reader.at;
	bool fresh = true; /* at the start of a statement */
	struct bind_token token;
	char *pattern = NULL;
	int r = 0;

	while (r == 0) {
		bind_token_take(&reader, &token);
		if (token.type == BIND_TOKEN_END || token.type == BIND_TOKEN_BROKEN)
			break;
		if (fresh && bind_token_is(&token, "include"))
			r = take_include(&reader, &pattern);
		if (r < 0)
			break;
		fresh = pattern || token.type == BIND_TOKEN_MARK;
		if (!pattern)
			continue;
		r = text_buffer_append(out, copied, (size_t)(token.text - copied));
		if (r == 0)
			r = append_include(expansion, pattern, depth, token.text,
					   (size_t)(reader.at - token.text), out, found);
		copied = reader.at;
		free(pattern);
		pattern = NULL;
	}
	if (r < 0)
		return r;
	return text_buffer_append(out, copied, (size_t)(reader.end - copied));
}

static int expand_file(const struct expansion *expansion, const char *path, int depth,
		       struct text_buffer *out, bool *found)
{
	size_t length = 0;
	char *text = NULL;
	int r;

	if (depth > NAMED_CONF_DEPTH_MAX)
		return ZP_ETOOBIG;
	r = note_file(expansion, path);
	if (r == 0)
		r = file_load(path, NAMED_CONF_FILE_MAX, &text, &length, NULL);
	if (r < 0)
		return r;

	r = expand_text(expansion, (struct bind_reader){.at = text, .end = text + length}, depth,
			out, found);
	if (r == 0)
		r = text_buffer_append(out, "\n", 1);
	free(text);
	return r;
}

int named_conf_expand(const char *path, const char *include, const char *statements,
		      struct text_buffer *out, struct text_buffer *files, struct reason *why)
{
	const struct expansion expansion = {.include = include,
					    .statements = statements,
					    .files = files};
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
