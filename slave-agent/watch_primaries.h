#ifndef ZP_WATCH_PRIMARIES_H
#define ZP_WATCH_PRIMARIES_H

/* What is known of the primaries themselves: one that is dead is one alarm, whatever it serves. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/address.h"
#include "proto/soa_packet.h"
#include "slave-agent/watch_table.h"

#define WATCH_PRIMARIES_MAX 8000
#define WATCH_SILENCES_MAX  3		/* questions in a row, each with its tries */
#define WATCH_PROBE_MS	    (30 * 1000) /* between questions to one that is dead */

struct watch_primary {
	struct address address;
	bool is_dead;  /* so many questions in a row went unanswered */
	bool refuses;  /* it doesn't serve us some zone */
	int64_t since; /* of that, seconds since 1970 */
	unsigned int silences;
	uint64_t probe_at;     /* clock_steady_ms() */
	struct zone_name zone; /* looked at last; to probe a dead one by */
};

/* All zero: none. */
struct watch_primaries {
	struct watch_primary *items;
	size_t count;
};

/* The place of this one, new or not; WATCH_NO_PRIMARY when there is no room. */
uint16_t watch_primaries_find(struct watch_primaries *primaries, const struct address *address);
void watch_primaries_done(struct watch_primaries *primaries);

/* Whether it should be asked: a dead one now and then. */
bool watch_primary_may_be_asked(struct watch_primary *primary);

enum watch_primary_news {
	WATCH_NO_NEWS,
	WATCH_DIED,
	WATCH_REVIVED,
	WATCH_REFUSED, /* for the first time */
};

/* Notes what it answered. */
enum watch_primary_news watch_primary_note(struct watch_primary *primary, enum soa_outcome outcome);

#endif
