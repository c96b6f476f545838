#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "proto/log.h"
#include "slave-agent/clause.h"
#include "slave-agent/guard_private.h"
#include "slave-agent/include.h"
#include "slave-agent/shard_restore.h"

/* A copy of another shard is whole, but named would find its zones twice. */
static bool is_of_another(const struct text_buffer *shard, unsigned int bucket)
{
	struct shard_line line = {0};
	struct zone_name zone;

	while (shard_next_line(shard, &line))
		if (clause_parse_name(line.text, line.length, &zone) < 0 ||
		    zone_name_bucket(&zone) != bucket)
			return true;
	return false;
}

void guard_load(struct guard *guard)
{
	size_t zones;

	for (unsigned int i = 0; i < SHARD_COUNT; i++) {
		guard->damage[i] = shard_load(guard->config, i, &guard->shards[i], &zones);
		if (guard->damage[i] == 0 && is_of_another(&guard->shards[i], i))
			guard->damage[i] = ZP_ESYNTAX;
	}
}

bool guard_is_unused(const struct guard *guard)
{
	for (unsigned int i = 0; i < SHARD_COUNT; i++)
		if (guard->damage[i] != -ENOENT)
			return false;
	return !guard->is_included && !guard->registry;
}

static int restore(struct guard *guard, unsigned int bucket)
{
	static const char *const origins[] = {
		[SHARD_FROM_REGISTRY] = "restored as the registry has it",
		[SHARD_FROM_LINES] = "restored from its lines that are whole, and from what it was "
				     "before its last change",
	};
	struct text_buffer damaged = guard->shards[bucket], restored = {0};
	enum shard_origin origin;
	char path[PATH_MAX];
	int r;

	r = shard_restore(guard->config, guard->registry ? &guard->source : NULL, bucket, &damaged,
			  &restored, &origin);
	if (r < 0) {
		text_buffer_done(&restored);
		return r;
	}
	shard_path(guard->config, bucket, path);
	log_warning("guard: '%s' is damaged (%s): %s%s", path, error_text(guard->damage[bucket]),
		    guard->only_look ? "it can be " : "", origins[origin]);
	guard->wrong++;
	guard->is_changed[bucket] = true;
	guard->shards[bucket] = restored;
	text_buffer_done(&damaged);
	return 0;
}

int guard_restore(struct guard *guard)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < SHARD_COUNT; i++)
		if (guard->damage[i] < 0)
			r = restore(guard, i);
	return r;
}

/* The shard without the zones that can't stay. */
static int strip(struct guard *guard, unsigned int bucket)
{
	struct text_buffer *shard = &guard->shards[bucket], kept = {0};
	struct shard_line line = {0};
	struct zone_name zone;
	bool differs = false;
	int r = 0;

	while (r == 0 && shard_next_line(shard, &line)) {
		if (clause_parse_name(line.text, line.length, &zone) == 0 &&
		    name_set_has(&guard->out, zone.text))
			differs = true;
		else
			r = text_buffer_append(&kept, line.text, line.length + 1);
	}
	if (r == 0 && differs)
		r = shard_seal(&kept);
	if (r == 0 && differs) {
		text_buffer_done(shard);
		*shard = kept;
		guard->is_changed[bucket] = true;
		return 0;
	}
	text_buffer_done(&kept);
	return r;
}

int guard_strip(struct guard *guard)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && guard->out.count > 0 && i < SHARD_COUNT; i++)
		r = strip(guard, i);
	return r;
}

static int write_shards(struct guard *guard)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < SHARD_COUNT; i++) {
		if (!guard->is_changed[i])
			continue;
		r = shard_replace(guard->config, i, &guard->shards[i]);
		guard->is_changed[i] = r < 0;
	}
	return r;
}

/* The shards come first: the include may name some that aren't there yet. */
int guard_write(struct guard *guard, struct reason *why)
{
	int r;

	if (guard->only_look)
		return 0;
	r = write_shards(guard);
	if (r == 0 && !guard->is_included)
		r = include_replace(guard->config);
	if (r < 0)
		return reason_fail(why, r, "can't write beside '%s' (%s)", guard->config->include,
				   error_text(r));
	guard->is_included = true;
	return 0;
}
