#ifndef ZP_ROTATION_H
#define ZP_ROTATION_H

/*
 * A new key for this master, without a moment in which a slave wouldn't know the one in use:
 * PROTOCOL.md §12. The next key is made beside the present one, brought in at every slave, and put
 * in the present one's place when all of them know it. It can be repeated, and goes on where it
 * ended.
 */

#include <stdbool.h>

#include "master-hook/hook_config.h"
#include "master-hook/outbox.h"
#include "proto/key.h"

struct rotation_summary {
	struct key_public next;
	size_t slaves, told; /* how many there are, and know it */
	bool is_done;	     /* the next key is the present one now */
};

/* Whether a rotation was begun and isn't done yet. */
bool rotation_is_under_way(const struct hook_config *config);

/*
 * Begins, or goes on. Which slaves couldn't be told, and why, is logged; with `force` they are left
 * behind. Returns 0, or an error with a reason.
 */
int rotation_run(const struct hook_config *config, const struct key *present, struct outbox *outbox,
		 bool force, struct rotation_summary *ret_summary, struct reason *why)
	__attribute__((warn_unused_result));

#endif
