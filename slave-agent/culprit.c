#include "slave-agent/culprit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/file.h"
#include "slave-agent/clause.h"
#include "slave-agent/named.h"
#include "slave-agent/shard.h"

/* A line of the candidate, and the line of the complaint that points at it. */
struct pointer {
	unsigned long line;
	char words[CULPRIT_WORDS_SIZE];
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
			/* Its lines are none of the file that is named instead. */
			if (text[known] == ':')
				known += 1 + strspn(text + known + 1, "0123456789");
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

/* named-checkconf's words for a zone that is defined twice; ours is one, an administrator's the
 * other. */
static enum problem_type find_problem(const char *words)
{
	return strstr(words, "already exists") ? PROBLEM_BY_HAND : PROBLEM_NAMED_REFUSED;
}

/* Who is told of what was found, and how much that was. */
struct finding {
	culprit_visit *visit;
	void *context;
	size_t count;
};

static int show(struct finding *finding, const char *line, const char *words)
{
	struct zone_name name;

	if (clause_parse_name(line, strlen(line), &name) < 0)
		return 0;
	finding->count++;
	return finding->visit(finding->context, &name, find_problem(words), words);
}

/* Walks through the candidate once and shows the zones in the lines that were pointed at. */
static int show_lines(struct finding *finding, const char *candidate,
		      const struct pointer pointers[], size_t n_pointers)
{
	unsigned long number = 0;
	size_t next = 0, room = 0;
	char *line = NULL;
	FILE *file;
	int r = 0;

	file = fopen(candidate, "re");
	if (!file)
		return -errno;
	while (r == 0 && next < n_pointers && getline(&line, &room, file) >= 0) {
		number++;
		if (pointers[next].line == number)
			r = show(finding, line, pointers[next].words);
		while (next < n_pointers && pointers[next].line <= number)
			next++;
	}
	free(line);
	fclose(file);
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

int culprit_search(const struct agent_config *config, const char *candidate, culprit_visit *visit,
		   void *context, size_t *ret_count, struct reason *why)
{
	struct finding finding = {visit, context, 0};
	struct lines lines;
	size_t next = 0, bad = 0;
	int r;

	r = load_lines(candidate, &lines);
	if (r < 0)
		return r;
	/* Where not even no zone at all would do, no zone is the culprit. */
	r = check_lines(config, candidate, &lines, 0, 0, why);
	while (r == 0 && finding.count < CULPRIT_SEARCH_MAX) {
		r = find_next(config, candidate, &lines, next, &bad, why);
		if (r != ZP_ENAMED)
			break;
		r = show(&finding, lines.text + lines.starts[bad], why->text);
		next = bad + 1;
	}
	free(lines.starts);
	free(lines.text);
	*ret_count = finding.count;
	return r == ZP_ENAMED ? 0 : r;
}

int culprit_find(const struct agent_config *config, const char *candidate, const char *complaint,
		 culprit_visit *visit, void *context, size_t *ret_count)
{
	struct finding finding = {visit, context, 0};
	struct pointer *pointers;
	size_t n_pointers;
	int r;

	pointers = calloc(CULPRIT_LINES_MAX, sizeof(*pointers));
	if (!pointers)
		return -ENOMEM;
	n_pointers = find_pointers(config, candidate, complaint, pointers);
	r = show_lines(&finding, candidate, pointers, n_pointers);
	free(pointers);
	*ret_count = finding.count;
	return r;
}
