#ifndef ZP_INCLUDE_H
#define ZP_INCLUDE_H

/*
 * The file that named includes: a line for each zone, made from validated parts only. A comment
 * in each line says whose zone it is and when it was made.
 *
 *     zone "example.com" { type secondary; file "…"; primaries { 192.0.2.1 port 53; }; }; # …
 */

#include <limits.h>
#include <stdbool.h>

#include "proto/error.h"
#include "proto/file.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/named.h"
#include "slave-agent/registry.h"

/* Makes the directories of the include and of the data, and an empty include, where missing. */
int include_prepare(const struct agent_config *config, struct reason *why)
	__attribute__((warn_unused_result));

/*
 * Renders all zones that are present and not failing into a sealed draft of the include, to be
 * ended by file_draft_free(). Returns 0, -errno or ZP_EDATABASE.
 */
int include_render(const struct agent_config *config, struct registry *registry,
		   const struct named_words *words, struct file_draft **ret_draft)
	__attribute__((warn_unused_result));

/* Whether a draft has the same bytes as the include that is in force. */
bool include_is_current(const struct agent_config *config, const struct file_draft *draft);

/* Puts a sealed draft in force; the include before it is kept. Returns 0 or -errno. */
int include_publish(const struct agent_config *config, struct file_draft *draft)
	__attribute__((warn_unused_result));

/* Puts the kept include in force again. Returns 0 or -errno. */
int include_restore(const struct agent_config *config) __attribute__((warn_unused_result));

/*
 * The name of a zone's data file: different for every zone and every time it was made, so that
 * a zone made anew never finds old data. `/` stands as `+`; a name too long for a file's is cut and
 * its SHA-256 added behind `~`. Neither sign can stand in a zone name.
 */
void include_data_path(const struct agent_config *config, const struct zone_name *name,
		       uint64_t made, char ret_path[static PATH_MAX]);

/* Removes the data of an incarnation that is over: the zone, its journal. */
void include_remove_data(const struct agent_config *config, const struct zone_name *name,
			 uint64_t made);

/* The zone in a line of the include; false where the line holds none. */
bool include_read_zone(const char *line, struct zone_name *ret_name);

#endif
