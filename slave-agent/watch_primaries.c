#include "slave-agent/watch_primaries.h"

#include <stdlib.h>
#include <string.h>

#include "proto/clock.h"

#define FIRST_ROOM 8

static bool is_same(const struct address *a, const struct address *b)
{
	return a->port == b->port && strcmp(a->host, b->host) == 0;
}

uint16_t watch_primaries_find(struct watch_primaries *primaries, const struct address *address)
{
	struct watch_primary *items = primaries->items;
	size_t count = primaries->count;

	for (size_t i = 0; i < count; i++)
		if (is_same(&items[i].address, address))
			return (uint16_t)i;
	if (count == WATCH_PRIMARIES_MAX)
		return WATCH_NO_PRIMARY;
	/* There is room for a power of two, at least FIRST_ROOM. */
	if (count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0)) {
		items = reallocarray(items, count ? 2 * count : FIRST_ROOM, sizeof(*items));
		if (!items)
			return WATCH_NO_PRIMARY;
		primaries->items = items;
	}
	items[count] = (struct watch_primary){.address = *address};
	primaries->count++;
	return (uint16_t)count;
}

void watch_primaries_done(struct watch_primaries *primaries)
{
	free(primaries->items);
	*primaries = (struct watch_primaries){0};
}

bool watch_primary_may_be_asked(struct watch_primary *primary)
{
	uint64_t now = clock_steady_ms();

	if (!primary->is_dead)
		return true;
	if (now < primary->probe_at)
		return false;
	primary->probe_at = now + WATCH_PROBE_MS;
	return true;
}

static enum watch_primary_news note_silence(struct watch_primary *primary)
{
	if (primary->is_dead || ++primary->silences < WATCH_SILENCES_MAX)
		return WATCH_NO_NEWS;
	primary->is_dead = true;
	primary->since = clock_seconds();
	primary->probe_at = clock_steady_ms() + WATCH_PROBE_MS;
	return WATCH_DIED;
}

enum watch_primary_news watch_primary_note(struct watch_primary *primary, enum soa_outcome outcome)
{
	bool was_dead = primary->is_dead;

	if (outcome == SOA_SILENT)
		return note_silence(primary);
	primary->silences = 0;
	primary->is_dead = false;
	if (was_dead)
		return WATCH_REVIVED;
	if (outcome == SOA_SERIAL || primary->refuses)
		return WATCH_NO_NEWS;
	primary->refuses = true;
	primary->since = clock_seconds();
	return WATCH_REFUSED;
}
