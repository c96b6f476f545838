#ifndef ZP_HANDOVER_H
#define ZP_HANDOVER_H

/*
 * Keys that follow each other, as requests show it: a master's first request with a newer key sets
 * an end to the older ones, and the key of the agent that it names says which one it knows.
 * PROTOCOL.md §12.
 */

#include "slave-agent/agent.h"
#include "slave-agent/registry.h"

/* How long an older key stays good: as long as what it signed before may be under way. */
#define HANDOVER_GRACE ENVELOPE_LIFETIME_MAX

/*
 * Has noted what is new in a believed request: who signed it, and which key of the agent it named.
 * Where there is nothing new, that costs nothing; where it can't be noted now, the next request
 * tells the same.
 */
void handover_note(struct agent *agent, const struct registry_master *master,
		   const struct key_public *agent_key);

#endif
