#ifndef ZP_COMPARE_H
#define ZP_COMPARE_H

/*
 * What slaves hold for this master, compared with what is wanted: digests of 256 buckets first, and
 * names only of those buckets that differ (PROTOCOL.md §8, GET /v1/digests). All slaves at once. An
 * equal slave costs some 25 KB, however many zones there are.
 */

#include <stdbool.h>
#include <stdint.h>

#include "master-hook/hook_config.h"
#include "master-hook/outbox.h"
#include "master-hook/primaries.h"
#include "proto/error.h"
#include "proto/key.h"
#include "proto/name_set.h"

/* One slave and what came of it. All but `slave` is set by compare_run(). */
struct compare_slave {
	const struct outbox_slave *slave;

	bool is_compared;
	struct reason why; /* it isn't */
	uint64_t held;	   /* zones */
	struct name_set missing;
	struct name_set surplus;     /* as they came, unsorted */
	uint64_t *generations;	     /* of these, there */
	struct primaries primaries;  /* where it transfers from */
	uint64_t received;	     /* bytes of content */
	struct envelope_state state; /* of its last believed reply */
};

/*
 * Compares; a slave that can't be asked is one that isn't compared. The set must be sorted. Returns
 * 0, -ENOMEM or ZP_ELIBRARY. In both cases compare_done() frees.
 */
int compare_run(const struct hook_config *config, const struct key *key,
		const struct name_set *wanted, struct compare_slave *slaves, size_t count)
	__attribute__((warn_unused_result));
void compare_done(struct compare_slave *slaves, size_t count);

#endif
