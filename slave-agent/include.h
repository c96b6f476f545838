#ifndef ZP_INCLUDE_H
#define ZP_INCLUDE_H

/*
 * The file that named's configuration includes: it names all shards (shard.h), one by one, and
 * never changes. Beside it, the directories of the shards and of the zones' data.
 */

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/zone_name.h"
#include "slave-agent/agent_config.h"

/*
 * Makes what is missing: the directories, empty shards, and then the include; sweeps away drafts
 * that a crash left. Tells in *ret_is_current whether the include says what it should: one of an
 * older version, or changed by hand, is left to include_replace(). Returns 0 or an error with a
 * reason.
 */
int include_prepare(const struct agent_config *config, bool *ret_is_current, struct reason *why)
	__attribute__((warn_unused_result));

/* Makes the directories alone. Returns 0 or an error with a reason. */
int include_prepare_directories(const struct agent_config *config, struct reason *why)
	__attribute__((warn_unused_result));

/* Whether the include says what it should. Returns 0, or -errno where it can't be read. */
int include_compare(const struct agent_config *config, bool *ret_is_current)
	__attribute__((warn_unused_result));

/* Puts the right include in force. Only when the shards hold all zones. Returns 0 or -errno. */
int include_replace(const struct agent_config *config) __attribute__((warn_unused_result));

/* Removes the data of an incarnation that is over: the zone, its journal. */
void include_remove_data(const struct agent_config *config, const struct zone_name *name,
			 uint64_t made);

#endif
