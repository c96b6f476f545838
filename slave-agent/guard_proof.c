#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/file.h"
#include "proto/log.h"
#include "slave-agent/clause.h"
#include "slave-agent/culprit.h"
#include "slave-agent/guard_private.h"
#include "slave-agent/named.h"

/* named-checkconf names all duplicates at once; other mistakes may come one after the other. */
#define PROOF_ROUNDS_MAX 8

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
int guard_find_doubles(struct guard *guard, struct reason *why)
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
	return r < 0 ? reason_fail(why, r, "can't note zones (%s)", error_text(r)) : 0;
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

/* Returns 0, -EAGAIN where zones were left out, or an error with a reason. */
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

int guard_prove(struct guard *guard, struct reason *why)
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
