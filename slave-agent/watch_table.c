#include "slave-agent/watch_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"

#define FIRST_ROOM 64

uint64_t watch_table_key(const struct zone_name *zone)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(zone->text, strlen(zone->text), hex);
	hex[16] = '\0';
	return strtoull(hex, NULL, 16);
}

/* Keys are evenly spread, so that places are in order of key, but for those pushed on. */
static size_t find_home(const struct watch_table *table, uint64_t key)
{
	return (size_t)(((unsigned __int128)key * table->room) >> 64);
}

/* The place of the key, or the empty one where it would stand. */
static size_t find_place(const struct watch_table *table, uint64_t key)
{
	size_t place = find_home(table, key);

	while (table->entries[place].checked && table->entries[place].key != key)
		place = (place + 1) % table->room;
	return place;
}

const struct watch_entry *watch_table_find(const struct watch_table *table, uint64_t key)
{
	size_t place;

	if (table->room == 0)
		return NULL;
	place = find_place(table, key);
	return table->entries[place].checked ? &table->entries[place] : NULL;
}

static int grow(struct watch_table *table)
{
	struct watch_table next = {.room = table->room ? table->room + table->room / 4 + 1
						       : FIRST_ROOM};

	next.entries = calloc(next.room, sizeof(*next.entries));
	if (!next.entries)
		return -ENOMEM;
	for (size_t i = 0; i < table->room; i++)
		if (table->entries[i].checked)
			next.entries[find_place(&next, table->entries[i].key)] = table->entries[i];
	next.count = table->count;
	free(table->entries);
	*table = next;
	return 0;
}

int watch_table_put(struct watch_table *table, const struct watch_entry *entry)
{
	size_t place;
	int r;

	if ((table->count + 1) * 8 > table->room * 7) {
		r = grow(table);
		if (r < 0)
			return r;
	}
	place = find_place(table, entry->key);
	table->count += table->entries[place].checked == 0;
	table->entries[place] = *entry;
	return 0;
}

/* Closes the gap, so that whoever was pushed on is found without it. */
void watch_table_remove(struct watch_table *table, uint64_t key)
{
	size_t gap, place, home;

	if (!watch_table_find(table, key))
		return;
	gap = find_place(table, key);
	for (place = (gap + 1) % table->room; table->entries[place].checked;
	     place = (place + 1) % table->room) {
		home = find_home(table, table->entries[place].key);
		/* Whether its home lies cyclically within (gap, place]: then it stays. */
		if (gap <= place ? gap < home && home <= place : gap < home || home <= place)
			continue;
		table->entries[gap] = table->entries[place];
		gap = place;
	}
	table->entries[gap] = (struct watch_entry){0};
	table->count--;
}

void watch_table_drop_older(struct watch_table *table, int64_t seconds)
{
	struct watch_entry *entries = table->entries;
	size_t room = table->room, end = 0;

	if (room == 0)
		return;
	/*
	 * A removal moves what is behind it, up to the next empty place, cyclically. So: backwards
	 * from an empty place, of which there always is one.
	 */
	while (entries[end].checked)
		end++;
	for (size_t n = 1; n < room; n++) {
		size_t i = (end + room - n) % room;

		if (entries[i].checked && entries[i].checked < seconds)
			watch_table_remove(table, entries[i].key);
	}
}

void watch_table_done(struct watch_table *table)
{
	free(table->entries);
	*table = (struct watch_table){0};
}
