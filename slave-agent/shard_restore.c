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

/* A line in its zone's shard, and in order behind the one before it, is to be believed. */
static bool is_sound(const struct shard_line *line, unsigned int bucket, struct zone_name *last)
{
	struct registry_master master;
	struct registry_zone zone;

	if (clause_parse(line->text, line->length, &zone, &master) < 0 ||
	    zone_name_bucket(&zone.name) != bucket || strcmp(zone.name.text, last->text) <= 0)
		return false;
	*last = zone.name;
	return true;
}

static int keep_lines(unsigned int bucket, const struct text_buffer *damaged,
		      struct text_buffer *ret_text)
{
	struct zone_name last = {.text = ""};
	struct shard_line line = {0};
	int r = 0;

	while (r == 0 && shard_next_line(damaged, &line))
		if (is_sound(&line, bucket, &last))
			r = text_buffer_append(ret_text, line.text, line.length + 1);
	if (r == 0)
		r = shard_seal(ret_text);
	return r;
}

int shard_restore(const struct agent_config *config, const struct shard_source *source,
		  unsigned int bucket, const struct text_buffer *damaged,
		  struct text_buffer *ret_text, enum shard_origin *ret_origin)
{
	if (source) {
		*ret_origin = SHARD_FROM_REGISTRY;
		if (shard_render(source, bucket, ret_text) == 0)
			return 0;
		text_buffer_done(ret_text);
	}
	*ret_origin = SHARD_FROM_PREVIOUS;
	if (load_previous(config, bucket, ret_text))
		return 0;
	*ret_origin = SHARD_FROM_LINES;
	return keep_lines(bucket, damaged, ret_text);
}
