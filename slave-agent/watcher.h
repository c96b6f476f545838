#ifndef ZP_WATCHER_H
#define ZP_WATCHER_H

/*
 * Whether the zones are really served: asks the local named and the primaries for their serials
 * after every change, and each zone now and then, and has named refresh or fetch what differs. A
 * thread of its own, so that no acknowledgement waits for it. watch_policy.h says what follows from
 * what it sees.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/address.h"
#include "proto/error.h"
#include "proto/zone_name.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/watch_policy.h"

#define WATCHER_ZONES_MAX 5000 /* watched at once; for more, the sweep begins anew and hurries */
#define WATCHER_GAP_MS	  5000 /* between two refreshes of one zone */

struct watcher;

/*
 * Starts the thread, with a registry connection of its own. The configuration must outlive it.
 * Returns 0 or an error with a reason.
 */
int watcher_new(const struct agent_config *config, struct watcher **ret_watcher, struct reason *why)
	__attribute__((warn_unused_result));

/* Waits for the command to named that is under way. */
void watcher_free(struct watcher *watcher);

/*
 * Has a zone looked at, and looked at again until it is as it should be. One that is watched
 * already is for the new cause; one that nobody has any more is forgotten. All of these may be
 * called from any thread.
 */
void watcher_add(struct watcher *watcher, const struct zone_name *zone, enum watch_cause cause);

/* Looks at all zones, beginning now: primaries have changed. */
void watcher_sweep(struct watcher *watcher);

/* What the last look saw. */
struct watcher_zone {
	enum watch_state state;
	bool has_serial, has_primary_serial;
	uint32_t serial, primary_serial;
	int64_t checked; /* seconds since 1970; 0: never */
};
void watcher_get_zone(struct watcher *watcher, const struct zone_name *zone,
		      struct watcher_zone *ret_zone);

/* A primary that gives reason for an alarm. */
struct watcher_alarm {
	struct address address;
	bool is_dead;	/* else it refuses zones */
	int64_t since;	/* seconds since 1970 */
	uint64_t zones; /* that it should serve and doesn't */
};

struct watcher_summary {
	uint64_t zones[WATCH_STATES]; /* those that were looked at */
	struct watcher_alarm *alarms; /* freed by the caller */
	size_t n_alarms;
};
/* Returns 0 or -ENOMEM. */
int watcher_get_summary(struct watcher *watcher, struct watcher_summary *ret_summary)
	__attribute__((warn_unused_result));

/* Whether named was found without zones that it was told of, since this was asked last. */
bool watcher_take_missing(struct watcher *watcher);

#endif
