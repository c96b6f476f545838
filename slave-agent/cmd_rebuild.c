#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/file.h"
#include "proto/log.h"
#include "slave-agent/clause.h"
#include "slave-agent/cmd.h"
#include "slave-agent/registry.h"
#include "slave-agent/shard.h"

#define WORKSHOP_MODE 0700
#define KEPT_MODE     0600

struct rebuilding {
	const struct agent_config *config;
	char workshop[PATH_MAX]; /* directory in which the new registry is made */
	struct registry *old;	 /* NULL: can't be read */
	struct registry *registry;
	size_t zones, masters, keyless;
};

/* What a crash, or a dry run, left of one. */
static int clear_workshop(const struct rebuilding *rebuilding)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/" REGISTRY_FILE, rebuilding->workshop);
	return file_remove(path);
}

static int open_registries(struct rebuilding *rebuilding, struct reason *why)
{
	const char *path = rebuilding->workshop;
	struct reason inner;
	int r;

	snprintf(rebuilding->workshop, sizeof(rebuilding->workshop), "%s/rebuild",
		 rebuilding->config->state);
	r = file_make_directory(rebuilding->workshop, WORKSHOP_MODE, (gid_t)-1);
	if (r == 0)
		r = clear_workshop(rebuilding);
	if (r < 0)
		return reason_fail(why, r, "can't make '%s' (%s)", path, error_text(r));
	if (registry_open_reader(rebuilding->config->state, &rebuilding->old, &inner) < 0)
		log_warning(
			"rebuild: the old registry can't be read (%s): keys of masters are lost",
			inner.text);
	r = registry_open(rebuilding->workshop, &rebuilding->registry, why);
	if (r == 0)
		r = registry_begin(rebuilding->registry);
	return r;
}

/* Masters keep their keys and settings where the old registry still tells them. */
static int carry_masters(struct rebuilding *rebuilding)
{
	struct registry_master *masters = NULL;
	size_t count = 0;
	int r;

	if (!rebuilding->old)
		return 0;
	r = registry_master_list(rebuilding->old, &masters, &count);
	if (r < 0) {
		log_warning("rebuild: the masters in the old registry can't be read");
		return 0;
	}
	for (size_t i = 0; r == 0 && i < count; i++)
		r = registry_master_add(rebuilding->registry, &masters[i]);
	rebuilding->masters = count;
	free(masters);
	return r;
}

/* The master that a line names: known, or made from the line, without a key. */
static int find_master(struct rebuilding *rebuilding, struct registry_master *master)
{
	struct registry_master found;
	int r;

	r = registry_master_find_name(rebuilding->registry, master->name, &found);
	if (r == ZP_EUNKNOWN) {
		r = registry_master_add(rebuilding->registry, master);
		if (r == 0)
			r = registry_master_find_name(rebuilding->registry, master->name, &found);
		rebuilding->masters++;
		rebuilding->keyless++;
		log_warning("rebuild: master '%s' has no key: `zonepush-agent master add %s KEY "
			    "--primaries …` lets it in again",
			    master->name, master->name);
	}
	if (r == 0)
		master->id = found.id;
	return r;
}

static int take_line(struct rebuilding *rebuilding, const struct shard_line *line)
{
	struct registry_master master;
	struct registry_zone zone;
	int r;

	r = clause_parse(line->text, line->length, &zone, &master);
	if (r == 0)
		r = find_master(rebuilding, &master);
	if (r < 0)
		return r;
	zone.master = master.id;
	rebuilding->zones++;
	return registry_zone_put(rebuilding->registry, &zone);
}

static int take_shard(struct rebuilding *rebuilding, unsigned int bucket, struct reason *why)
{
	struct text_buffer text = {0};
	struct shard_line line = {0};
	char path[PATH_MAX];
	size_t zones;
	int r;

	shard_path(rebuilding->config, bucket, path);
	r = shard_load(rebuilding->config, bucket, &text, &zones);
	while (r == 0 && shard_next_line(&text, &line))
		r = take_line(rebuilding, &line);
	text_buffer_done(&text);
	if (r < 0)
		reason_set(why, "'%s' can't be taken (%s); `zonepush-agent guard` restores shards",
			   path, error_text(r));
	return r;
}

static int fill(struct rebuilding *rebuilding, struct reason *why)
{
	int r;

	r = carry_masters(rebuilding);
	if (r < 0)
		reason_set(why, "can't carry the masters over (%s)", error_text(r));
	for (unsigned int i = 0; r == 0 && i < SHARD_COUNT; i++)
		r = take_shard(rebuilding, i, why);
	if (r < 0)
		return r;
	r = registry_commit(rebuilding->registry);
	if (r < 0)
		reason_set(why, "can't store it (%s)", registry_reason(rebuilding->registry));
	return r;
}

/* Opened and closed, a database has nothing beside it. One that is damaged is left as it is. */
static void merge_log(const struct rebuilding *rebuilding)
{
	struct registry *old = NULL;
	struct reason why;
	int r;

	r = registry_open(rebuilding->config->state, &old, &why);
	if (r < 0)
		log_warning("rebuild: %s", why.text);
	registry_free(old);
}

/*
 * The old one is kept as a copy, and stands until the new one takes its place in one step: at no
 * instant is there none. What is left beside it must not be taken for the new one's.
 */
static int keep_old(const char *place, const char *aside)
{
	static const char *const suffixes[] = {"-shm", "-wal"};
	char from[PATH_MAX + 8], to[PATH_MAX + 64];
	int r;

	r = file_copy(place, aside, KEPT_MODE, (gid_t)-1);
	for (size_t i = 0; (r == 0 || r == -ENOENT) && i < 2; i++) {
		snprintf(from, sizeof(from), "%s%s", place, suffixes[i]);
		snprintf(to, sizeof(to), "%s%s", aside, suffixes[i]);
		r = file_move(from, to);
	}
	return r == -ENOENT ? 0 : r;
}

static int put_in_place(struct rebuilding *rebuilding, struct reason *why)
{
	char made[PATH_MAX + 16], place[PATH_MAX], aside[PATH_MAX];
	bool is_readable = rebuilding->old;
	int r;

	/* Closed, a database is one file. */
	registry_free(rebuilding->registry);
	registry_free(rebuilding->old);
	rebuilding->registry = NULL;
	rebuilding->old = NULL;
	snprintf(made, sizeof(made), "%s/" REGISTRY_FILE, rebuilding->workshop);
	snprintf(place, sizeof(place), "%s/" REGISTRY_FILE, rebuilding->config->state);
	snprintf(aside, sizeof(aside), "%s/" REGISTRY_FILE ".before-%" PRId64,
		 rebuilding->config->state, clock_seconds());
	if (is_readable)
		merge_log(rebuilding);
	r = keep_old(place, aside);
	if (r == 0)
		r = file_move(made, place);
	if (r < 0)
		return reason_fail(why, r, "can't put '%s' in place of '%s' (%s)", made, place,
				   error_text(r));
	printf("The registry is made anew: %zu zones of %zu masters, %zu of them without a key.\n"
	       "The old one is kept as '%s'.\n"
	       "Masters see a new instance and send all their zones again.\n",
	       rebuilding->zones, rebuilding->masters, rebuilding->keyless, aside);
	return 0;
}

static int rebuild(const struct agent_config *config, bool dry_run, struct reason *why)
{
	struct rebuilding rebuilding = {.config = config};
	int r;

	r = open_registries(&rebuilding, why);
	if (r == 0)
		r = fill(&rebuilding, why);
	if (r == 0 && dry_run)
		printf("The shards hold %zu zones; with the old registry there would be %zu "
		       "masters, %zu of them without a key.\n",
		       rebuilding.zones, rebuilding.masters, rebuilding.keyless);
	else if (r == 0)
		r = put_in_place(&rebuilding, why);
	registry_free(rebuilding.registry);
	registry_free(rebuilding.old);
	if (dry_run && clear_workshop(&rebuilding) < 0)
		log_warning("rebuild: can't remove what is in '%s'", rebuilding.workshop);
	return r;
}

static int run(const struct agent_config *config, bool dry_run, struct reason *why)
{
	char path[PATH_MAX];
	int lock, r;

	r = cmd_become_agent(config, why);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/lock", config->state);
	lock = file_lock(path);
	if (lock == -EWOULDBLOCK)
		return reason_fail(why, lock,
				   "zonepush-agent is running on the state in '%s'; stop it first",
				   config->state);
	if (lock < 0)
		return reason_fail(why, lock, "can't lock '%s' (%s)", path, error_text(lock));
	r = rebuild(config, dry_run, why);
	close(lock);
	return r;
}

int cmd_rebuild(struct verb_call *call)
{
	struct agent_config config;
	bool dry_run = false;
	const struct verb_option options[] = {
		{"--dry-run", &dry_run, NULL},
		{NULL, NULL, NULL},
	};
	struct reason why;
	int r;

	if (!verb_parse(call, options, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	r = run(&config, dry_run, &why);
	if (r < 0)
		log_error("rebuild: %s", why.text);
	agent_config_done(&config);
	return r == 0 ? VERB_OK : VERB_FAILED;
}
