#ifndef ZP_WATCH_TABLE_H
#define ZP_WATCH_TABLE_H

/*
 * What the last look at each zone saw: 24 bytes a zone, and up to 10 more for room, so that a
 * million zones take 34 MB. Zones are told apart by 64 bits of their names' SHA-256.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/zone_name.h"
#include "slave-agent/watch_policy.h"

#define WATCH_NO_PRIMARY UINT16_MAX

struct watch_entry {
	uint64_t key;
	uint32_t serial, primary_serial;
	uint32_t checked; /* seconds since 1970 */
	uint16_t primary; /* which one is the trouble; WATCH_NO_PRIMARY: none */
	uint8_t state;	  /* enum watch_state */
	bool has_serial : 1, has_primary_serial : 1, was_served : 1;
	bool to_retransfer : 1; /* what is served was another master's */
};

/* All zero is an empty table. */
struct watch_table {
	struct watch_entry *entries; /* checked 0: nothing there */
	size_t room, count;
};

uint64_t watch_table_key(const struct zone_name *zone);

/* The entry, or NULL; valid until the next put or remove. */
const struct watch_entry *watch_table_find(const struct watch_table *table, uint64_t key);

/* Sets the entry of entry->key. Returns 0 or -ENOMEM. */
int watch_table_put(struct watch_table *table, const struct watch_entry *entry)
	__attribute__((warn_unused_result));
void watch_table_remove(struct watch_table *table, uint64_t key);

/* Forgets what was checked before that time. */
void watch_table_drop_older(struct watch_table *table, int64_t seconds);
void watch_table_done(struct watch_table *table);

#endif
