#include "slave-agent/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/file.h"
#include "proto/log.h"
#include "slave-agent/clause.h"
#include "slave-agent/culprit.h"
#include "slave-agent/include.h"
#include "slave-agent/name_set.h"
#include "slave-agent/named.h"
#include "slave-agent/registry.h"
#include "slave-agent/shard_restore.h"

/* named-checkconf names all duplicates at once; other mistakes may come one after the other. */
#define PROOF_ROUNDS_MAX 8

struct guard {
	const struct agent_config *config;
	const struct named_facts *facts;
	bool only_look;

	struct registry *registry; /* NULL: lost */
	struct shard_source source;

	struct text_buffer shards[SHARD_COUNT];
	bool is_changed[SHARD_COUNT];
	struct name_set out; /* zones that can't stay, sorted */
	size_t zones, wrong;
};

/* A registry that has no zone at all is as good as lost: shards are only damaged where some were.
 */
static void open_registry(struct guard *guard)
{
	const struct named_words *words;
	struct registry_counts counts = {0};
	char version[NAMED_VERSION_SIZE];
	struct registry *registry = NULL;
	struct reason why;
	int r;

	r = named_get_version(guard->config, version, &why);
	if (r == 0)
		r = registry_open_reader(guard->config->state, &registry, &why);
	if (r < 0) {
		log_warning("guard: %s", why.text);
		return;
	}
	words = named_get_words(version);
	r = registry_count(registry, 0, &counts);
	if (r == 0 && counts.applied + counts.waiting + counts.failing > 0)
		r = shard_source_init(guard->config, registry, words, &guard->source);
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

static int restore(struct guard *guard, unsigned int bucket, int damage)
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
	log_warning("guard: '%s' is damaged (%s): %s%s", path, error_text(damage),
		    guard->only_look ? "it can be " : "", origins[origin]);
	guard->wrong++;
	guard->is_changed[bucket] = true;
	guard->shards[bucket] = restored;
	text_buffer_done(&damaged);
	return 0;
}

static int load_shards(struct guard *guard)
{
	struct shard_line line;
	size_t zones;
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < SHARD_COUNT; i++) {
		r = shard_load(guard->config, i, &guard->shards[i], &zones);
		if (r < 0)
			r = restore(guard, i, r);
		line = (struct shard_line){0};
		while (shard_next_line(&guard->shards[i], &line))
			guard->zones++;
	}
	return r;
}

static int leave_out(struct guard *guard, const struct zone_name *zone, const char *words)
{
	log_warning("guard: zone '%s' keeps named from starting (%s)%s", zone->text, words,
		    guard->only_look ? "" : ": it is left out");
	guard->wrong++;
	return name_set_add(&guard->out, zone->text);
}

static int leave_out_culprit(void *context, const struct zone_name *zone, enum problem_type problem,
			     const char *words)
{
	(void)problem;
	return leave_out(context, zone, words);
}

static const char *find_double(const struct guard *guard, const struct zone_name *zone)
{
	if (named_facts_has_zone(guard->facts, zone))
		return "named's configuration has a zone of this name by hand";
	if (named_facts_has_runtime_zone(guard->facts, zone))
		return "another tool made it at runtime, with rndc addzone";
	return NULL;
}

/* Does it for the zones of all shards that stay. */
typedef int visit_line(struct guard *guard, const struct shard_line *line,
		       const struct zone_name *zone, void *context);
static int each_line(struct guard *guard, visit_line *visit, void *context)
{
	struct zone_name zone;
	int r = 0;

	for (unsigned int i = 0; i < SHARD_COUNT; i++) {
		struct shard_line line = {0};

		while (r == 0 && shard_next_line(&guard->shards[i], &line))
			if (clause_parse_name(line.text, line.length, &zone) == 0 &&
			    !name_set_has(&guard->out, zone.text))
				r = visit(guard, &line, &zone, context);
	}
	return r;
}

static int collect_double(struct guard *guard, const struct shard_line *line,
			  const struct zone_name *zone, void *context)
{
	struct name_set *doubles = context;

	(void)line;
	return find_double(guard, zone) ? name_set_add(doubles, zone->text) : 0;
}

/* named-checkconf doesn't know what named has at runtime, and names only so many at a time. */
static int leave_out_doubles(struct guard *guard)
{
	struct name_set doubles = {0};
	struct zone_name zone;
	int r;

	r = each_line(guard, collect_double, &doubles);
	for (size_t i = 0; r == 0 && i < doubles.count; i++) {
		snprintf(zone.text, sizeof(zone.text), "%s", doubles.text + doubles.starts[i]);
		r = leave_out(guard, &zone, find_double(guard, &zone));
	}
	name_set_done(&doubles);
	name_set_sort(&guard->out);
	return r;
}

static int write_line(struct guard *guard, const struct shard_line *line,
		      const struct zone_name *zone, void *context)
{
	(void)guard;
	(void)zone;
	return fwrite(line->text, line->length + 1, 1, context) == 1 ? 0 : -EIO;
}

static int draft_candidate(struct guard *guard, struct file_draft **ret_draft)
{
	char directory[PATH_MAX], path[PATH_MAX];
	struct file_draft *draft;
	int r;

	shard_directory(guard->config, directory);
	snprintf(path, sizeof(path), "%.4000s/guard.conf", directory);
	r = file_draft_new(path, SHARD_MODE, guard->config->group, &draft);
	if (r < 0)
		return r;
	r = each_line(guard, write_line, file_draft_stream(draft));
	if (r == 0 && fflush(file_draft_stream(draft)) != 0)
		r = -errno;
	if (r < 0)
		file_draft_free(draft);
	else
		*ret_draft = draft;
	return r;
}

/* Has named-checkconf judge the candidate. Returns 0, -EAGAIN where zones were left out, or why. */
static int judge(struct guard *guard, const char *candidate, struct reason *why)
{
	struct subprocess_output complaint;
	size_t culprits = 0;
	int r, found;

	r = named_check(guard->config, candidate, &complaint, why);
	if (r != ZP_ENAMED)
		return r;
	found = culprit_find(guard->config, candidate, complaint.text, leave_out_culprit, guard,
			     &culprits);
	if (found == 0 && culprits == 0)
		found = culprit_search(guard->config, candidate, leave_out_culprit, guard,
				       &culprits, why);
	subprocess_output_done(&complaint);
	name_set_sort(&guard->out);
	if (found < 0)
		return found;
	return culprits > 0 ? -EAGAIN : ZP_ENAMED;
}

/* Leaves out what named wouldn't take, until it would take the rest. */
static int prove(struct guard *guard, struct reason *why)
{
	struct file_draft *draft;
	int r = -EAGAIN;

	for (int round = 0; r == -EAGAIN && round < PROOF_ROUNDS_MAX; round++) {
		r = draft_candidate(guard, &draft);
		if (r < 0)
			return reason_fail(why, r, "can't write beside '%s' (%s)",
					   guard->config->include, error_text(r));
		r = judge(guard, file_draft_path(draft), why);
		file_draft_free(draft);
	}
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

static int write_shards(struct guard *guard)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < SHARD_COUNT; i++) {
		if (guard->out.count > 0)
			r = strip(guard, i);
		if (r == 0 && guard->is_changed[i])
			r = shard_replace(guard->config, i, &guard->shards[i]);
	}
	return r;
}

/* One of an older version may hold zones that no shard has yet: it is the agent's to replace. */
static int mend_include(struct guard *guard)
{
	bool is_current = false;
	int r;

	r = include_compare(guard->config, &is_current);
	if (r == 0 && (is_current || guard->zones == 0))
		return 0;
	log_warning("guard: '%s' isn't what it should be%s", guard->config->include,
		    guard->only_look ? "" : ": it is written anew");
	guard->wrong++;
	return guard->only_look ? 0 : include_replace(guard->config);
}

static int mend(struct guard *guard, struct reason *why)
{
	int r = 0;

	if (!guard->only_look)
		r = write_shards(guard);
	if (r == 0)
		r = mend_include(guard);
	if (r < 0)
		reason_set(why, "can't write beside '%s' (%s)", guard->config->include,
			   error_text(r));
	return r;
}

static int run(struct guard *guard, struct reason *why)
{
	int r = 0, proved = 0;

	if (!guard->only_look)
		r = include_prepare_directories(guard->config, why);
	if (r < 0)
		return r;
	open_registry(guard);
	r = load_shards(guard);
	if (r == 0 && guard->facts)
		r = leave_out_doubles(guard);
	if (r < 0)
		return reason_fail(why, r, "can't look at the shards beside '%s' (%s)",
				   guard->config->include, error_text(r));
	if (guard->facts)
		proved = prove(guard, why);
	/* What is mended so far is good, whatever else is wrong. */
	r = proved < 0 ? mend(guard, &(struct reason){.text = ""}) : mend(guard, why);
	return proved < 0 ? proved : r;
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
