#ifndef ZP_POLICY_H
#define ZP_POLICY_H

/*
 * What a master may do on this slave: PROTOCOL.md §13. The slave's administrator sets it, when the
 * master is let in or later; no request of a master's changes it. It is asked before a zone is
 * made, and never takes one away that is there.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/address.h"
#include "proto/error.h"
#include "proto/zone_name.h"

#define POLICY_TEXT_SIZE 1024
#define POLICY_ZONES_MAX 10000000

struct json_t;

/* All zero allows everything. */
struct policy {
	char suffixes[POLICY_TEXT_SIZE];  /* zone names with a blank after each; "": any zone */
	char primaries[POLICY_TEXT_SIZE]; /* addresses without port, likewise; "": any */
	uint64_t max_zones;		  /* at a time; 0: no limit */
};

/* {"suffixes","primaries","max_zones"}; NULL when out of memory. */
struct json_t *policy_to_json(const struct policy *policy);

/*
 * Reads such an object into *policy. What it doesn't name stays as it is; null is no limit. Returns
 * 0, or ZP_ESYNTAX or ZP_ETOOBIG with a reason.
 */
int policy_parse(const struct json_t *json, struct policy *policy, struct reason *why)
	__attribute__((warn_unused_result));

/* Whether the zone is one of the suffixes, or below one. */
bool policy_allows_zone(const struct policy *policy, const struct zone_name *name);

/* Returns 0, or ZP_EPOLICY with a reason that names the address which isn't allowed. */
int policy_check_primaries(const struct policy *policy, const struct address *primaries,
			   size_t count, struct reason *why) __attribute__((warn_unused_result));

#endif
