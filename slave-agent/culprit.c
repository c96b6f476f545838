#include "slave-agent/culprit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/log.h"
#include "proto/problem.h"
#include "slave-agent/include.h"

/* A line of the candidate, and the line of the complaint that points at it. */
struct pointer {
	unsigned long line;
	char words[REGISTRY_ERROR_MAX];
};

/* What an administrator reads must not name our temporary files. */
static void append_words(const struct agent_config *config, const char *candidate, const char *text,
			 size_t length, char *ret_words, size_t size)
{
	static const char input[] = "/dev/stdin";
	size_t used = 0;
	int n;

	ret_words[0] = '\0';
	while (length > 0 && used + 1 < size) {
		size_t known = 1;

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

static int mark_zone(struct registry *registry, const char *line, const char *words, size_t *count)
{
	struct zone_name name;
	int r;

	if (!include_read_zone(line, &name))
		return 0;
	r = registry_mark_failing(registry, &name, problem_word(PROBLEM_NAMED_REFUSED), words);
	if (r < 0)
		return r;
	log_warning("publish: named's configuration can't hold zone '%s' (%s)", name.text, words);
	(*count)++;
	return 0;
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
			r = mark_zone(registry, line, pointers[next].words, &count);
		while (next < n_pointers && pointers[next].line <= number)
			next++;
	}
	free(line);
	fclose(file);
	if (r == 0)
		*ret_count = count;
	return r;
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
