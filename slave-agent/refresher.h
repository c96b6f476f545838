#ifndef ZP_REFRESHER_H
#define ZP_REFRESHER_H

/*
 * Asks the local named to look at a zone's primary: at once after an update, and again some seconds
 * later, because Plesk's named may publish later than Plesk tells us. Has a thread of its own, so
 * that no acknowledgement waits for it.
 */

#include <stddef.h>

#include "proto/zone_name.h"
#include "slave-agent/agent_config.h"

#define REFRESHER_ZONES_MAX 20000

struct refresher;

/* The configuration must outlive it. Returns 0, -ENOMEM or -errno. */
int refresher_new(const struct agent_config *config, struct refresher **ret_refresher)
	__attribute__((warn_unused_result));

/* Waits for the command under way, at most rndc-timeout. */
void refresher_free(struct refresher *refresher);

/*
 * Schedules a zone: first after `delay` ms, though not within REFRESHER_GAP_MS of the last time,
 * then again. A zone that is scheduled already starts over. Where there is no room, the zone is
 * left to named's own timers.
 */
#define REFRESHER_GAP_MS 5000
void refresher_add(struct refresher *refresher, const struct zone_name *zone, unsigned int delay);

#endif
