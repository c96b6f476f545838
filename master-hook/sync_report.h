#ifndef ZP_SYNC_REPORT_H
#define ZP_SYNC_REPORT_H

/* What `zonepush sync` finds, as a person reads it: lines that begin with +, - or ~. */

#include "master-hook/reconcile.h"

/* Prints what differs between the list and the outbox. Returns how many differences there are. */
uint64_t sync_report_list(struct outbox *outbox, const struct sync_list *list, const char *from,
			  const struct reconcile_options *options,
			  const struct reconcile_plan *plan);

/* The same for one slave and the outbox; what the list is the reason for isn't repeated. */
uint64_t sync_report_slave(const struct hook_config *config, const struct compare_slave *slave,
			   const struct reconcile_surplus *surplus,
			   const struct reconcile_plan *plan);

#endif
