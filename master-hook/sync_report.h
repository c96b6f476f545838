#ifndef ZP_SYNC_REPORT_H
#define ZP_SYNC_REPORT_H

/* What `zonepush sync` finds: lines that begin with +, - or ~ for people, or JSON. */

#include <jansson.h>

#include "master-hook/reconcile.h"

/* Prints what differs between the list and the outbox. */
void sync_report_list(struct outbox *outbox, const struct sync_list *list, const char *from,
		      const struct reconcile_options *options, const struct reconcile_plan *plan);

/* The same for one slave and the outbox; what the list is the reason for isn't repeated. */
void sync_report_slave(const struct hook_config *config, const struct compare_slave *slave,
		       const struct reconcile_surplus *surplus, const struct reconcile_plan *plan);

/*
 * The same for programs; list may be NULL. NULL when out of memory.
 *
 *     {"list": null|{"zones","good","why"}, "wanted", "added": [NAME, …], "absent", "deleted",
 *      "held_back", "slaves": [{"slave","compared","why","zones","missing","gone","strays",
 *      "disputed","retarget"}]}
 */
json_t *sync_report_to_json(const struct hook_config *config, const struct sync_list *list,
			    const struct reconcile_plan *plan, const struct compare_slave *slaves,
			    const struct reconcile_surplus *surplus, size_t count);

#endif
