#ifndef ZP_OUTBOX_HISTORY_H
#define ZP_OUTBOX_HISTORY_H

/*
 * What was wanted when, and what slaves said to it. The outbox notes that by itself, and keeps the
 * newest OUTBOX_HISTORY_MAX entries: some 60 MB.
 */

#include "master-hook/outbox.h"

#define OUTBOX_HISTORY_MAX 1000000

struct outbox_event {
	int64_t at; /* ms since 1970 */
	const char *zone;
	uint64_t generation;
	const char *slave;  /* its name; "" of one that was removed; NULL: what is wanted */
	const char *event;  /* of a slave: applied, accepted, unchanged, refused */
	const char *detail; /* why; NULL: nothing more is known */
};

/*
 * Tells of the last `most` events of a zone (NULL: of all), the oldest first. Ends with the first
 * answer that isn't 0 and returns it; or ZP_EDATABASE.
 */
typedef int outbox_event_told(void *context, const struct outbox_event *event);
int outbox_history_walk(struct outbox *outbox, const struct zone_name *zone, uint64_t most,
			outbox_event_told *told, void *context) __attribute__((warn_unused_result));

#endif
