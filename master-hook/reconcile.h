#ifndef ZP_RECONCILE_H
#define ZP_RECONCILE_H

/*
 * What has to change so that the outbox wants what is on a list, and so that slaves hold what the
 * outbox wants. First a plan, which changes nothing; then what of it is to be done.
 *
 * Additions are always safe. Deletions need a list that is good and somebody's word for it, and
 * more than a tenth of all zones (and more than RECONCILE_FREE_DELETIONS) aren't deleted without
 * force.
 */

#include <stdbool.h>
#include <stdint.h>

#include "master-hook/compare.h"
#include "master-hook/outbox_sync.h"
#include "master-hook/sync_list.h"
#include "proto/error.h"

#define RECONCILE_FREE_DELETIONS 10
#define RECONCILE_LISTS_MIN	 3 /* good ones without a zone, before its time is up */

struct reconcile_options {
	bool prune;	       /* delete what isn't on the list */
	bool prune_overdue;    /* delete what hasn't been on it for long enough */
	bool force;	       /* also when it is much */
	uint64_t absent_after; /* ms that are long enough; 0: never */
};

/* All sets are sorted. */
struct reconcile_plan {
	struct name_set wanted;	 /* before */
	struct name_set added;	 /* on the list, not wanted yet */
	struct name_set absent;	 /* wanted, not on the list */
	struct name_set deleted; /* of these: to be deleted */
	struct name_set target;	 /* what is wanted afterwards */
	size_t held_back;	 /* how many deletions are too much without force */
};

/*
 * Plans, after outbox_snapshot(). Without a list nothing is added or absent. Returns 0 or an error
 * with a reason; in both cases reconcile_plan_done() frees.
 */
int reconcile_plan(struct outbox *outbox, const struct sync_list *list,
		   const struct reconcile_options *options, struct reconcile_plan *plan,
		   struct reason *why) __attribute__((warn_unused_result));
void reconcile_plan_done(struct reconcile_plan *plan);

/* Whether the list isn't good and that matters: where nothing is wanted, nothing can be missing. */
bool reconcile_is_doubtful(const struct sync_list *list, const struct reconcile_plan *plan);

/* What one slave has too much, after compare_run() with the plan's target. All sets are sorted. */
struct reconcile_surplus {
	struct name_set gone; /* deleted here: the deletion is owed again */

	/*
	 * Kept unless deletes_strays: zones that were never wanted here, and those that somebody
	 * made there after they were deleted here. Both come from a lost or restored outbox, from
	 * the slave's administrator, or from another server with the same key.
	 */
	struct name_set strays, disputed;
	bool deletes_strays;
	bool is_held_back; /* they are too many without force */
};

/* May `list` be NULL, as for reconcile_plan(). Returns 0 or ZP_EDATABASE, -ENOMEM. */
int reconcile_judge(struct outbox *outbox, const struct sync_list *list,
		    const struct reconcile_options *options, const struct compare_slave *slave,
		    struct reconcile_surplus *surplus) __attribute__((warn_unused_result));
void reconcile_surplus_done(struct reconcile_surplus *surplus);

/*
 * Writes to the outbox what the plan says, in transactions small enough for hooks to get between.
 * Adds to *ret_left_out the zones that a hook has changed meanwhile. What was written before an
 * error stays, and is right.
 */
int reconcile_apply(struct outbox *outbox, const struct reconcile_plan *plan,
		    uint64_t *ret_left_out) __attribute__((warn_unused_result));

/* Lets one slave owe the difference. */
int reconcile_apply_slave(struct outbox *outbox, const struct compare_slave *slave,
			  const struct reconcile_surplus *surplus)
	__attribute__((warn_unused_result));

/* Notes which zones weren't on a good list, which is numbered by its time in µs. */
int reconcile_note_absent(struct outbox *outbox, const struct reconcile_plan *plan, uint64_t list)
	__attribute__((warn_unused_result));

#endif
