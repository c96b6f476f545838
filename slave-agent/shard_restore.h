#ifndef ZP_SHARD_RESTORE_H
#define ZP_SHARD_RESTORE_H

/* Makes a shard whole again from the best that is left of it. */

#include "proto/error.h"
#include "proto/text.h"
#include "slave-agent/shard.h"

enum shard_origin {
	SHARD_FROM_REGISTRY, /* as masters want it */
	SHARD_FROM_LINES,    /* lines of it that are whole, and others as they were before */
};

/*
 * Appends what the damaged shard should be: to be ended by text_buffer_done(). `source` is NULL
 * where the registry is lost: then a zone stays with the line that it has, or had before the last
 * change, as one too many harms less than one too few. `damaged` may be empty. Returns 0 or
 * -ENOMEM.
 */
int shard_restore(const struct agent_config *config, const struct shard_source *source,
		  unsigned int bucket, const struct text_buffer *damaged,
		  struct text_buffer *ret_text, enum shard_origin *ret_origin)
	__attribute__((warn_unused_result));

#endif
