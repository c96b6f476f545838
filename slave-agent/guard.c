#include "slave-agent/guard.h"

#include <unistd.h>

#include "proto/log.h"
#include "slave-agent/guard_private.h"
#include "slave-agent/include.h"
#include "slave-agent/named.h"
#include "slave-agent/registry.h"

/* A registry that has no zone at all is as good as lost: shards are only damaged where some were.
 */
static bool has_zones(struct registry *registry)
{
	struct registry_counts counts;
	int r;

	r = registry_count(registry, 0, &counts);
	return r == 0 && counts.applied + counts.waiting + counts.failing > 0;
}

static void open_registry(struct guard *guard, struct reason *why)
{
	char version[NAMED_VERSION_SIZE];
	struct registry *registry = NULL;
	int r;

	r = named_get_version(guard->config, version, why);
	if (r == 0)
		r = registry_open_reader(guard->config->state, &registry, why);
	if (r < 0)
		return;
	reason_set(why, "the registry in '%s' has no zones", guard->config->state);
	if (has_zones(registry))
		r = shard_source_init(guard->config, registry, named_get_words(version),
				      &guard->source);
	else
		r = ZP_EUNKNOWN;
	if (r == 0)
		guard->registry = registry;
	else
		registry_free(registry);
}

static void close_registry(struct guard *guard)
{
	if (guard->registry)
		shard_source_done(&guard->source);
	registry_free(guard->registry);
}

static bool has_damage(const struct guard *guard)
{
	for (unsigned int i = 0; i < SHARD_COUNT; i++)
		if (guard->damage[i] < 0)
			return true;
	return false;
}

/* An include that can't even be read isn't what it should be. */
static void look_at_include(struct guard *guard)
{
	int r;

	r = include_compare(guard->config, &guard->is_included);
	if (r < 0)
		guard->is_included = false;
}

/* named's configuration may name the include before there is one. */
static void report_unused(struct guard *guard)
{
	if (!guard->facts || access(guard->config->include, F_OK) == 0) {
		log_info("guard: nothing has been published here yet");
		return;
	}
	log_warning("guard: named's configuration includes '%s', which isn't there; "
		    "start zonepush-agent, which makes it",
		    guard->config->include);
	guard->wrong++;
}

static int restore(struct guard *guard, const struct reason *lost, struct reason *why)
{
	int r;

	if (!guard->is_included) {
		log_warning("guard: '%s' isn't what it should be%s", guard->config->include,
			    guard->only_look ? "" : ": it is written anew");
		guard->wrong++;
	}
	if (has_damage(guard) && !guard->registry)
		log_warning("guard: %s", lost->text);
	r = guard_restore(guard);
	return r < 0 ? reason_fail(why, r, "can't restore shards (%s)", error_text(r)) : 0;
}

/* Without the zones that were found so far. */
static int put_in_force(struct guard *guard, struct reason *why)
{
	int r = 0;

	if (!guard->only_look)
		r = include_prepare_directories(guard->config, why);
	if (r < 0)
		return r;
	r = guard_strip(guard);
	if (r < 0)
		return reason_fail(why, r, "can't change shards (%s)", error_text(r));
	return guard_write(guard, why);
}

/*
 * The proof comes last, for it may take long, and who waits for named may end it: what was found
 * before is in force then.
 */
static int run(struct guard *guard, struct reason *why)
{
	struct reason lost = {.text = ""}, unproved;
	int r, proved;

	guard_load(guard);
	look_at_include(guard);
	if (has_damage(guard))
		open_registry(guard, &lost);
	if (guard_is_unused(guard)) {
		report_unused(guard);
		return 0;
	}
	r = restore(guard, &lost, why);
	if (r == 0 && guard->facts)
		r = guard_find_doubles(guard, why);
	if (r == 0)
		r = put_in_force(guard, why);
	if (r < 0 || !guard->facts)
		return r;

	proved = guard_prove(guard, &unproved);
	r = put_in_force(guard, why);
	if (proved < 0) {
		*why = unproved;
		r = proved;
	}
	return r;
}

int guard_run(const struct agent_config *config, const struct named_facts *facts, bool only_look,
	      size_t *ret_wrong, struct reason *why)
{
	struct guard guard = {.config = config, .facts = facts, .only_look = only_look};
	int r;

	r = run(&guard, why);
	*ret_wrong = guard.wrong;
	close_registry(&guard);
	for (unsigned int i = 0; i < SHARD_COUNT; i++)
		text_buffer_done(&guard.shards[i]);
	name_set_done(&guard.out);
	return r;
}
