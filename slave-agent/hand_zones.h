#ifndef ZP_HAND_ZONES_H
#define ZP_HAND_ZONES_H

/*
 * The zones that an administrator wrote into one file of named's configuration, read so that the
 * agent can take over those that it could have made itself. What the file includes isn't read.
 */

#include <limits.h>
#include <stddef.h>

#include "proto/address.h"
#include "proto/error.h"
#include "proto/zone_name.h"
#include "slave-agent/registry.h"

#define HAND_ZONES_FILE_MAX (256 * 1024 * 1024) /* bytes */
#define HAND_ZONES_NAME_MAX 256

struct hand_zone {
	char written[HAND_ZONES_NAME_MAX]; /* its name as it stands there */
	struct zone_name name;
	unsigned int first_line, last_line;
	char *file; /* of its data; NULL: none */
	struct address primaries[REGISTRY_PRIMARIES_MAX];
	size_t n_primaries;
	char tsig[REGISTRY_TSIG_MAX + 1];
	char reason[REASON_SIZE]; /* why the agent couldn't have made it; "": it could */
};

struct hand_zones {
	struct hand_zone *items;
	size_t count;
};

/*
 * Reads the file; `view` is the agent's, "" where named has none. Returns 0, -errno, ZP_ETOOBIG,
 * -ENOMEM, or ZP_ESYNTAX where it isn't what named would take, with a reason.
 */
int hand_zones_load(const char *path, const char *view, struct hand_zones *ret_zones,
		    struct reason *why) __attribute__((warn_unused_result));
int hand_zones_parse(const char *text, size_t length, const char *view,
		     struct hand_zones *ret_zones, struct reason *why)
	__attribute__((warn_unused_result));
void hand_zones_done(struct hand_zones *zones);

#endif
