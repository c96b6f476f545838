#ifndef ZP_CONTROL_PROGRAM_H
#define ZP_CONTROL_PROGRAM_H

/* A control command by the program rndc: slower, but it can do all that named can. */

#include "proto/error.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/rndc_key.h"
#include "slave-agent/rndc_message.h"

#define CONTROL_WORDS_MAX 4 /* of a command */

/*
 * Runs rndc with these words (ended by NULL), the file config->rndc_key and what was read of it,
 * and waits for its end at most limit_ms. Returns 0 with the reply (of one that isn't a refusal,
 * `result` alone is set), or an error as control.h has them, with a reason.
 */
int control_program_run(const struct agent_config *config, const struct rndc_key *key,
			const char *const words[], unsigned int limit_ms,
			struct rndc_reply *ret_reply, struct reason *why)
	__attribute__((warn_unused_result));

#endif
