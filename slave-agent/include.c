#include "slave-agent/include.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/file.h"
#include "proto/log.h"
#include "slave-agent/clause.h"
#include "slave-agent/shard.h"

#define INCLUDE_SIZE_MAX       (1024 * 1024 * 1024) /* bytes: that of version 1 held all zones */
#define INCLUDE_DIRECTORY_MODE 0750
#define DATA_DIRECTORY_MODE    0770

#define HEADER                                                                                     \
	"# Written by zonepush-agent. What is changed here, or in the files below, by hand is\n"   \
	"# overwritten. Zones of your own belong into another file: they win over those in "       \
	"these.\n"

static int render_include(const struct agent_config *config, struct text_buffer *out)
{
	char path[PATH_MAX];
	int r;

	r = text_buffer_printf(out, "%s", HEADER);
	for (unsigned int i = 0; r == 0 && i < SHARD_COUNT; i++) {
		shard_path(config, i, path);
		r = text_buffer_printf(out, "include \"%s\";\n", path);
	}
	return r;
}

static int prepare_directory(const struct agent_config *config, const char *path, mode_t mode,
			     struct reason *why)
{
	int r;

	r = file_make_directory(path, mode, config->group);
	if (r < 0)
		return reason_fail(why, r, "can't make directory '%s' (%s)", path, error_text(r));
	return 0;
}

int include_prepare_directories(const struct agent_config *config, struct reason *why)
{
	char copy[PATH_MAX], shards[PATH_MAX];
	int r;

	snprintf(copy, sizeof(copy), "%s", config->include);
	shard_directory(config, shards);
	r = prepare_directory(config, dirname(copy), INCLUDE_DIRECTORY_MODE, why);
	if (r == 0)
		r = prepare_directory(config, shards, INCLUDE_DIRECTORY_MODE, why);
	if (r == 0)
		r = prepare_directory(config, config->data, DATA_DIRECTORY_MODE, why);
	return r;
}

static void sweep_one(const char *pattern)
{
	int r;

	r = file_draft_sweep(pattern);
	if (r < 0)
		log_warning("include: can't remove drafts of '%s' (%s)", pattern, error_text(r));
}

static void sweep(const struct agent_config *config)
{
	char shards[PATH_MAX], pattern[PATH_MAX + 16];

	shard_directory(config, shards);
	snprintf(pattern, sizeof(pattern), "%s/*.conf", shards);
	sweep_one(config->include);
	sweep_one(pattern);
}

static int prepare_shards(const struct agent_config *config, struct reason *why)
{
	struct text_buffer empty = {0};
	char path[PATH_MAX];
	int r;

	r = shard_seal(&empty);
	for (unsigned int i = 0; r == 0 && i < SHARD_COUNT; i++) {
		shard_path(config, i, path);
		r = file_create(path, empty.data, empty.length, SHARD_MODE, config->group);
		if (r == -EEXIST)
			r = 0;
		if (r < 0)
			reason_set(why, "can't make '%s' (%s)", path, error_text(r));
	}
	text_buffer_done(&empty);
	return r;
}

int include_compare(const struct agent_config *config, bool *ret_is_current)
{
	struct text_buffer wanted = {0};
	size_t length = 0;
	char *text = NULL;
	int r;

	r = render_include(config, &wanted);
	if (r == 0)
		r = file_load(config->include, INCLUDE_SIZE_MAX, &text, &length, NULL);
	if (r == 0)
		*ret_is_current = length == wanted.length && memcmp(text, wanted.data, length) == 0;
	text_buffer_done(&wanted);
	free(text);
	return r;
}

int include_prepare(const struct agent_config *config, bool *ret_is_current, struct reason *why)
{
	int r;

	r = include_prepare_directories(config, why);
	if (r < 0)
		return r;
	sweep(config);
	r = prepare_shards(config, why);
	if (r < 0)
		return r;

	r = include_compare(config, ret_is_current);
	if (r == -ENOENT) {
		*ret_is_current = true;
		r = include_replace(config);
	}
	if (r < 0)
		reason_set(why, "can't make the include '%s' (%s)", config->include, error_text(r));
	return r;
}

int include_replace(const struct agent_config *config)
{
	struct text_buffer text = {0};
	int r;

	r = render_include(config, &text);
	if (r == 0)
		r = file_replace(config->include, text.data, text.length, SHARD_MODE,
				 config->group);
	text_buffer_done(&text);
	return r;
}

void include_remove_data(const struct agent_config *config, const struct zone_name *name,
			 uint64_t made)
{
	char path[PATH_MAX], journal[PATH_MAX + 4];
	int r;

	clause_data_path(config, name, made, path);
	snprintf(journal, sizeof(journal), "%s.jnl", path);
	r = file_remove(path);
	if (r == 0)
		r = file_remove(journal);
	if (r < 0)
		log_warning("include: can't remove old data '%s' (%s)", path, error_text(r));
}
