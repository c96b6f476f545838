#ifndef ZP_NAMED_FACTS_H
#define ZP_NAMED_FACTS_H

/*
 * What named's configuration holds beside our zones: zones that an administrator configured by
 * hand, keys, views, zones made at runtime by other tools. Read by named-checkconf, so that every
 * spelling counts as named would have it.
 */

#include <stdbool.h>

#include "proto/error.h"
#include "proto/zone_name.h"
#include "slave-agent/agent_config.h"

struct named_facts;

/*
 * Reads the configuration, our include replaced by an empty one. Returns 0; ZP_ENAMED when what is
 * there beside our zones is broken, with named-checkconf's own line as the reason; ZP_EUNKNOWN when
 * our include stands nowhere in it; or another error with a reason.
 */
int named_facts_load(const struct agent_config *config, struct named_facts **ret_facts,
		     struct reason *why) __attribute__((warn_unused_result));
void named_facts_free(struct named_facts *facts);

/*
 * What has changed of the files that it was read from, or been added to them, since: told by their
 * inodes, sizes and times.
 */
enum named_facts_change {
	NAMED_FACTS_SAME,
	NAMED_FACTS_RUNTIME,	   /* only the runtime database */
	NAMED_FACTS_CONFIGURATION, /* what named reads when it starts */
};
enum named_facts_change named_facts_get_change(const struct named_facts *facts);

/* The directory that named works in; "" where its configuration doesn't say. */
const char *named_facts_get_directory(const struct named_facts *facts);

/* The view that our include stands in; "" where named has none. */
const char *named_facts_get_view(const struct named_facts *facts);

/* Whether a zone of this name (class IN) stands in the view of our zones, not made by us. */
bool named_facts_has_zone(const struct named_facts *facts, const struct zone_name *name);

/* Whether the configuration has a TSIG key of this name that zones of our view may use. */
bool named_facts_has_key(const struct named_facts *facts, const char *name);

/*
 * Whether there may be zones that were made at runtime; and whether named's database of them (NZD)
 * holds one of this name in our view. named keeps that file to itself: where it is there and can't
 * be read, named_facts_knows_runtime() is false, and named has to be asked.
 */
bool named_facts_may_have_runtime_zones(const struct named_facts *facts);
bool named_facts_has_runtime_zone(const struct named_facts *facts, const struct zone_name *name);
bool named_facts_knows_runtime(const struct named_facts *facts);

#endif
