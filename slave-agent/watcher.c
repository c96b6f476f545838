#include "slave-agent/watcher.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/log.h"
#include "slave-agent/watcher_private.h"

static int compare_zones(const void *a, const void *b)
{
	const struct zone_name *left = a, *right = b;

	return strcmp(left->text, right->text);
}

/* Under the lock. */
static struct watch *find_watch(struct watcher *watcher, const struct zone_name *zone)
{
	struct watch **node = tfind(zone, &watcher->tree, compare_zones);

	return node ? *node : NULL;
}

/* Under the lock; NULL where there is no room. */
static struct watch *make_watch(struct watcher *watcher, const struct zone_name *zone)
{
	struct watch *watch;

	if (watcher->n_free == 0)
		return NULL;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return NULL;
	watch->zone = *zone;
	watch->slot = watcher->free_slots[watcher->n_free - 1];
	if (!tsearch(watch, &watcher->tree, compare_zones)) {
		free(watch);
		return NULL;
	}
	watcher->n_free--;
	watcher->slots[watch->slot] = watch;
	return watch;
}

void watcher_end(struct watcher *watcher, struct watch *watch)
{
	tdelete(watch, &watcher->tree, compare_zones);
	watcher->slots[watch->slot] = NULL;
	watcher->free_slots[watcher->n_free++] = watch->slot;
	free(watch);
}

static void wake(struct watcher *watcher)
{
	const uint64_t one = 1;

	(void)!write(watcher->wake, &one, sizeof(one));
}

/* For when there is no room to watch it now, or its primary is away for long: the sweep comes by.
 */
static void remember_retransfer(struct watcher *watcher, const struct zone_name *zone)
{
	struct watch_entry entry = {
		.key = watch_table_key(zone),
		.checked = (uint32_t)clock_seconds(),
		.primary = WATCH_NO_PRIMARY,
	};
	const struct watch_entry *before;

	before = watch_table_find(&watcher->table, entry.key);
	if (before)
		entry = *before;
	entry.to_retransfer = true;
	if (watch_table_put(&watcher->table, &entry) < 0)
		log_warning("watcher: out of memory, '%s' isn't noted", zone->text);
}

static bool is_to_retransfer(const struct watcher *watcher, const struct zone_name *zone)
{
	const struct watch_entry *entry;

	entry = watch_table_find(&watcher->table, watch_table_key(zone));
	return entry && entry->to_retransfer;
}

void watcher_watch(struct watcher *watcher, const struct zone_name *zone, enum watch_cause cause)
{
	struct watch *watch = find_watch(watcher, zone);
	bool is_new = !watch;

	if (cause == WATCH_PASSED_ON)
		remember_retransfer(watcher, zone);
	else if (is_new && is_to_retransfer(watcher, zone))
		cause = WATCH_PASSED_ON;
	if (is_new)
		watch = make_watch(watcher, zone);
	if (!watch) {
		watcher->sweep_again |= cause != WATCH_SWEPT;
		return;
	}
	watch->again = watch->waiting > 0;
	watch->due = clock_steady_ms();
	/* A sweep mustn't take the place of something that somebody waits for. */
	if (!is_new && cause == WATCH_SWEPT)
		return;
	/* What another master had is still to be replaced, whatever came after. */
	if (watch->progress.cause != WATCH_PASSED_ON || watch->progress.retransferred) {
		watch->progress.cause = cause;
		watch->progress.retransferred = false;
	}
	watch->progress.looks = 0;
	watch->progress.settled = 0;
}

void watcher_note_told(struct watcher *watcher, const struct watch_order *order)
{
	struct watch *watch = find_watch(watcher, &order->zone);

	if (!watch)
		return;
	watch->told = clock_steady_ms();
	watch->progress.retransferred |= order->action == WATCH_RETRANSFER;
}

void watcher_add(struct watcher *watcher, const struct zone_name *zone, enum watch_cause cause)
{
	pthread_mutex_lock(&watcher->lock);
	watcher_watch(watcher, zone, cause);
	pthread_mutex_unlock(&watcher->lock);
	wake(watcher);
}

void watcher_sweep(struct watcher *watcher)
{
	pthread_mutex_lock(&watcher->lock);
	watcher->sweep_again = true;
	pthread_mutex_unlock(&watcher->lock);
	wake(watcher);
}

void watcher_get_zone(struct watcher *watcher, const struct zone_name *zone,
		      struct watcher_zone *ret_zone)
{
	const struct watch_entry *entry;

	*ret_zone = (struct watcher_zone){.state = WATCH_UNKNOWN};
	pthread_mutex_lock(&watcher->lock);
	entry = watch_table_find(&watcher->table, watch_table_key(zone));
	if (entry)
		*ret_zone = (struct watcher_zone){
			.state = (enum watch_state)entry->state,
			.has_serial = entry->has_serial,
			.serial = entry->serial,
			.has_primary_serial = entry->has_primary_serial,
			.primary_serial = entry->primary_serial,
			.checked = entry->checked,
		};
	pthread_mutex_unlock(&watcher->lock);
}

/* How many zones are in each state, and suffer from each primary. */
static void count_zones(const struct watcher *watcher, uint64_t zones[static WATCH_STATES],
			uint64_t suffering[])
{
	for (size_t i = 0; i < watcher->table.room; i++) {
		const struct watch_entry *entry = &watcher->table.entries[i];

		if (!entry->checked)
			continue;
		zones[entry->state]++;
		if (entry->primary != WATCH_NO_PRIMARY)
			suffering[entry->primary]++;
	}
}

/*
 * Lists the primaries that give reason for an alarm; the others may give a new one. One that is
 * dead, but that no zone needs any more, is none: that is how a master is led away from it.
 */
static void list_alarms(struct watcher *watcher, const uint64_t suffering[],
			struct watcher_summary *summary)
{
	for (size_t i = 0; i < watcher->primaries.count; i++) {
		struct watch_primary *primary = &watcher->primaries.items[i];

		primary->refuses &= suffering[i] > 0;
		if (suffering[i] > 0 && (primary->is_dead || primary->refuses))
			summary->alarms[summary->n_alarms++] = (struct watcher_alarm){
				.address = primary->address,
				.is_dead = primary->is_dead,
				.since = primary->since,
				.zones = suffering[i],
			};
	}
}

int watcher_get_summary(struct watcher *watcher, struct watcher_summary *ret_summary)
{
	struct watcher_summary summary = {0};
	uint64_t *suffering;
	size_t room;

	pthread_mutex_lock(&watcher->lock);
	room = watcher->primaries.count + 1;
	suffering = calloc(room, sizeof(*suffering));
	summary.alarms = calloc(room, sizeof(*summary.alarms));
	if (suffering && summary.alarms) {
		count_zones(watcher, summary.zones, suffering);
		list_alarms(watcher, suffering, &summary);
	}
	pthread_mutex_unlock(&watcher->lock);
	free(suffering);
	if (!suffering || !summary.alarms) {
		free(summary.alarms);
		return -ENOMEM;
	}
	*ret_summary = summary;
	return 0;
}

bool watcher_take_missing(struct watcher *watcher)
{
	bool missing;

	pthread_mutex_lock(&watcher->lock);
	missing = watcher->has_missing;
	watcher->has_missing = false;
	pthread_mutex_unlock(&watcher->lock);
	return missing;
}

static const struct address *given(const struct address *source)
{
	return source->family ? source : NULL;
}

/* What the thread needs. */
static int prepare(struct watcher *watcher, struct reason *why)
{
	const struct agent_config *config = watcher->config;
	int r;

	watcher->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = watcher->wake < 0 ? -errno : control_new(config, &watcher->control);
	if (r < 0)
		return reason_fail(why, r, "can't start (%s)", error_text(r));
	r = soa_new(given(&config->transfer_source), given(&config->transfer_source_v6),
		    watcher_take_answer, watcher, &watcher->soa);
	if (r < 0)
		return reason_fail(why, r,
				   "can't ask name servers (%s); is transfer-source an "
				   "address of this machine?",
				   error_text(r));
	return registry_open_reader(config->state, &watcher->registry, why);
}

/* All but the thread. */
static void dispose(struct watcher *watcher)
{
	soa_free(watcher->soa);
	control_free(watcher->control);
	registry_free(watcher->registry);
	if (watcher->wake >= 0)
		close(watcher->wake);
	for (size_t i = 0; i < WATCHER_ZONES_MAX; i++)
		if (watcher->slots[i])
			watcher_end(watcher, watcher->slots[i]);
	watch_table_done(&watcher->table);
	watch_primaries_done(&watcher->primaries);
	pthread_mutex_destroy(&watcher->lock);
	free(watcher);
}

int watcher_new(const struct agent_config *config, struct watcher **ret_watcher, struct reason *why)
{
	struct watcher *watcher;
	int r;

	watcher = calloc(1, sizeof(*watcher));
	if (!watcher)
		return reason_fail(why, -ENOMEM, "out of memory");
	watcher->config = config;
	watcher->wake = -1;
	watcher->is_fast_pass = true;
	while (watcher->n_free < WATCHER_ZONES_MAX) {
		watcher->free_slots[watcher->n_free] = watcher->n_free;
		watcher->n_free++;
	}
	pthread_mutex_init(&watcher->lock, NULL);

	r = prepare(watcher, why);
	if (r == 0) {
		r = -pthread_create(&watcher->thread, NULL, watcher_run, watcher);
		if (r < 0)
			reason_set(why, "can't start a thread (%s)", error_text(r));
	}
	if (r < 0) {
		dispose(watcher);
		return r;
	}
	*ret_watcher = watcher;
	return 0;
}

void watcher_free(struct watcher *watcher)
{
	if (!watcher)
		return;
	pthread_mutex_lock(&watcher->lock);
	watcher->stopping = true;
	pthread_mutex_unlock(&watcher->lock);
	wake(watcher);
	pthread_join(watcher->thread, NULL);
	dispose(watcher);
}
