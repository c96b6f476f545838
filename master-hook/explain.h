#ifndef ZP_EXPLAIN_H
#define ZP_EXPLAIN_H

/*
 * One zone, from what is wanted of it to what is served: what `zonepush explain` prints. As JSON:
 *
 *     {"zone", "wanted": null|{"present","generation","since","serial"},
 *      "primary": {"address","serial","answer"},
 *      "slaves": [{"slave", "owed": null|{"since","attempts","retry","error"}, "answer",
 *                  "state","problem","error","serving":{…}, "verdict", "well"}], "well"}
 */

#include <jansson.h>

#include "master-hook/cmd.h"

/* Collects all that there is to know. Returns 0 or an error with a reason. */
int explain_zone(struct cmd_context *context, const struct zone_name *zone, json_t **ret_json,
		 struct reason *why) __attribute__((warn_unused_result));

#endif
