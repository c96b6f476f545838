#ifndef ZP_CLAUSE_H
#define ZP_CLAUSE_H

/*
 * One zone in named's configuration: a line, made from validated parts only. The comment at its end
 * says whose the zone is, so that a registry that was lost can be made again from the lines.
 *
 *     zone "example.com" { type secondary; file "…"; primaries { 192.0.2.1 port 53 key "k"; }; };
 *     # master=plesk1 generation=N made=N
 *
 * (one line). `generation` is that by which the zone became this master's, `made` that of its
 * incarnation, which the data file is named by.
 */

#include <limits.h>
#include <stddef.h>

#include "proto/error.h"
#include "proto/text.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/named.h"
#include "slave-agent/registry.h"

/* What every line of a zone begins with; the name and a `"` follow. */
#define CLAUSE_START "zone \""

/* Longest line with its end: eight primaries with the longest key names, and two long paths. */
#define CLAUSE_SIZE_MAX 8192

/* Appends the line. Returns 0 or -ENOMEM. */
int clause_render(const struct agent_config *config, const struct named_words *words,
		  const struct registry_zone *zone, const struct registry_master *master,
		  struct text_buffer *out) __attribute__((warn_unused_result));

/*
 * Reads a line that clause_render() may have written, without its end. Of the zone it gives name,
 * generation (also as `begun`) and made; of the master name, primaries and TSIG key. Returns 0 or
 * ZP_ESYNTAX.
 */
int clause_parse(const char *line, size_t length, struct registry_zone *ret_zone,
		 struct registry_master *ret_master) __attribute__((warn_unused_result));

/* Only the zone's name; ZP_ESYNTAX where the line doesn't begin with one. */
int clause_parse_name(const char *line, size_t length, struct zone_name *ret_name)
	__attribute__((warn_unused_result));

/*
 * The name of a zone's data file: different for every zone and every time it was made, so that a
 * zone made anew never finds old data. `/` stands as `+`; a name too long for a file's is cut and
 * its SHA-256 added behind `~`. Neither sign can stand in a zone name.
 */
void clause_data_path(const struct agent_config *config, const struct zone_name *name,
		      uint64_t made, char ret_path[static PATH_MAX]);

#endif
