#ifndef ZP_PURGE_H
#define ZP_PURGE_H

/* Deletes all of this master's zones on one slave, while they stay wanted everywhere else. */

#include <stdint.h>

#include "master-hook/hook_config.h"
#include "master-hook/outbox.h"
#include "proto/error.h"
#include "proto/key.h"

/*
 * Asks the slave what it has, pauses it, so that nothing else is sent meanwhile, and deletes by
 * ordinary changes. *ret_deleted is how many it took. Progress is shown on standard error.
 *
 * Returns 0 when nothing is left there; else an error with a reason. A slave that can't be asked
 * stays as it is. One that fails later stays paused and owes all zones again: a second call goes
 * on, and `slave resume` brings everything back.
 */
int purge_run(const struct hook_config *config, const struct key *key, struct outbox *outbox,
	      const struct outbox_slave *slave, uint64_t *ret_deleted, struct reason *why)
	__attribute__((warn_unused_result));

#endif
