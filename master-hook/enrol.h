#ifndef ZP_ENROL_H
#define ZP_ENROL_H

/* The master's side of an invitation: PROTOCOL.md §12. */

#include "master-hook/hook_config.h"
#include "proto/invitation.h"
#include "proto/key.h"

/* What the slave's agent now knows this master as. */
struct enrol_result {
	char name[65];
	char primaries[PRIMARIES_TEXT_SIZE];
};

/*
 * Shows the invitation to the agent at `url`, which lets this key in. `name` is what the master is
 * to be called where the invitation leaves that open. It can be repeated. Returns 0, or an error
 * with a reason: what the agent says, or that nobody with its key answers.
 */
int enrol_run(const struct hook_config *config, const struct key *key, const char *url,
	      const struct invitation *invitation, const char *name,
	      struct enrol_result *ret_result, struct reason *why)
	__attribute__((warn_unused_result));

/* A name for this master: that of its machine. Returns 0, or -errno with a reason. */
int enrol_choose_name(char ret_name[static 65], struct reason *why)
	__attribute__((warn_unused_result));

#endif
