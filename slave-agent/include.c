#include "slave-agent/include.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/log.h"

#define INCLUDE_MODE	       0640
#define INCLUDE_SIZE_MAX       (1024 * 1024 * 1024) /* bytes */
#define INCLUDE_DIRECTORY_MODE 02750
#define DATA_DIRECTORY_MODE    02770

/* Longest name that fits a file name (255) with ".", 16 digits, ".db" and ".jnl". */
#define NAME_PLAIN_MAX	230
#define NAME_CUT_LENGTH 150

#define HEADER                                                                                     \
	"# Written by zonepush-agent. What is changed here by hand is overwritten.\n"              \
	"# Zones of your own belong into another file: they win over those in this one.\n"

static int prepare_directory(const struct agent_config *config, const char *path, mode_t mode,
			     struct reason *why)
{
	int r;

	r = file_make_directory(path, mode, config->group);
	if (r < 0)
		return reason_fail(why, r, "can't make directory '%s' (%s)", path, error_text(r));
	return 0;
}

int include_prepare(const struct agent_config *config, struct reason *why)
{
	char copy[PATH_MAX];
	int r;

	snprintf(copy, sizeof(copy), "%s", config->include);
	r = prepare_directory(config, dirname(copy), INCLUDE_DIRECTORY_MODE, why);
	if (r == 0)
		r = prepare_directory(config, config->data, DATA_DIRECTORY_MODE, why);
	if (r < 0)
		return r;

	r = file_draft_sweep(config->include);
	if (r < 0)
		log_warning("include: can't remove drafts beside '%s' (%s)", config->include,
			    error_text(r));
	r = file_create(config->include, HEADER, strlen(HEADER), INCLUDE_MODE, config->group);
	if (r < 0 && r != -EEXIST)
		return reason_fail(why, r, "can't make the include '%s' (%s)", config->include,
				   error_text(r));
	return 0;
}

void include_data_path(const struct agent_config *config, const struct zone_name *name,
		       uint64_t made, char ret_path[static PATH_MAX])
{
	char stem[ZONE_NAME_MAX + 1], hex[DIGEST_HEX_SIZE];
	size_t length = strlen(name->text);

	snprintf(stem, sizeof(stem), "%s", name->text);
	for (char *c = stem; *c; c++)
		if (*c == '/')
			*c = '+';

	if (length <= NAME_PLAIN_MAX) {
		snprintf(ret_path, PATH_MAX, "%s/%s.%" PRIu64 ".db", config->data, stem, made);
		return;
	}
	digest_hex(name->text, length, hex);
	snprintf(ret_path, PATH_MAX, "%s/%.*s~%s.%" PRIu64 ".db", config->data, NAME_CUT_LENGTH,
		 stem, hex, made);
}

void include_remove_data(const struct agent_config *config, const struct zone_name *name,
			 uint64_t made)
{
	char path[PATH_MAX], journal[PATH_MAX + 4];
	int r;

	include_data_path(config, name, made, path);
	snprintf(journal, sizeof(journal), "%s.jnl", path);
	r = file_remove(path);
	if (r == 0)
		r = file_remove(journal);
	if (r < 0)
		log_warning("include: can't remove old data '%s' (%s)", path, error_text(r));
}

static const struct registry_master *find_master(const struct registry_master *masters,
						 size_t n_masters, int64_t id)
{
	for (size_t i = 0; i < n_masters; i++)
		if (masters[i].id == id)
			return &masters[i];
	return NULL;
}

static void write_zone(const struct agent_config *config, const struct named_words *words,
		       const struct registry_zone *zone, const struct registry_master *master,
		       FILE *out)
{
	char path[PATH_MAX];

	include_data_path(config, &zone->name, zone->made, path);
	fprintf(out, "zone \"%s\" { type %s; file \"%s\"; %s {", zone->name.text, words->secondary,
		path, words->primaries);
	for (size_t i = 0; i < master->n_primaries; i++)
		fprintf(out, " %s port %u;", master->primaries[i].host,
			(unsigned int)master->primaries[i].port);
	fprintf(out, " }; }; # master=%s made=%" PRIu64 "\n", master->name, zone->made);
}

static int write_zones(const struct agent_config *config, struct registry *registry,
		       const struct named_words *words, FILE *out)
{
	const struct registry_filter filter = {0};
	struct registry_master *masters = NULL;
	const struct registry_master *master;
	struct registry_walk *walk = NULL;
	struct registry_zone zone;
	size_t n_masters = 0;
	int r;

	r = registry_master_list(registry, &masters, &n_masters);
	if (r < 0)
		return r;

	r = registry_walk_start(registry, &filter, &walk);
	if (r < 0)
		goto out;
	while ((r = registry_walk_next(walk, &zone)) == 1) {
		master = find_master(masters, n_masters, zone.master);
		if (!master) {
			r = ZP_EDATABASE;
			break;
		}
		write_zone(config, words, &zone, master, out);
	}
out:
	registry_walk_done(walk);
	free(masters);
	return r;
}

int include_render(const struct agent_config *config, struct registry *registry,
		   const struct named_words *words, struct file_draft **ret_draft)
{
	struct file_draft *draft = NULL;
	int r;

	r = file_draft_new(config->include, INCLUDE_MODE, config->group, &draft);
	if (r < 0)
		return r;
	fputs(HEADER, file_draft_stream(draft));
	r = write_zones(config, registry, words, file_draft_stream(draft));
	if (r == 0)
		r = file_draft_seal(draft);
	if (r < 0) {
		file_draft_free(draft);
		return r;
	}
	*ret_draft = draft;
	return 0;
}

static bool streams_are_equal(FILE *a, FILE *b)
{
	char left[16384], right[16384];
	size_t n_left, n_right;

	do {
		n_left = fread(left, 1, sizeof(left), a);
		n_right = fread(right, 1, sizeof(right), b);
		if (n_left != n_right || memcmp(left, right, n_left) != 0)
			return false;
	} while (n_left > 0);
	return !ferror(a) && !ferror(b);
}

bool include_is_current(const struct agent_config *config, const struct file_draft *draft)
{
	FILE *current, *candidate;
	bool equal = false;

	current = fopen(config->include, "re");
	candidate = fopen(file_draft_path(draft), "re");
	if (current && candidate)
		equal = streams_are_equal(current, candidate);
	if (current)
		fclose(current);
	if (candidate)
		fclose(candidate);
	return equal;
}

static void kept_path(const struct agent_config *config, char ret_path[static PATH_MAX])
{
	snprintf(ret_path, PATH_MAX, "%s.previous", config->include);
}

int include_publish(const struct agent_config *config, struct file_draft *draft)
{
	char kept[PATH_MAX];

	kept_path(config, kept);
	return file_draft_publish(draft, kept);
}

int include_restore(const struct agent_config *config)
{
	char kept[PATH_MAX], *text = NULL;
	size_t length = 0;
	int r;

	kept_path(config, kept);
	r = file_load(kept, INCLUDE_SIZE_MAX, &text, &length, NULL);
	if (r == 0)
		r = file_replace(config->include, text, length, INCLUDE_MODE, config->group);
	free(text);
	return r;
}

bool include_read_zone(const char *line, struct zone_name *ret_name)
{
	static const char start[] = "zone \"";
	char text[ZONE_NAME_MAX + 1];
	size_t length;

	if (strncmp(line, start, strlen(start)) != 0)
		return false;
	line += strlen(start);
	length = strcspn(line, "\"");
	if (length > ZONE_NAME_MAX)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)length, line);
	return zone_name_parse(text, ret_name, NULL) == 0;
}
