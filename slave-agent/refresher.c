#include "slave-agent/refresher.h"

#include <errno.h>
#include <pthread.h>
#include <search.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/log.h"
#include "slave-agent/control.h"

/* Times between the refreshes of one change, in ms. The last one ends it. */
static const unsigned int pauses[] = {REFRESHER_GAP_MS, 25000, 0};

struct visit {
	struct zone_name zone; /* first: the tree compares by it */
	uint64_t due;	       /* clock_steady_ms() */
	uint64_t last;	       /* when it was refreshed; 0: not yet */
	size_t step;	       /* in pauses[] */
	size_t place;	       /* in the list */
};

struct refresher {
	struct control *control;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopping;
	struct visit **list;
	size_t count;
	size_t room;
	void *tree; /* the same entries by name, tsearch(3) */
};

static int compare_zones(const void *a, const void *b)
{
	const struct zone_name *left = a, *right = b;

	return strcmp(left->text, right->text);
}

static struct visit *find_entry(struct refresher *refresher, const struct zone_name *zone)
{
	struct visit **node = tfind(zone, &refresher->tree, compare_zones);

	return node ? *node : NULL;
}

static int make_room(struct refresher *refresher)
{
	size_t room = refresher->room ? 2 * refresher->room : 64;
	struct visit **list;

	if (refresher->count == REFRESHER_ZONES_MAX)
		return ZP_EFULL;
	if (refresher->count < refresher->room)
		return 0;
	list = reallocarray(refresher->list, room, sizeof(*list));
	if (!list)
		return -ENOMEM;
	refresher->list = list;
	refresher->room = room;
	return 0;
}

static struct visit *add_entry(struct refresher *refresher, const struct zone_name *zone)
{
	struct visit *entry;
	int r;

	r = make_room(refresher);
	if (r < 0)
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->zone = *zone;
	entry->place = refresher->count;
	if (!tsearch(entry, &refresher->tree, compare_zones)) {
		free(entry);
		return NULL;
	}
	refresher->list[refresher->count++] = entry;
	return entry;
}

static void remove_entry(struct refresher *refresher, struct visit *entry)
{
	struct visit *last = refresher->list[--refresher->count];

	refresher->list[entry->place] = last;
	last->place = entry->place;
	tdelete(entry, &refresher->tree, compare_zones);
	free(entry);
}

void refresher_add(struct refresher *refresher, const struct zone_name *zone, unsigned int delay)
{
	struct visit *entry;

	pthread_mutex_lock(&refresher->lock);
	entry = find_entry(refresher, zone);
	if (!entry)
		entry = add_entry(refresher, zone);
	if (entry) {
		entry->step = 0;
		entry->due = clock_steady_ms() + delay;
		if (entry->last && entry->due < entry->last + REFRESHER_GAP_MS)
			entry->due = entry->last + REFRESHER_GAP_MS;
		pthread_cond_signal(&refresher->changed);
	} else {
		log_warning("refresher: too many zones at once, '%s' is left to named's timers",
			    zone->text);
	}
	pthread_mutex_unlock(&refresher->lock);
}

/* Of what is overdue, first refreshes go before repetitions, so that no bulk keeps a change
 * waiting. */
static bool goes_before(const struct visit *a, const struct visit *b, uint64_t now)
{
	if (a->due <= now && b->due <= now && a->step != b->step)
		return a->step < b->step;
	return a->due < b->due;
}

static struct visit *find_next(struct refresher *refresher)
{
	uint64_t now = clock_steady_ms();
	struct visit *next = NULL;

	for (size_t i = 0; i < refresher->count; i++)
		if (!next || goes_before(refresher->list[i], next, now))
			next = refresher->list[i];
	return next;
}

static void wait_until(struct refresher *refresher, const struct visit *entry)
{
	struct timespec until;

	if (!entry) {
		pthread_cond_wait(&refresher->changed, &refresher->lock);
		return;
	}
	until.tv_sec = (time_t)(entry->due / 1000);
	until.tv_nsec = (long)(entry->due % 1000) * 1000000;
	pthread_cond_timedwait(&refresher->changed, &refresher->lock, &until);
}

/*

 * Steps on, or forgets the zone: after its last refresh, and when named doesn't know it (any more).

 */
static void settle(struct refresher *refresher, const struct zone_name *zone, int result)
{
	struct visit *entry = find_entry(refresher, zone);
	uint64_t now = clock_steady_ms();

	if (!entry)
		return;
	if (result == ZP_ENAMED || (result == 0 && pauses[entry->step] == 0)) {
		remove_entry(refresher, entry);
		return;
	}
	entry->last = now;
	entry->due = now + (pauses[entry->step] ? pauses[entry->step] : REFRESHER_GAP_MS);
	if (result == 0)
		entry->step++;
}

static void *run(void *context)
{
	struct refresher *refresher = context;
	struct zone_name zone;
	struct visit *entry;
	struct reason why;
	int r;

	pthread_mutex_lock(&refresher->lock);
	while (!refresher->stopping) {
		entry = find_next(refresher);
		if (!entry || entry->due > clock_steady_ms()) {
			wait_until(refresher, entry);
			continue;
		}
		/* Later changes of this zone reschedule it while the command is under way. */
		zone = entry->zone;
		entry->last = clock_steady_ms();
		entry->due = UINT64_MAX;
		pthread_mutex_unlock(&refresher->lock);

		r = control_refresh(refresher->control, &zone, &why);
		if (r < 0)
			log_debug("refresher: can't refresh '%s' (%s)", zone.text, why.text);

		pthread_mutex_lock(&refresher->lock);
		entry = find_entry(refresher, &zone);
		if (entry && entry->due == UINT64_MAX)
			settle(refresher, &zone, r);
	}
	pthread_mutex_unlock(&refresher->lock);
	return NULL;
}

int refresher_new(const struct agent_config *config, struct refresher **ret_refresher)
{
	struct refresher *refresher;
	pthread_condattr_t steady;
	int r;

	refresher = calloc(1, sizeof(*refresher));
	if (!refresher)
		return -ENOMEM;
	r = control_new(config, &refresher->control);
	if (r < 0) {
		free(refresher);
		return r;
	}
	pthread_mutex_init(&refresher->lock, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&refresher->changed, &steady);
	pthread_condattr_destroy(&steady);

	r = pthread_create(&refresher->thread, NULL, run, refresher);
	if (r != 0) {
		pthread_cond_destroy(&refresher->changed);
		pthread_mutex_destroy(&refresher->lock);
		control_free(refresher->control);
		free(refresher);
		return -r;
	}
	*ret_refresher = refresher;
	return 0;
}

void refresher_free(struct refresher *refresher)
{
	if (!refresher)
		return;
	pthread_mutex_lock(&refresher->lock);
	refresher->stopping = true;
	pthread_cond_signal(&refresher->changed);
	pthread_mutex_unlock(&refresher->lock);
	pthread_join(refresher->thread, NULL);
	pthread_cond_destroy(&refresher->changed);
	pthread_mutex_destroy(&refresher->lock);
	while (refresher->count > 0)
		remove_entry(refresher, refresher->list[0]);
	free(refresher->list);
	control_free(refresher->control);
	free(refresher);
}
