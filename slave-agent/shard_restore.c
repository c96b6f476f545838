#include "slave-agent/shard_restore.h"

#include <stdlib.h>
#include <string.h>

#include "proto/file.h"
#include "slave-agent/clause.h"

/* A shard of the publisher's is whole, or it isn't there. */
static bool load_previous(const struct agent_config *config, unsigned int bucket,
			  struct text_buffer *ret_text)
{
	struct text_buffer text = {0};
	char path[PATH_MAX];
	size_t zones;

	shard_previous_path(config, bucket, path);
	if (file_load(path, SHARD_SIZE_MAX, &text.data, &text.length, NULL) < 0)
		return false;
	if (shard_verify(text.data, text.length, &zones) < 0) {
		text_buffer_done(&text);
		return false;
	}
	text.room = text.length + 1;
	*ret_text = text;
	return true;
}

/* The next line, if any, that is to be believed: in its zone's shard, and in order. */
struct sound_line {
	struct shard_line line;
	struct zone_name zone; /* "" before the first one */
	bool is_there;
};

static void step(const struct text_buffer *text, unsigned int bucket, struct sound_line *sound)
{
	struct registry_master master;
	struct registry_zone zone;

	while ((sound->is_there = shard_next_line(text, &sound->line))) {
		if (clause_parse(sound->line.text, sound->line.length, &zone, &master) < 0 ||
		    zone_name_bucket(&zone.name) != bucket ||
		    strcmp(zone.name.text, sound->zone.text) <= 0)
			continue;
		sound->zone = zone.name;
		return;
	}
}

/* The lines of both, in order of name; of one that stands in both, the first one's. */
static int merge_lines(unsigned int bucket, const struct text_buffer *first,
		       const struct text_buffer *second, struct text_buffer *ret_text)
{
	struct sound_line a = {.zone = {.text = ""}}, b = {.zone = {.text = ""}};
	int order, r = 0;

	step(first, bucket, &a);
	step(second, bucket, &b);
	while (r == 0 && (a.is_there || b.is_there)) {
		order = !a.is_there ? 1 : !b.is_there ? -1 : strcmp(a.zone.text, b.zone.text);
		if (order <= 0)
			r = text_buffer_append(ret_text, a.line.text, a.line.length + 1);
		else
			r = text_buffer_append(ret_text, b.line.text, b.line.length + 1);
		if (order <= 0)
			step(first, bucket, &a);
		if (order >= 0)
			step(second, bucket, &b);
	}
	return r;
}

int shard_restore(const struct agent_config *config, const struct shard_source *source,
		  unsigned int bucket, const struct text_buffer *damaged,
		  struct text_buffer *ret_text, enum shard_origin *ret_origin)
{
	struct text_buffer previous;
	int r;

	if (source) {
		*ret_origin = SHARD_FROM_REGISTRY;
		if (shard_render(source, bucket, ret_text) == 0)
			return 0;
		text_buffer_done(ret_text);
	}
	*ret_origin = SHARD_FROM_LINES;
	if (!load_previous(config, bucket, &previous))
		previous = (struct text_buffer){0};
	r = merge_lines(bucket, damaged, &previous, ret_text);
	if (r == 0)
		r = shard_seal(ret_text);
	text_buffer_done(&previous);
	return r;
}
