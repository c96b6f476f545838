#include "slave-agent/culprit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/file.h"
#include "proto/log.h"
#include "proto/problem.h"
#include "slave-agent/clause.h"
#include "slave-agent/named.h"
#include "slave-agent/shard.h"

/* A line of the candidate, and the line of the complaint that points at it. */
struct pointer {
	unsigned long line;
	char words[REGISTRY_ERROR_MAX];
};

/* What an administrator reads must not name our temporary files. */
static void append_words(const struct agent_config *config, const char *candidate, const char *text,
			 size_t length, char *ret_words, size_t size)
{
	static const char input[] = "/dev/stdin", previous[] = " previous definition: ";
	size_t used = 0;
	int n;

	ret_words[0] = '\0';
	while (length > 0 && used + 1 < size) {
		size_t known = 1;

		/* Where ours was before, in a file that is gone by now, helps nobody. */
		if (strncmp(text, previous, strlen(previous)) == 0 &&
		    strncmp(text + strlen(previous), candidate, strlen(candidate)) == 0)
			break;
		if (strncmp(text, candidate, strlen(candidate)) == 0) {
			known = strlen(candidate);
			n = snprintf(ret_words + used, size - used, "%s", config->include);
		} else if (strncmp(text, input, strlen(input)) == 0) {
			known = strlen(input);
			n = snprintf(ret_words + used, size - used, "%s", config->named_conf);
		} else {
			n = snprintf(ret_words + used, size - used, "%c", *text);
		}
		used += (size_t)n;
		text += known;
		length -= known < length ? known : length;
	}
}

static int compare_pointers(const void *a, const void *b)
{
	const struct pointer *left = a, *right = b;

	return (left->line > right->line) - (left->line < right->line);
}

/* Collects every `candidate:NUMBER` of the complaint, in order of number. */
static size_t find_pointers(const struct agent_config *config, const char *candidate,
			    const char *complaint, struct pointer pointers[])
{
	const char *at, *start, *stop;
	size_t count = 0;
	char *end;

	for (at = strstr(complaint, candidate); at && count < CULPRIT_LINES_MAX;
	     at = strstr(at, candidate)) {
		start = at;
		while (start > complaint && start[-1] != '\n')
			start--;
		stop = at + strcspn(at, "\n");
		at += strlen(candidate);
		if (*at != ':')
			continue;
		pointers[count].line = strtoul(at + 1, &end, 10);
		if (end == at + 1)
			continue;
		append_words(config, candidate, start, (size_t)(stop - start),
			     pointers[count].words, sizeof(pointers[count].words));
		count++;
	}
	qsort(pointers, count, sizeof(*pointers), compare_pointers);
	return count;
}

int culprit_mark_zone(struct registry *registry, const struct zone_name *name,
		      enum problem_type problem, const char *words)
{
	log_warning("publish: named's configuration can't hold zone '%s' (%s)", name->text, words);
	return registry_mark_failing(registry, name, problem_word(problem), words);
}

/* named-checkconf's words for a zone that is defined twice; ours is one, an administrator's the
 * other. */
static enum problem_type find_problem(const char *words)
{
	return strstr(words, "already exists") ? PROBLEM_BY_HAND : PROBLEM_NAMED_REFUSED;
}

static int mark_line(struct registry *registry, const char *line, const char *words, size_t *count)
{
	struct zone_name name;

	if (clause_parse_name(line, strlen(line), &name) < 0)
		return 0;
	(*count)++;
	return culprit_mark_zone(registry, &name, find_problem(words), words);
}

/* Walks through the candidate once and marks the zones in the lines that were pointed at. */
static int mark_lines(struct registry *registry, const char *candidate,
		      const struct pointer pointers[], size_t n_pointers, size_t *ret_count)
{
	unsigned long number = 0;
	size_t next = 0, count = 0, room = 0;
	char *line = NULL;
	FILE *file;
	int r = 0;

	file = fopen(candidate, "re");
	if (!file)
		return -errno;
	while (r == 0 && next < n_pointers && getline(&line, &room, file) >= 0) {
		number++;
		if (pointers[next].line == number)
			r = mark_line(registry, line, pointers[next].words, &count);
		while (next < n_pointers && pointers[next].line <= number)
			next++;
	}
	free(line);
	fclose(file);
	if (r == 0)
		*ret_count = count;
	return r;
}

/* Where the lines of a candidate begin; the last entry is its end. */
struct lines {
	char *text;
	size_t length;
	size_t *starts;
	size_t count;
};

static int load_lines(const char *candidate, struct lines *lines)
{
	size_t room = 0;
	int r;

	*lines = (struct lines){0};
	r = file_load(candidate, SHARD_SIZE_MAX, &lines->text, &lines->length, NULL);
	if (r < 0)
		return r;
	for (size_t i = 0; i < lines->length; i++)
		room += lines->text[i] == '\n';
	lines->starts = calloc(room + 1, sizeof(*lines->starts));
	if (!lines->starts) {
		free(lines->text);
		return -ENOMEM;
	}
	for (size_t i = 0; i < lines->length; i++)
		if (lines->text[i] == '\n')
			lines->starts[++lines->count] = i + 1;
	return 0;
}

/* What named-checkconf says of some of the lines: 0, ZP_ENAMED, or why it couldn't be asked. */
static int check_lines(const struct agent_config *config, const char *candidate,
		       const struct lines *lines, size_t first, size_t behind, struct reason *why)
{
	struct subprocess_output output = {0};
	struct file_draft *draft;
	size_t start = lines->starts[first], length = lines->starts[behind] - start;
	int r;

	r = file_draft_new(candidate, SHARD_MODE, config->group, &draft);
	if (r < 0)
		return r;
	if (fwrite(lines->text + start, 1, length, file_draft_stream(draft)) == length &&
	    fflush(file_draft_stream(draft)) == 0)
		r = named_check(config, file_draft_path(draft), &output, why);
	else
		r = -EIO;
	if (r == ZP_ENAMED)
		subprocess_output_done(&output);
	file_draft_free(draft);
	return r;
}

/*
 * Steps from one bad line to the next: the shortest beginning that fails ends with one. Each costs
 * as many checks as the number of lines has binary digits.
 */
static int find_next(const struct agent_config *config, const char *candidate,
		     const struct lines *lines, size_t first, size_t *ret_bad, struct reason *why)
{
	size_t good = first, bad = lines->count;
	struct reason inner;
	int r;

	r = check_lines(config, candidate, lines, first, bad, why);
	if (r != ZP_ENAMED)
		return r;
	while (bad - good > 1) {
		size_t middle = good + (bad - good) / 2;

		r = check_lines(config, candidate, lines, first, middle, &inner);
		if (r == 0) {
			good = middle;
		} else if (r == ZP_ENAMED) {
			bad = middle;
			*why = inner;
		} else {
			return r;
		}
	}
	*ret_bad = bad - 1;
	return ZP_ENAMED;
}

int culprit_search(const struct agent_config *config, struct registry *registry,
		   const char *candidate, size_t *ret_count, struct reason *why)
{
	struct lines lines;
	size_t count = 0, next = 0, bad = 0;
	int r;

	r = load_lines(candidate, &lines);
	if (r < 0)
		return r;
	/* Where not even no zone at all would do, no zone is the culprit. */
	r = check_lines(config, candidate, &lines, 0, 0, why);
	while (r == 0 && count < CULPRIT_SEARCH_MAX) {
		r = find_next(config, candidate, &lines, next, &bad, why);
		if (r != ZP_ENAMED)
			break;
		r = mark_line(registry, lines.text + lines.starts[bad], why->text, &count);
		next = bad + 1;
	}
	free(lines.starts);
	free(lines.text);
	*ret_count = count;
	return r == ZP_ENAMED ? 0 : r;
}

int culprit_mark(const struct agent_config *config, struct registry *registry,
		 const char *candidate, const char *complaint, size_t *ret_count)
{
	struct pointer *pointers;
	size_t n_pointers;
	int r;

	pointers = calloc(CULPRIT_LINES_MAX, sizeof(*pointers));
	if (!pointers)
		return -ENOMEM;

	n_pointers = find_pointers(config, candidate, complaint, pointers);
	r = registry_begin(registry);
	if (r == 0) {
		r = mark_lines(registry, candidate, pointers, n_pointers, ret_count);
		if (r == 0)
			r = registry_commit(registry);
		if (r < 0)
			registry_rollback(registry);
	}
	free(pointers);
	return r;
}
