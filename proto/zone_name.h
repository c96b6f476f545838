#ifndef ZP_ZONE_NAME_H
#define ZP_ZONE_NAME_H

/*
 * Names of zones: the allow-list of PROTOCOL.md §6. A struct zone_name holds the canonical form, so
 * two names are the same zone exactly if strcmp says so, and nothing in it needs quoting in
 * named.conf, in JSON or in SQL.
 */

#include <stdbool.h>
#include <stddef.h>

#include "proto/error.h"

/* Longest name in presentation form without the final dot, RFC 1035 §2.3.4. */
#define ZONE_NAME_MAX 253

struct zone_name {
	char text[ZONE_NAME_MAX + 1]; /* lower case, no final dot, never empty */
};

/*
 * Reads a name as a person or Plesk writes it: upper case is folded, one final dot is dropped.
 * Returns 0 or ZP_ENAME with the reason; why may be NULL. Reserved names are taken: see
 * zone_name_check_reserved().
 */
int zone_name_parse(const char *text, struct zone_name *ret_name, struct reason *why)
	__attribute__((warn_unused_result));

/*
 * Reads a name out of an HTTP path (RFC 3986 §2.1): %XX is decoded once, then as
 * zone_name_parse(). Returns 0 or ZP_ENAME.
 */
int zone_name_parse_path(const char *segment, struct zone_name *ret_name, struct reason *why)
	__attribute__((warn_unused_result));

/* Writes the name for use in an HTTP path: `/` as %2F. */
#define ZONE_NAME_PATH_SIZE (3 * ZONE_NAME_MAX + 1)
void zone_name_render_path(const struct zone_name *name, char ret_path[static ZONE_NAME_PATH_SIZE]);

/* The first byte of the SHA-256 of the name: PROTOCOL.md §8, digests. */
#define ZONE_NAME_BUCKETS 256
unsigned int zone_name_bucket(const struct zone_name *name);

/* Whether name is ancestor itself or lies below it. */
bool zone_name_is_within(const struct zone_name *name, const struct zone_name *ancestor);

/*
 * Returns 0, or ZP_ERESERVED with the reason if name is one that no master may have made
 * (PROTOCOL.md §6) and neither it nor a name above it is in allowed.
 */
int zone_name_check_reserved(const struct zone_name *name, const struct zone_name *allowed,
			     size_t n_allowed, struct reason *why)
	__attribute__((warn_unused_result));

#endif
