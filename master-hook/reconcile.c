#include "master-hook/reconcile.h"

#include <errno.h>
#include <stdio.h>

#include "proto/clock.h"

/* Zones in one transaction: some ten milliseconds, for which a hook has to wait. */
#define CHUNK_ZONES 500

/* A comparison with a list, and what can't be expected to be on it. */
struct sorting {
	struct reconcile_plan *plan;
	struct name_set exempt;
};

static int sort_out(void *context, const char *name, bool is_left)
{
	struct sorting *sorting = context;

	if (is_left)
		return name_set_add(&sorting->plan->added, name);
	if (name_set_has(&sorting->exempt, name))
		return 0;
	return name_set_add(&sorting->plan->absent, name);
}

static int compare_list(struct outbox *outbox, const struct sync_list *list,
			struct reconcile_plan *plan)
{
	struct sorting sorting = {.plan = plan};
	int r = 0;

	if (list->lacks_pointers)
		r = outbox_snapshot_list_pointers(outbox, &sorting.exempt);
	if (r == 0)
		r = name_set_compare(&list->names, &plan->wanted, sort_out, &sorting);
	name_set_done(&sorting.exempt);
	return r;
}

/* Long enough, on lists enough, this one included. */
static int is_overdue(struct outbox *outbox, const char *zone,
		      const struct reconcile_options *options, bool *ret_overdue)
{
	int64_t now = (int64_t)(clock_microseconds() / 1000);
	struct outbox_absence absence;
	int r;

	r = outbox_absent_find(outbox, zone, &absence);
	if (r == 0)
		*ret_overdue = options->absent_after > 0 && absence.since > 0 &&
			       now - absence.since >= (int64_t)options->absent_after &&
			       absence.lists + 1 >= RECONCILE_LISTS_MIN;
	return r;
}

static bool is_too_much(size_t deletions, uint64_t of)
{
	return deletions > RECONCILE_FREE_DELETIONS && (uint64_t)deletions * 10 > of;
}

static int choose_deletions(struct outbox *outbox, const struct sync_list *list,
			    const struct reconcile_options *options, struct reconcile_plan *plan)
{
	bool is_chosen = options->prune;
	int r = 0;

	if (!list->is_good || (!options->prune && !options->prune_overdue))
		return 0;
	for (size_t i = 0; r == 0 && i < plan->absent.count; i++) {
		const char *zone = name_set_get(&plan->absent, i);

		if (!options->prune)
			r = is_overdue(outbox, zone, options, &is_chosen);
		if (r == 0 && is_chosen)
			r = name_set_add(&plan->deleted, zone);
	}
	if (r == 0 && !options->force && is_too_much(plan->deleted.count, plan->wanted.count)) {
		plan->held_back = plan->deleted.count;
		name_set_done(&plan->deleted);
	}
	return r;
}

static int set_target(struct reconcile_plan *plan)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->added.count; i++)
		r = name_set_add(&plan->target, name_set_get(&plan->added, i));
	for (size_t i = 0; r == 0 && i < plan->wanted.count; i++)
		if (!name_set_has(&plan->deleted, name_set_get(&plan->wanted, i)))
			r = name_set_add(&plan->target, name_set_get(&plan->wanted, i));
	name_set_sort(&plan->target);
	return r;
}

int reconcile_plan(struct outbox *outbox, const struct sync_list *list,
		   const struct reconcile_options *options, struct reconcile_plan *plan,
		   struct reason *why)
{
	int r;

	*plan = (struct reconcile_plan){0};
	r = outbox_snapshot_list(outbox, &plan->wanted);
	if (r == 0 && list)
		r = compare_list(outbox, list, plan);
	if (r == 0 && list)
		r = choose_deletions(outbox, list, options, plan);
	if (r == 0)
		r = set_target(plan);
	if (r == ZP_EDATABASE || r == ZP_EDAMAGED)
		return reason_fail(why, r, "the outbox failed (%s)", outbox_reason(outbox));
	return r < 0 ? reason_fail(why, r, "%s", error_text(r)) : 0;
}

void reconcile_plan_done(struct reconcile_plan *plan)
{
	name_set_done(&plan->wanted);
	name_set_done(&plan->added);
	name_set_done(&plan->absent);
	name_set_done(&plan->deleted);
	name_set_done(&plan->target);
}

bool reconcile_is_doubtful(const struct sync_list *list, const struct reconcile_plan *plan)
{
	return !list->is_good && plan->wanted.count > 0;
}

static int judge_zone(struct outbox *outbox, const char *zone, uint64_t generation,
		      struct reconcile_surplus *surplus)
{
	enum outbox_known known;
	uint64_t last = 0;
	int r;

	r = outbox_snapshot_find(outbox, zone, &known, &last);
	if (r < 0)
		return r;
	if (known == OUTBOX_UNKNOWN)
		return name_set_add(&surplus->strays, zone);
	if (known == OUTBOX_DELETED && generation > last)
		return name_set_add(&surplus->disputed, zone);
	return name_set_add(&surplus->gone, zone);
}

int reconcile_judge(struct outbox *outbox, const struct sync_list *list,
		    const struct reconcile_options *options, const struct compare_slave *slave,
		    struct reconcile_surplus *surplus)
{
	size_t strays;
	int r = 0;

	*surplus = (struct reconcile_surplus){0};
	for (size_t i = 0; r == 0 && i < slave->surplus.count; i++)
		r = judge_zone(outbox, name_set_get(&slave->surplus, i), slave->generations[i],
			       surplus);
	name_set_sort(&surplus->gone);
	name_set_sort(&surplus->strays);
	name_set_sort(&surplus->disputed);
	if (!options->prune || (list && !list->is_good))
		return r;
	strays = surplus->strays.count + surplus->disputed.count;
	surplus->is_held_back = !options->force && is_too_much(strays, slave->held);
	surplus->deletes_strays = !surplus->is_held_back;
	return r;
}

void reconcile_surplus_done(struct reconcile_surplus *surplus)
{
	name_set_done(&surplus->gone);
	name_set_done(&surplus->strays);
	name_set_done(&surplus->disputed);
}

/* What is done to each zone of a set, within a transaction. */
typedef int chunk_act(struct outbox *outbox, const char *zone, void *context);

static int do_chunk(struct outbox *outbox, const struct name_set *zones, size_t from, size_t to,
		    chunk_act *act, void *context)
{
	int r;

	r = outbox_begin(outbox);
	for (size_t i = from; r == 0 && i < to; i++)
		r = act(outbox, name_set_get(zones, i), context);
	if (r == 0)
		r = outbox_commit(outbox);
	if (r < 0)
		outbox_rollback(outbox);
	return r;
}

static int do_all(struct outbox *outbox, const struct name_set *zones, chunk_act *act,
		  void *context)
{
	size_t to;
	int r = 0;

	for (size_t from = 0; r == 0 && from < zones->count; from = to) {
		to = from + CHUNK_ZONES < zones->count ? from + CHUNK_ZONES : zones->count;
		r = do_chunk(outbox, zones, from, to, act, context);
	}
	return r;
}

struct wanting {
	bool present;
	uint64_t left_out;
};

static int want(struct outbox *outbox, const char *zone, void *context)
{
	struct wanting *wanting = context;
	struct outbox_wish wish = {.present = wanting->present};
	bool done = false;
	int r;

	snprintf(wish.zone.text, sizeof(wish.zone.text), "%s", zone);
	r = outbox_sync_want(outbox, &wish, &done);
	if (r == 0 && !done)
		wanting->left_out++;
	return r;
}

int reconcile_apply(struct outbox *outbox, const struct reconcile_plan *plan,
		    uint64_t *ret_left_out)
{
	struct wanting additions = {.present = true}, deletions = {.present = false};
	int r;

	r = do_all(outbox, &plan->added, want, &additions);
	if (r == 0)
		r = do_all(outbox, &plan->deleted, want, &deletions);
	if (r == 0)
		*ret_left_out = additions.left_out + deletions.left_out;
	return r;
}

static int owe(struct outbox *outbox, const char *zone, void *context)
{
	return outbox_sync_owe(outbox, *(int64_t *)context, zone);
}

int reconcile_apply_slave(struct outbox *outbox, const struct compare_slave *slave,
			  const struct reconcile_surplus *surplus)
{
	int64_t id = slave->slave->id;
	int r;

	r = do_all(outbox, &slave->missing, owe, &id);
	if (r == 0)
		r = do_all(outbox, &surplus->gone, owe, &id);
	if (r == 0 && surplus->deletes_strays)
		r = do_all(outbox, &surplus->strays, owe, &id);
	if (r == 0 && surplus->deletes_strays)
		r = do_all(outbox, &surplus->disputed, owe, &id);
	return r;
}

static int note_absent(struct outbox *outbox, const char *zone, void *context)
{
	return outbox_absent_note(outbox, zone, *(uint64_t *)context);
}

int reconcile_note_absent(struct outbox *outbox, const struct reconcile_plan *plan, uint64_t list)
{
	int r;

	r = do_all(outbox, &plan->absent, note_absent, &list);
	return r == 0 ? outbox_absent_keep(outbox, list) : r;
}
