#ifndef ZP_PROBE_H
#define ZP_PROBE_H

/* Asks agents how they are: GET /v1/status, all at once. */

#include "master-hook/hook_config.h"
#include "master-hook/report.h"
#include "proto/key.h"

/*
 * Fills in what the agents say now: is_reached and what follows it, or why they weren't reached.
 * Returns 0 whatever they say, -ENOMEM or ZP_ELIBRARY.
 */
int probe_run(const struct hook_config *config, const struct key *key, struct report_slave *slaves,
	      size_t count) __attribute__((warn_unused_result));

#endif
