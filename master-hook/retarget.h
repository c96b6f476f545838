#ifndef ZP_RETARGET_H
#define ZP_RETARGET_H

/* Tells slaves to transfer this master's zones from elsewhere: PUT /v1/master. */

#include "master-hook/compare.h"

/* Whether the slave was compared and transfers from other addresses than the configuration says. */
bool retarget_is_needed(const struct hook_config *config, const struct compare_slave *slave);

/*
 * Tells all slaves that need it, and logs those that didn't take it, whose number is *ret_failed.
 * Returns 0, -ENOMEM or ZP_ELIBRARY.
 */
int retarget_run(const struct hook_config *config, const struct key *key,
		 const struct compare_slave *slaves, size_t count, size_t *ret_failed)
	__attribute__((warn_unused_result));

#endif
