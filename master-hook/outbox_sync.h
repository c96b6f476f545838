#ifndef ZP_OUTBOX_SYNC_H
#define ZP_OUTBOX_SYNC_H

/*
 * What reconciling reads and writes of the outbox. It begins with a snapshot, taken before the list
 * that is compared with it; a zone that a hook has changed since is left as the hook wants it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "master-hook/outbox.h"
#include "proto/name_set.h"

/* Takes a snapshot, in place of an earlier one; it goes with the outbox's handle. */
int outbox_snapshot(struct outbox *outbox) __attribute__((warn_unused_result));

/* Adds the zones that were present to a set, in order. */
int outbox_snapshot_list(struct outbox *outbox, struct name_set *present)
	__attribute__((warn_unused_result));

/* The same of those that were wanted only for the sake of PTR records. */
int outbox_snapshot_list_pointers(struct outbox *outbox, struct name_set *present)
	__attribute__((warn_unused_result));

/* The same of what is present now. */
int outbox_list_present(struct outbox *outbox, struct name_set *present)
	__attribute__((warn_unused_result));

enum outbox_known {
	OUTBOX_UNKNOWN, /* never wanted, never deleted */
	OUTBOX_DELETED,
	OUTBOX_PRESENT,
};
int outbox_snapshot_find(struct outbox *outbox, const char *zone, enum outbox_known *ret_known,
			 uint64_t *ret_generation) __attribute__((warn_unused_result));

/*
 * As outbox_want(), unless the zone was changed since the snapshot; *ret_done says whether it was
 * done. Within the caller's transaction.
 */
int outbox_sync_want(struct outbox *outbox, const struct outbox_wish *wish, bool *ret_done)
	__attribute__((warn_unused_result));

/*
 * One slave owes what is wanted of the zone, whatever that is by now. A zone that was never wanted
 * is noted as deleted first. Within the caller's transaction.
 */
int outbox_sync_owe(struct outbox *outbox, int64_t slave, const char *zone)
	__attribute__((warn_unused_result));

/*
 * Zones that are wanted and weren't on a good list of Plesk's: since when, and on how many lists
 * not. A change by a hook ends that, and so does a list (numbered by its time in µs) with the zone:
 * outbox_absent_keep() forgets all that weren't noted for this one. Within the caller's
 * transaction.
 */
struct outbox_absence {
	int64_t since; /* ms since 1970; 0: it isn't noted */
	uint64_t lists;
};
int outbox_absent_note(struct outbox *outbox, const char *zone, uint64_t list)
	__attribute__((warn_unused_result));
int outbox_absent_keep(struct outbox *outbox, uint64_t list) __attribute__((warn_unused_result));
int outbox_absent_find(struct outbox *outbox, const char *zone, struct outbox_absence *ret_absence)
	__attribute__((warn_unused_result));

#endif
