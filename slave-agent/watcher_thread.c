#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/log.h"
#include "slave-agent/watcher_private.h"

#define LOOK_MS	 20 /* how often it is seen which watches are due */
#define SWEEP_MS 250

/* The sweep's greatest speed: in its first pass, and when primaries changed. */
#define SWEEP_FAST_PER_S 500

/* So many looks begin every LOOK_MS: each reads the registry, under the lock. */
#define LOOKS_AT_ONCE 100

#define PROBE_LOOK_MS 1000 /* how often dead primaries are looked for whose probe is due */

/* How long a move may take. */
#define MOVE_SECONDS 3600

/* Publications have a budget of their own. */
#define COMMANDS_MAX	    2000
#define COMMANDS_PER_SECOND 10

/* One look asks named and at most all primaries. */
#define QUESTIONS_PER_LOOK (1 + REGISTRY_PRIMARIES_MAX)

/* Begins the looks that are due, as many as there is room for; the others have the next turn. */
static void begin_looks(struct watcher *watcher)
{
	uint64_t now = clock_steady_ms();
	size_t begun = 0;

	if (now < watcher->look_at)
		return;
	watcher->look_at = now + LOOK_MS;
	pthread_mutex_lock(&watcher->lock);
	for (size_t n = 0; n < WATCHER_ZONES_MAX && begun < LOOKS_AT_ONCE; n++) {
		struct watch *watch = watcher->slots[watcher->next_slot];

		if (soa_count(watcher->soa) + QUESTIONS_PER_LOOK > SOA_QUESTIONS_MAX)
			break;
		watcher->next_slot = (watcher->next_slot + 1) % WATCHER_ZONES_MAX;
		if (!watch || watch->waiting > 0 || watch->due > now)
			continue;
		watcher_look(watcher, watch);
		begun++;
	}
	pthread_mutex_unlock(&watcher->lock);
}

/* What can't be told now the next look orders again. */
static void give_orders(struct watcher *watcher)
{
	struct reason why;
	int r = 0;

	for (size_t i = 0; i < watcher->n_orders && budget_take(&watcher->commands); i++) {
		const struct watch_order *order = &watcher->orders[i];

		if (order->action == WATCH_RETRANSFER)
			r = control_retransfer(watcher->control, &order->zone, &why);
		else
			r = control_refresh(watcher->control, &order->zone, &why);
		if (r < 0)
			log_debug("watcher: can't have '%s' fetched (%s)", order->zone.text,
				  why.text);
		/* Each would wait as long, and questions wait meanwhile. */
		if (r == ZP_ENAMEDDOWN || r == -ETIMEDOUT)
			break;
		if (r < 0)
			continue;
		pthread_mutex_lock(&watcher->lock);
		watcher_note_told(watcher, order);
		pthread_mutex_unlock(&watcher->lock);
	}
	watcher->n_orders = 0;
}

/* How many zones are due now, so that a pass takes the time it is given. Under the lock. */
static uint64_t find_share(const struct watcher *watcher, uint64_t now)
{
	const uint64_t most = SWEEP_FAST_PER_S * SWEEP_MS / 1000;
	uint64_t due;

	if (watcher->is_fast_pass)
		return most;
	/* One more than there are: who finds none left has come to the end. */
	due = (watcher->table.count + 1) * (now - watcher->pass_at) / watcher->config->sweep;
	if (due <= watcher->swept)
		return 0;
	return due - watcher->swept < most ? due - watcher->swept : most;
}

/*
 * The agent may have been stopped between a zone's move and the transfer of its new contents: in
 * the first pass after the start, young moves are taken for such.
 */
static bool is_unsettled_move(const struct watcher *watcher, const struct registry_zone *zone)
{
	return watcher->pass_began == 0 && zone->begun != zone->made &&
	       zone->changed > clock_seconds() - MOVE_SECONDS;
}

/* Reads the next zones. Returns how many there were. */
static uint64_t sweep_zones(struct watcher *watcher, uint64_t share)
{
	const struct registry_filter filter = {.after = watcher->sweep_after.text};
	struct registry_walk *walk = NULL;
	struct registry_zone zone;
	enum watch_cause cause;
	uint64_t count = 0;
	int r;

	r = registry_walk_start(watcher->registry, &filter, &walk);
	while (r == 0 && count < share && registry_walk_next(walk, &zone) == 1) {
		watcher->sweep_after = zone.name;
		count++;
		if (zone.state != REGISTRY_APPLIED)
			continue;
		cause = is_unsettled_move(watcher, &zone) ? WATCH_PASSED_ON : WATCH_SWEPT;
		pthread_mutex_lock(&watcher->lock);
		watcher_watch(watcher, &zone.name, cause);
		pthread_mutex_unlock(&watcher->lock);
	}
	registry_walk_done(walk);
	return count;
}

/* What wasn't seen in a whole pass isn't there any more. */
static void end_pass(struct watcher *watcher)
{
	struct watcher_summary summary;

	pthread_mutex_lock(&watcher->lock);
	watch_table_drop_older(&watcher->table, watcher->pass_began);
	watcher->pass_began = clock_seconds();
	watcher->pass_at = clock_steady_ms();
	pthread_mutex_unlock(&watcher->lock);
	/* Forgets the refusals of primaries that no zone suffers from any more. */
	if (watcher_get_summary(watcher, &summary) == 0)
		free(summary.alarms);
	watcher->swept = 0;
	watcher->sweep_after.text[0] = '\0';
	watcher->is_fast_pass = false;
}

static void sweep(struct watcher *watcher)
{
	uint64_t now = clock_steady_ms(), share, count;

	if (now < watcher->sweep_at)
		return;
	watcher->sweep_at = now + SWEEP_MS;
	pthread_mutex_lock(&watcher->lock);
	if (watcher->sweep_again) {
		watcher->sweep_again = false;
		watcher->is_fast_pass = true;
		watcher->swept = 0;
		watcher->sweep_after.text[0] = '\0';
	}
	share = watcher->n_free > WATCHER_ZONES_MAX / 2 ? find_share(watcher, now) : 0;
	pthread_mutex_unlock(&watcher->lock);
	if (share == 0)
		return;
	count = sweep_zones(watcher, share);
	watcher->swept += count;
	if (count < share)
		end_pass(watcher);
}

/* A dead primary may have few zones, and the sweep may come by them late. */
static void probe_primaries(struct watcher *watcher)
{
	uint64_t now = clock_steady_ms();

	if (now < watcher->probe_at)
		return;
	watcher->probe_at = now + PROBE_LOOK_MS;
	pthread_mutex_lock(&watcher->lock);
	for (size_t i = 0; i < watcher->primaries.count; i++) {
		const struct watch_primary *primary = &watcher->primaries.items[i];

		if (primary->is_dead && primary->probe_at <= now)
			watcher_watch(watcher, &primary->zone, WATCH_SWEPT);
	}
	pthread_mutex_unlock(&watcher->lock);
}

static bool is_stopping(struct watcher *watcher)
{
	bool stopping;

	pthread_mutex_lock(&watcher->lock);
	stopping = watcher->stopping;
	pthread_mutex_unlock(&watcher->lock);
	return stopping;
}

static bool is_idle(struct watcher *watcher)
{
	bool idle;

	pthread_mutex_lock(&watcher->lock);
	idle = watcher->n_free == WATCHER_ZONES_MAX;
	pthread_mutex_unlock(&watcher->lock);
	return idle;
}

void *watcher_run(void *context)
{
	struct watcher *watcher = context;

	watcher->commands = budget_make(COMMANDS_MAX, COMMANDS_PER_SECOND, COMMANDS_MAX / 2);
	while (!is_stopping(watcher)) {
		sweep(watcher);
		probe_primaries(watcher);
		begin_looks(watcher);
		soa_wait(watcher->soa, watcher->wake, is_idle(watcher) ? SWEEP_MS : LOOK_MS);
		give_orders(watcher);
	}
	return NULL;
}
