#include "slave-agent/litter.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/file.h"
#include "proto/log.h"

struct litter {
	const struct agent_config *config;
	struct registry *registry;
	DIR *stream; /* NULL: the next step begins anew */
	size_t removed;
};

/* What the name of a data file says. */
struct data_name {
	bool is_cut; /* the zone's name was too long */
	struct zone_name zone;
	uint64_t made;
};

int litter_new(const struct agent_config *config, struct registry *registry,
	       struct litter **ret_litter)
{
	struct litter *litter;

	litter = calloc(1, sizeof(*litter));
	if (!litter)
		return -ENOMEM;
	*litter = (struct litter){.config = config, .registry = registry};
	*ret_litter = litter;
	return 0;
}

void litter_free(struct litter *litter)
{
	if (!litter)
		return;
	if (litter->stream)
		closedir(litter->stream);
	free(litter);
}

static bool take_end(char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	if (length <= end_length || strcmp(text + length - end_length, end) != 0)
		return false;
	text[length - end_length] = '\0';
	return true;
}

/* ZONE.MADE.db, with .jnl behind it for a journal: see clause_data_path(). */
static bool parse_name(const char *file, struct data_name *ret_name)
{
	struct data_name name = {0};
	char text[NAME_MAX + 1];
	char *dot;

	snprintf(text, sizeof(text), "%s", file);
	take_end(text, ".jnl");
	dot = take_end(text, ".db") ? strrchr(text, '.') : NULL;
	if (!dot || text_parse_integer(dot + 1, 1, TEXT_INTEGER_MAX, &name.made) < 0)
		return false;
	*dot = '\0';
	name.is_cut = strchr(text, '~') != NULL;
	for (char *c = text; *c; c++)
		if (*c == '+')
			*c = '/';
	if (!name.is_cut &&
	    (zone_name_parse(text, &name.zone, NULL) < 0 || strcmp(name.zone.text, text) != 0))
		return false;
	*ret_name = name;
	return true;
}

/* Whether the file may be of a zone that is wanted, or that named hasn't let go of. */
static int is_known(struct litter *litter, const struct data_name *name, bool *ret_known)
{
	struct registry_walk *walk = NULL;
	struct registry_zone zone;
	int r;

	if (name->is_cut)
		return registry_made_is_known(litter->registry, name->made, ret_known);
	*ret_known = false;
	r = registry_walk_zone(litter->registry, &name->zone, &walk);
	while (r == 0 && (r = registry_walk_next(walk, &zone)) == 1) {
		*ret_known |=
			zone.made == name->made && (zone.present || zone.state == REGISTRY_WAITING);
		r = 0;
	}
	registry_walk_done(walk);
	return r;
}

static bool is_old(const char *path, int64_t now)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	       status.st_mtime < now - LITTER_AGE_SECONDS &&
	       status.st_ctime < now - LITTER_AGE_SECONDS;
}

static void look_at(struct litter *litter, const char *file, int64_t now)
{
	char path[PATH_MAX + NAME_MAX + 2];
	struct data_name name;
	bool known = true;

	snprintf(path, sizeof(path), "%s/%s", litter->config->data, file);
	if (!parse_name(file, &name) || !is_old(path, now) || is_known(litter, &name, &known) < 0 ||
	    known)
		return;
	if (file_remove(path) == 0)
		litter->removed++;
	else
		log_warning("litter: can't remove '%s'", path);
}

static bool end_pass(struct litter *litter)
{
	if (litter->removed > 0)
		log_notice("litter: removed %zu data files of zones that are gone from '%s'",
			   litter->removed, litter->config->data);
	litter->removed = 0;
	closedir(litter->stream);
	litter->stream = NULL;
	return true;
}

bool litter_step(struct litter *litter, int64_t now)
{
	const struct dirent *entry;

	if (!litter->stream)
		litter->stream = opendir(litter->config->data);
	if (!litter->stream)
		return true;
	for (size_t i = 0; i < LITTER_AT_ONCE; i++) {
		entry = readdir(litter->stream);
		if (!entry)
			return end_pass(litter);
		look_at(litter, entry->d_name, now);
	}
	return false;
}
