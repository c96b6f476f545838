#include "slave-agent/publication.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "slave-agent/clause.h"

/* In order of name: the `"` behind a name sorts before all that can stand in one. */
static int compare_lines(const struct shard_line *a, const struct shard_line *b)
{
	size_t length = a->length < b->length ? a->length : b->length;
	const char *end =
		memchr(a->text + strlen(CLAUSE_START), '"', a->length - strlen(CLAUSE_START));

	if (end && (size_t)(end - a->text) + 1 < length)
		length = (size_t)(end - a->text) + 1;
	return memcmp(a->text, b->text, length);
}

static bool lines_are_equal(const struct shard_line *a, const struct shard_line *b)
{
	return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static int add_to_fragment(struct publication *publication, const struct shard_line *line)
{
	FILE *out = file_draft_stream(publication->fragment);

	if (fwrite(line->text, 1, line->length, out) != line->length || fputc('\n', out) == EOF)
		return -EIO;
	publication->in_fragment++;
	return 0;
}

/* A zone leaves. Whether somebody said so, the registry knows: it keeps deletions for a time. */
static int note_removed(struct publication *publication, const struct shard_line *line)
{
	struct zone_name name;
	bool is_known = false;
	int r;

	publication->removed++;
	r = clause_parse_name(line->text, line->length, &name);
	if (r == 0)
		r = registry_zone_is_known(publication->source->registry, &name, &is_known);
	if (r == 0 && !is_known)
		publication->lost++;
	return r == ZP_ESYNTAX ? 0 : r;
}

/* Walks through both lists of lines, which are in order of name, once. */
static int compare_texts(struct publication *publication, const struct text_buffer *before,
			 const struct text_buffer *after, bool whole)
{
	struct shard_line old = {0}, new = {0};
	bool has_old = shard_next_line(before, &old), has_new = shard_next_line(after, &new);
	int order, r = 0;

	while (r == 0 && (has_old || has_new)) {
		order = !has_old ? 1 : !has_new ? -1 : compare_lines(&old, &new);
		if (order < 0) {
			r = note_removed(publication, &old);
		} else if (order > 0 || !lines_are_equal(&old, &new)) {
			publication->added++;
			r = add_to_fragment(publication, &new);
		} else if (whole) {
			r = add_to_fragment(publication, &new);
		}
		publication->before += has_old && order <= 0;
		if (order <= 0)
			has_old = shard_next_line(before, &old);
		if (order >= 0)
			has_new = shard_next_line(after, &new);
	}
	return r;
}

static int draft_shard(struct publication *publication, unsigned int bucket,
		       const struct text_buffer *text)
{
	const struct agent_config *config = publication->source->config;
	struct file_draft *draft;
	char path[PATH_MAX];
	int r;

	shard_path(config, bucket, path);
	r = file_draft_new(path, SHARD_MODE, config->group, &draft);
	if (r < 0)
		return r;
	if (fwrite(text->data, 1, text->length, file_draft_stream(draft)) == text->length)
		r = file_draft_seal(draft);
	else
		r = -EIO;
	if (r < 0)
		file_draft_free(draft);
	else
		publication->drafts[bucket] = draft;
	return r;
}

static int prepare_shard(struct publication *publication, unsigned int bucket, bool whole)
{
	struct text_buffer before = {0}, after = {0};
	int r;

	/* A damaged one isn't told apart: it differs from what is rendered. */
	r = shard_read(publication->source->config, bucket, &before);
	if (r < 0 && r != -ENOENT)
		return r;

	r = shard_render(publication->source, bucket, &after);
	if (r == 0)
		r = compare_texts(publication, &before, &after, whole);
	if (r == 0 &&
	    (before.length != after.length || memcmp(before.data, after.data, after.length) != 0))
		r = draft_shard(publication, bucket, &after);
	text_buffer_done(&before);
	text_buffer_done(&after);
	return r;
}

/* Readable for named-checkconf; it is never in force, so it needn't be durable. */
static int open_fragment(struct publication *publication)
{
	const struct agent_config *config = publication->source->config;
	char directory[PATH_MAX], path[PATH_MAX];

	shard_directory(config, directory);
	snprintf(path, sizeof(path), "%.4000s/fragment.conf", directory);
	return file_draft_new(path, SHARD_MODE, config->group, &publication->fragment);
}

int publication_prepare(const struct shard_source *source, const bool buckets[static SHARD_COUNT],
			bool whole, struct publication *ret_publication, struct reason *why)
{
	struct publication publication = {.source = source};
	int r;

	r = open_fragment(&publication);
	for (unsigned int i = 0; r == 0 && i < SHARD_COUNT; i++)
		if (buckets[i])
			r = prepare_shard(&publication, i, whole);
	if (r == 0 && fflush(file_draft_stream(publication.fragment)) != 0)
		r = -errno;
	if (r < 0) {
		publication_done(&publication);
		return reason_fail(why, r, "can't write new files beside '%s' (%s)",
				   source->config->include,
				   r == ZP_EDATABASE || r == ZP_EDAMAGED
					   ? registry_reason(source->registry)
					   : error_text(r));
	}
	*ret_publication = publication;
	return 0;
}

void publication_done(struct publication *publication)
{
	file_draft_free(publication->fragment);
	for (unsigned int i = 0; i < SHARD_COUNT; i++)
		file_draft_free(publication->drafts[i]);
}

bool publication_is_empty(const struct publication *publication)
{
	for (unsigned int i = 0; i < SHARD_COUNT; i++)
		if (publication->drafts[i])
			return false;
	return true;
}

int publication_commit(struct publication *publication)
{
	const struct agent_config *config = publication->source->config;
	char directory[PATH_MAX], previous[PATH_MAX];
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < SHARD_COUNT; i++) {
		if (!publication->drafts[i])
			continue;
		shard_previous_path(config, i, previous);
		r = file_draft_place(publication->drafts[i], previous);
	}
	if (r < 0)
		return r;
	shard_directory(config, directory);
	return file_sync_directory(directory);
}

int publication_roll_back(struct publication *publication)
{
	const struct agent_config *config = publication->source->config;
	struct text_buffer text = {0};
	char previous[PATH_MAX];
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < SHARD_COUNT; i++) {
		if (!publication->drafts[i])
			continue;
		shard_previous_path(config, i, previous);
		r = file_load(previous, SHARD_SIZE_MAX, &text.data, &text.length, NULL);
		if (r == 0)
			r = shard_replace(config, i, &text);
		text_buffer_done(&text);
	}
	return r;
}
