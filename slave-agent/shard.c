#include "slave-agent/shard.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/file.h"
#include "slave-agent/clause.h"

/* The last line: at most 20 digits. */
#define LAST_SIZE 128

void shard_directory(const struct agent_config *config, char ret_path[static PATH_MAX])
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", config->include);
	snprintf(ret_path, PATH_MAX, "%s/shards", dirname(copy));
}

void shard_path(const struct agent_config *config, unsigned int bucket,
		char ret_path[static PATH_MAX])
{
	char directory[PATH_MAX];

	shard_directory(config, directory);
	snprintf(ret_path, PATH_MAX, "%.4000s/%02x.conf", directory, bucket);
}

void shard_previous_path(const struct agent_config *config, unsigned int bucket,
			 char ret_path[static PATH_MAX])
{
	char directory[PATH_MAX];

	shard_directory(config, directory);
	snprintf(ret_path, PATH_MAX, "%.4000s/%02x.conf.previous", directory, bucket);
}

static int compare_masters(const void *a, const void *b)
{
	const struct registry_master *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

int shard_source_init(const struct agent_config *config, struct registry *registry,
		      const struct named_words *words, struct shard_source *ret_source)
{
	struct shard_source source = {.config = config, .registry = registry, .words = words};
	int r;

	r = registry_master_list(registry, &source.masters, &source.n_masters);
	if (r < 0)
		return r;
	qsort(source.masters, source.n_masters, sizeof(*source.masters), compare_masters);
	*ret_source = source;
	return 0;
}

void shard_source_done(struct shard_source *source)
{
	free(source->masters);
}

int shard_seal(struct text_buffer *lines)
{
	struct shard_line line = {0};
	char hex[DIGEST_HEX_SIZE];
	size_t zones = 0;

	while (shard_next_line(lines, &line))
		zones++;
	digest_file_hex(lines->data ? lines->data : "", lines->length, hex);
	return text_buffer_printf(lines, "# zones=%zu blake2b=%s\n", zones, hex);
}

int shard_render(const struct shard_source *source, unsigned int bucket, struct text_buffer *out)
{
	const struct registry_filter filter = {.bucket = &bucket};
	struct registry_walk *walk = NULL;
	struct registry_zone zone;
	int r;

	r = registry_walk_start(source->registry, &filter, &walk);
	if (r < 0)
		return r;
	while ((r = registry_walk_next(walk, &zone)) == 1) {
		const struct registry_master wanted = {.id = zone.master}, *master;

		master = bsearch(&wanted, source->masters, source->n_masters, sizeof(wanted),
				 compare_masters);
		r = master ? clause_render(source->config, source->words, &zone, master, out)
			   : ZP_EDATABASE;
		if (r < 0)
			break;
	}
	registry_walk_done(walk);
	if (r < 0)
		return r;
	return shard_seal(out);
}

bool shard_next_line(const struct text_buffer *text, struct shard_line *line)
{
	const char *at = line->text ? line->rest : text->data;
	const char *end = text->data + text->length, *stop;

	for (; at && at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			return false;
		if (strncmp(at, CLAUSE_START, strlen(CLAUSE_START)) == 0) {
			*line = (struct shard_line){at, (size_t)(stop - at), stop + 1};
			return true;
		}
	}
	return false;
}

int shard_verify(const char *text, size_t length, size_t *ret_zones)
{
	struct text_buffer lines = {.data = (char *)text, .length = length};
	char hex[DIGEST_HEX_SIZE], expected[LAST_SIZE];
	struct shard_line line = {0};
	size_t zones = 0, last;

	if (length == 0 || text[length - 1] != '\n')
		return ZP_EDIGEST;
	last = length - 1;
	while (last > 0 && text[last - 1] != '\n')
		last--;
	lines.length = last;
	while (shard_next_line(&lines, &line))
		zones++;
	digest_file_hex(text, last, hex);
	snprintf(expected, sizeof(expected), "# zones=%zu blake2b=%s\n", zones, hex);
	if (strlen(expected) != length - last || memcmp(text + last, expected, length - last) != 0)
		return ZP_EDIGEST;
	*ret_zones = zones;
	return 0;
}

int shard_read(const struct agent_config *config, unsigned int bucket, struct text_buffer *ret_text)
{
	struct text_buffer text = {0};
	char path[PATH_MAX];
	int r;

	shard_path(config, bucket, path);
	r = file_load(path, SHARD_SIZE_MAX, &text.data, &text.length, NULL);
	if (r < 0)
		return r;
	text.room = text.length + 1;
	*ret_text = text;
	return 0;
}

int shard_load(const struct agent_config *config, unsigned int bucket, struct text_buffer *ret_text,
	       size_t *ret_zones)
{
	int r;

	r = shard_read(config, bucket, ret_text);
	if (r < 0)
		return r;
	return shard_verify(ret_text->data, ret_text->length, ret_zones);
}

int shard_replace(const struct agent_config *config, unsigned int bucket,
		  const struct text_buffer *text)
{
	char path[PATH_MAX];

	shard_path(config, bucket, path);
	return file_replace(path, text->data, text->length, SHARD_MODE, config->group);
}
