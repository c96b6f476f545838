#include <string.h>

#include "proto/clock.h"
#include "proto/log.h"
#include "slave-agent/watcher_private.h"

/* A zone that stays unknown to named for so many looks is lost. */
#define LOOKS_UNTIL_MISSING 5

/* A tag is the watch's slot and who was asked: 0 named, else the n-th primary. */
#define TAG_BITS 4
#define TAG_MASK ((UINT64_C(1) << TAG_BITS) - 1)

/* Finds whom to ask: the primaries of the zone's owner. False where nobody has it any more. */
static bool find_primaries(struct watcher *watcher, struct watch *watch)
{
	struct registry_master master;
	struct registry_zone zone;
	uint16_t place;
	int r;

	r = registry_zone_get_owned(watcher->registry, &watch->zone, &zone);
	if (r == 0)
		r = registry_master_find(watcher->registry, zone.master, &master);
	/* What named isn't told of yet is looked at when it was. */
	if (r < 0 || zone.state != REGISTRY_APPLIED)
		return false;

	watch->n_primaries = 0;
	for (size_t i = 0; i < master.n_primaries; i++) {
		place = watch_primaries_find(&watcher->primaries, &master.primaries[i]);
		if (place != WATCH_NO_PRIMARY)
			watch->primaries[watch->n_primaries++] = place;
	}
	return true;
}

static void ask(struct watcher *watcher, struct watch *watch, const struct address *server,
		size_t who)
{
	int r;

	r = soa_ask(watcher->soa, &watch->zone, server,
		    (uint64_t)watch->slot << TAG_BITS | (uint64_t)who);
	watch->waiting += r == 0;
}

void watcher_look(struct watcher *watcher, struct watch *watch)
{
	const struct soa_answer silence = {.outcome = SOA_SILENT};

	if (!find_primaries(watcher, watch)) {
		watch_table_remove(&watcher->table, watch_table_key(&watch->zone));
		watcher_end(watcher, watch);
		return;
	}
	watch->view = (struct watch_view){.local = silence, .primary = silence};
	watch->trouble = WATCH_NO_PRIMARY;
	watch->again = false;
	ask(watcher, watch, &watcher->config->named_address, 0);
	for (size_t i = 0; i < watch->n_primaries; i++) {
		struct watch_primary *primary = &watcher->primaries.items[watch->primaries[i]];

		primary->zone = watch->zone;
		if (primary->is_dead)
			watch->trouble = watch->primaries[i];
		if (watch_primary_may_be_asked(primary))
			ask(watcher, watch, &primary->address, i + 1);
	}
	/* Nobody could be asked, for want of room: then later. */
	if (watch->waiting == 0)
		watch->due = clock_steady_ms() + SOA_TRY_MS;
}

static void tell_news(struct watcher *watcher, const struct watch_primary *primary,
		      const struct watch *watch, enum watch_primary_news news)
{
	char address[ADDRESS_SIZE];

	address_render(&primary->address, address);
	switch (news) {
	case WATCH_NO_NEWS:
		break;
	case WATCH_DIED:
		log_error("watcher: primary %s doesn't answer; its zones get no new contents",
			  address);
		break;
	case WATCH_REVIVED:
		log_notice("watcher: primary %s answers again", address);
		watcher->sweep_again = true;
		break;
	case WATCH_REFUSED:
		log_warning("watcher: primary %s doesn't serve us '%s' (and perhaps others; see "
			    "`zonepush-agent status`); may this slave query and transfer there?",
			    address, watch->zone.text);
		break;
	}
}

static void take_from_primary(struct watcher *watcher, struct watch *watch, size_t which,
			      const struct soa_answer *answer)
{
	struct watch_primary *primary = &watcher->primaries.items[watch->primaries[which]];

	tell_news(watcher, primary, watch, watch_primary_note(primary, answer->outcome));
	if (answer->outcome != SOA_SERIAL)
		watch->trouble = watch->primaries[which];
	watch->view.primary = watch_policy_merge(&watch->view.primary, answer);
}

/* Notes what was seen for whoever asks. */
static void note(struct watcher *watcher, const struct watch *watch, enum watch_state state)
{
	const struct watch_view *view = &watch->view;
	struct watch_entry entry = {
		.key = watch_table_key(&watch->zone),
		.checked = (uint32_t)clock_seconds(),
		.primary = watch->trouble,
		.state = (uint8_t)state,
		.has_serial = view->local.outcome == SOA_SERIAL,
		.serial = view->local.serial,
		.has_primary_serial = view->primary.outcome == SOA_SERIAL,
		.primary_serial = view->primary.serial,
		.was_served = watch->progress.was_served,
		.to_retransfer =
			watch->progress.cause == WATCH_PASSED_ON && !watch->progress.retransferred,
	};

	if (watch_table_put(&watcher->table, &entry) < 0)
		log_warning("watcher: out of memory, '%s' isn't noted", watch->zone.text);
}

/* named is told once the lock is let go; a zone that was told of lately waits for its next look. */
static void order(struct watcher *watcher, const struct watch *watch, enum watch_action action)
{
	if (action == WATCH_NOTHING || watcher->n_orders == WATCH_ORDERS_MAX)
		return;
	if (action == WATCH_REFRESH && watch->told &&
	    clock_steady_ms() < watch->told + WATCHER_GAP_MS)
		return;
	watcher->orders[watcher->n_orders++] = (struct watch_order){watch->zone, action};
}

/* All answers are there. */
static void conclude(struct watcher *watcher, struct watch *watch)
{
	struct watch_progress *progress = &watch->progress;
	const struct watch_entry *before;
	struct watch_decision decision;

	before = watch_table_find(&watcher->table, watch_table_key(&watch->zone));
	progress->was_served =
		(before && before->was_served) || watch->view.local.outcome == SOA_SERIAL;
	decision = watch_policy_decide(&watch->view, progress);
	note(watcher, watch, decision.state);
	order(watcher, watch, decision.action);
	/* A look from before the latest change says nothing about how that one goes on. */
	if (!watch->again) {
		progress->looks++;
		progress->settled += decision.state == WATCH_SERVING;
	}
	if (decision.state == WATCH_MISSING && progress->looks == LOOKS_UNTIL_MISSING) {
		log_warning("watcher: named doesn't know zone '%s', though it was told",
			    watch->zone.text);
		watcher->has_missing = true;
	}
	if (watch->again)
		watch->due = clock_steady_ms();
	else if (decision.pause > 0)
		watch->due = clock_steady_ms() + decision.pause;
	else
		watcher_end(watcher, watch);
}

void watcher_take_answer(void *context, uint64_t tag, const struct soa_answer *answer)
{
	struct watcher *watcher = context;
	size_t who = (size_t)(tag & TAG_MASK);
	struct watch *watch;

	pthread_mutex_lock(&watcher->lock);
	watch = watcher->slots[tag >> TAG_BITS];
	if (watch && watch->waiting > 0) {
		if (who == 0)
			watch->view.local = *answer;
		else
			take_from_primary(watcher, watch, who - 1, answer);
		watch->waiting--;
		if (watch->waiting == 0)
			conclude(watcher, watch);
	}
	pthread_mutex_unlock(&watcher->lock);
}
