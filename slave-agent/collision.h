#ifndef ZP_COLLISION_H
#define ZP_COLLISION_H

/*
 * Zones that other tools made at runtime (`rndc addzone`): named-checkconf doesn't see them, but
 * named refuses a configuration that has one of them, and doesn't start with it.
 */

#include <stddef.h>

#include "proto/error.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/budget.h"
#include "slave-agent/control.h"
#include "slave-agent/culprit.h"
#include "slave-agent/named_facts.h"

/*
 * Shows the zones in the file `candidate`, one in each line, that are there at runtime, and gives
 * how many there were. Where the runtime database can't be read named is asked for each, with what
 * the budget allows; where it doesn't answer none is shown. Returns 0,
 * -errno or what `visit` returned.
 */
int collision_find(const struct agent_config *config, struct control *control,
		   const struct named_facts *facts, const char *candidate, culprit_visit *visit,
		   void *context, struct budget *commands, size_t *ret_count)
	__attribute__((warn_unused_result));

#endif
