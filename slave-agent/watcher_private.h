#ifndef ZP_WATCHER_PRIVATE_H
#define ZP_WATCHER_PRIVATE_H

/* What watcher*.c share; nobody else includes it. */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/soa.h"
#include "slave-agent/budget.h"
#include "slave-agent/control.h"
#include "slave-agent/registry.h"
#include "slave-agent/watch_primaries.h"
#include "slave-agent/watch_table.h"
#include "slave-agent/watcher.h"

/* A zone that is watched until it is as it should be. */
struct watch {
	struct zone_name zone; /* first: the tree compares by it */
	size_t slot;
	uint64_t due; /* clock_steady_ms() */
	struct watch_progress progress;
	uint64_t told; /* when named was told to refresh it; 0: never */

	/* The look under way. */
	size_t waiting; /* answers to come; 0: none is under way */
	bool again;	/* another change came meanwhile */
	struct watch_view view;
	uint16_t primaries[REGISTRY_PRIMARIES_MAX];
	size_t n_primaries;
	uint16_t trouble; /* a primary that didn't give a serial */
};

/* What named is to be told of a zone, once the lock is let go. */
struct watch_order {
	struct zone_name zone;
	enum watch_action action;
};

#define WATCH_ORDERS_MAX 256

struct watcher {
	const struct agent_config *config;
	pthread_t thread;
	int wake; /* eventfd(2) */

	/* The thread's own. */
	struct registry *registry;
	struct control *control;
	struct soa *soa;
	uint64_t look_at, sweep_at, probe_at;
	size_t next_slot; /* looked at next */
	struct zone_name sweep_after;
	uint64_t swept; /* in this pass */
	bool is_fast_pass;
	int64_t pass_began; /* seconds since 1970; 0: the first one */
	uint64_t pass_at;   /* the same by clock_steady_ms() */
	struct budget commands;
	struct watch_order orders[WATCH_ORDERS_MAX];
	size_t n_orders;

	pthread_mutex_t lock; /* of all that follows */
	bool stopping;
	bool sweep_again; /* from the first zone, in a hurry */
	bool has_missing;
	void *tree; /* watches by name, tsearch(3) */
	struct watch *slots[WATCHER_ZONES_MAX];
	size_t free_slots[WATCHER_ZONES_MAX], n_free;
	struct watch_table table;
	struct watch_primaries primaries;
};

/* watcher.c. Under the lock: watches a zone; ends a watch that has no look under way. */
void watcher_watch(struct watcher *watcher, const struct zone_name *zone, enum watch_cause cause);
void watcher_end(struct watcher *watcher, struct watch *watch);

/* watcher.c. Under the lock: named was told of the zone. */
void watcher_note_told(struct watcher *watcher, const struct watch_order *order);

/* watcher_look.c. Under the lock: begins a look; takes an answer to one (soa_answered). */
void watcher_look(struct watcher *watcher, struct watch *watch);
void watcher_take_answer(void *context, uint64_t tag, const struct soa_answer *answer);

/* watcher_thread.c: what the thread runs. */
void *watcher_run(void *context);

#endif
