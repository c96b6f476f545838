#include "slave-agent/upkeep.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/log.h"
#include "slave-agent/claim.h"
#include "slave-agent/control.h"
#include "slave-agent/include.h"
#include "slave-agent/litter.h"

#define RETRY_MAX_MS	     (60 * 1000)
#define RETRY_REFUSED_MAX_MS (10 * 60 * 1000)
#define BLOCKED_RETRY_MS     (10 * 60 * 1000)
#define PING_MS		     (30 * 1000)
#define MISSING_MS	     (10 * 60 * 1000)
#define EXPIRE_MS	     (24 * 3600 * 1000)
#define LITTER_MS	     (5 * 1000) /* between steps */

/* named's files are looked at so often; ones that can't be read cost a named-checkconf each time,
 * so those tries get rarer. */
#define FACTS_MS     (5 * 1000)
#define FACTS_MAX_MS (60 * 1000)

struct upkeep {
	const struct agent_config *config;
	struct registry *registry;
	struct watcher *watcher;
	struct control *control;
	struct publisher *publisher;
	struct litter *litter;

	struct named_facts *facts; /* NULL: can't be read, for the reason `broken` */
	struct reason broken;

	/* clock_steady_ms(); retry_at 0: nothing is to be tried again. */
	uint64_t retry_at, retry_pause;
	uint64_t blocked_at;
	uint64_t ping_at;
	uint64_t facts_at, facts_pause;
	uint64_t missing_at;
	uint64_t litter_at;
	uint64_t expire_at;

	pthread_mutex_t lock; /* of status */
	struct named_status status;
};

/* Logs what changed, once. */
static void note_named(struct upkeep *upkeep, bool is_running, const char *error)
{
	struct named_status *status = &upkeep->status;
	bool changed;

	pthread_mutex_lock(&upkeep->lock);
	changed = !status->is_known || strcmp(status->error, error) != 0;
	status->is_known = true;
	status->is_running = is_running;
	snprintf(status->error, sizeof(status->error), "%s", error);
	pthread_mutex_unlock(&upkeep->lock);

	if (changed && *error)
		log_error("upkeep: %s", error);
	else if (changed)
		log_notice("upkeep: named is running and in line");
}

void upkeep_get_status(struct upkeep *upkeep, struct named_status *ret_status)
{
	pthread_mutex_lock(&upkeep->lock);
	*ret_status = upkeep->status;
	pthread_mutex_unlock(&upkeep->lock);
}

const struct named_facts *upkeep_get_facts(const struct upkeep *upkeep)
{
	return upkeep->facts;
}

static void check_view(const struct upkeep *upkeep)
{
	const char *view = named_facts_get_view(upkeep->facts);

	if (strcmp(view, upkeep->config->view) != 0)
		log_warning("upkeep: '%s' stands in view '%s' of named's configuration, not '%s': "
			    "commands to named will miss the zones; set `view` in the agent's",
			    upkeep->config->include, view, upkeep->config->view);
}

static void load_facts(struct upkeep *upkeep)
{
	struct named_facts *facts = NULL;
	struct reason why = {.text = ""};
	int r;

	r = named_facts_load(upkeep->config, &facts, &why);
	named_facts_free(upkeep->facts);
	upkeep->facts = facts;
	upkeep->broken = why;
	if (r == 0) {
		upkeep->facts_pause = FACTS_MS;
		check_view(upkeep);
	} else if (upkeep->facts_pause < FACTS_MAX_MS) {
		upkeep->facts_pause *= 2;
	}
}

/*
 * Follows named's files, which others change. Where it is the configuration, ours is judged anew as
 * a whole. Returns whether anything was changed.
 */
static bool follow_files(struct upkeep *upkeep)
{
	enum named_facts_change change = NAMED_FACTS_CONFIGURATION;

	if (upkeep->facts)
		change = named_facts_get_change(upkeep->facts);
	if (change != NAMED_FACTS_SAME)
		load_facts(upkeep);
	if (upkeep->facts && change == NAMED_FACTS_CONFIGURATION)
		publisher_look_at_all(upkeep->publisher);
	upkeep->facts_at = clock_steady_ms() + upkeep->facts_pause;
	return change != NAMED_FACTS_SAME;
}

static void remove_litter(void *context, const struct zone_name *name, uint64_t made)
{
	const struct upkeep *upkeep = context;

	include_remove_data(upkeep->config, name, made);
}

/* named has it all: said so in the registry, and old data files can go. */
static int settle_registry(struct upkeep *upkeep)
{
	struct registry *registry = upkeep->registry;
	int r;

	r = registry_litter_each(registry, remove_litter, upkeep);
	if (r == 0)
		r = registry_begin(registry);
	if (r < 0)
		return r;
	r = registry_mark_applied(registry);
	if (r == 0)
		r = registry_litter_clear(registry);
	if (r == 0)
		r = registry_commit(registry);
	if (r < 0)
		registry_rollback(registry);
	return r;
}

/* Whether the administrator wants named left alone for now. */
static bool is_paused(struct upkeep *upkeep, struct reason *ret_why)
{
	bool on = false;
	int r;

	r = registry_get_maintenance(upkeep->registry, &on);
	if (r < 0)
		log_error("upkeep: the registry failed (%s)", registry_reason(upkeep->registry));
	if (on)
		reason_set(ret_why, "maintenance: changes wait until `zonepush-agent maintenance "
				    "off`");
	return on;
}

/* Zones that couldn't be had wait to be tried once more: what was in the way may have gone. */
static void wake_blocked(struct upkeep *upkeep)
{
	struct registry *registry = upkeep->registry;
	int r;

	upkeep->blocked_at = clock_steady_ms() + BLOCKED_RETRY_MS;
	r = registry_begin(registry);
	if (r == 0)
		r = registry_retry_failing(registry);
	if (r == 0)
		r = claim_retry(upkeep->config, registry);
	if (r == 0)
		r = registry_commit(registry);
	if (r < 0) {
		log_error("upkeep: can't try blocked zones again (%s)", registry_reason(registry));
		registry_rollback(registry);
	}
}

/*
 * named being down is asked for cheaply and often. A broken configuration costs a check each time,
 * an include that named refused even two reconfigs: these tries get rarer.
 */
static void schedule_retry(struct upkeep *upkeep, enum publish_outcome outcome)
{
	bool is_stubborn = outcome == PUBLISH_REFUSED || outcome == PUBLISH_HELD;
	uint64_t most = is_stubborn ? RETRY_REFUSED_MAX_MS : RETRY_MAX_MS;
	uint64_t pause = upkeep->config->retry;

	if (outcome != PUBLISH_NAMED_DOWN && upkeep->retry_pause)
		pause = 2 * upkeep->retry_pause;
	if (pause > most)
		pause = most;
	upkeep->retry_pause = pause;
	upkeep->retry_at = clock_steady_ms() + pause;
}

/* Nothing that we published is in the way, yet named wouldn't start with what somebody wrote. */
static const char *find_error(const struct upkeep *upkeep, const struct reason *why)
{
	return *why->text ? why->text : upkeep->broken.text;
}

enum publish_outcome upkeep_publish(struct upkeep *upkeep, bool may_lose, struct reason *ret_why)
{
	enum publish_outcome outcome = PUBLISH_PAUSED;
	int r;

	ret_why->text[0] = '\0';
	if (follow_files(upkeep))
		wake_blocked(upkeep);
	if (may_lose)
		publisher_allow_loss(upkeep->publisher);
	if (!is_paused(upkeep, ret_why))
		outcome = publisher_run(upkeep->publisher, upkeep->facts, ret_why);
	if (outcome == PUBLISH_APPLIED) {
		r = settle_registry(upkeep);
		if (r < 0) {
			reason_set(ret_why, "named is in line, but the registry can't note it (%s)",
				   registry_reason(upkeep->registry));
			outcome = PUBLISH_FAILED;
		}
	}

	upkeep->retry_at = 0;
	if (outcome == PUBLISH_APPLIED || outcome == PUBLISH_PAUSED)
		upkeep->retry_pause = 0;
	else
		schedule_retry(upkeep, outcome);
	note_named(upkeep, outcome != PUBLISH_NAMED_DOWN, find_error(upkeep, ret_why));
	upkeep->ping_at = clock_steady_ms() + PING_MS;
	return outcome;
}

/* Notes whether named answers, and what else there is to be said while nothing is published. */
static bool ping(struct upkeep *upkeep)
{
	struct reason why = {.text = ""};
	int r;

	upkeep->ping_at = clock_steady_ms() + PING_MS;
	r = control_ping(upkeep->control, &why);
	if (r == 0)
		is_paused(upkeep, &why);
	note_named(upkeep, r == 0, find_error(upkeep, &why));
	return r == 0;
}

/* While named is down there is no use in rendering and checking everything again. */
static void retry(struct upkeep *upkeep)
{
	struct reason why;

	if (upkeep->status.is_known && !upkeep->status.is_running && !ping(upkeep))
		schedule_retry(upkeep, PUBLISH_NAMED_DOWN);
	else if (upkeep_publish(upkeep, false, &why) == PUBLISH_APPLIED)
		watcher_sweep(upkeep->watcher);
}

/*
 * What somebody did to our own files is undone; what is broken in others is told even while nothing
 * of ours has to be published.
 */
static void look_at_files(struct upkeep *upkeep)
{
	static const struct reason none = {.text = ""};

	if (publisher_notice_changes(upkeep->publisher)) {
		log_warning("upkeep: files of the agent beside '%s' were changed by somebody else; "
			    "they are mended",
			    upkeep->config->include);
		upkeep->retry_at = clock_steady_ms();
	}
	if (!follow_files(upkeep))
		return;
	wake_blocked(upkeep);
	if (upkeep->facts)
		upkeep->retry_at = clock_steady_ms();
	else if (!upkeep->retry_at)
		note_named(upkeep, upkeep->status.is_running, find_error(upkeep, &none));
}

static void retry_blocked(struct upkeep *upkeep)
{
	struct registry_waiting waiting = {0};
	int r;

	wake_blocked(upkeep);
	r = registry_count_waiting(upkeep->registry, &waiting);
	if (r == 0 && waiting.present + waiting.leaving > 0 && !upkeep->retry_at)
		upkeep->retry_at = clock_steady_ms();
}

/* Somebody took zones out of the running named, perhaps by `rndc delzone`. */
static void look_for_missing(struct upkeep *upkeep)
{
	uint64_t now = clock_steady_ms();

	if (upkeep->retry_at || now < upkeep->missing_at || !watcher_take_missing(upkeep->watcher))
		return;
	publisher_tell_again(upkeep->publisher);
	upkeep->retry_at = now;
	upkeep->missing_at = now + MISSING_MS;
}

static void expire(struct upkeep *upkeep)
{
	int r;

	upkeep->expire_at = clock_steady_ms() + EXPIRE_MS;
	r = registry_expire(upkeep->registry, clock_seconds());
	if (r < 0)
		log_warning("upkeep: can't forget old deletions (%s)",
			    registry_reason(upkeep->registry));
}

static void sweep_litter(struct upkeep *upkeep)
{
	bool is_done = litter_step(upkeep->litter, clock_seconds());

	upkeep->litter_at = clock_steady_ms() + (is_done ? EXPIRE_MS : LITTER_MS);
}

void upkeep_run(struct upkeep *upkeep)
{
	uint64_t now = clock_steady_ms();

	if (now >= upkeep->facts_at) {
		look_at_files(upkeep);
		look_for_missing(upkeep);
		/* What a bulk took isn't needed until the next one. */
		malloc_trim(0);
	}
	if (now >= upkeep->blocked_at)
		retry_blocked(upkeep);
	if (upkeep->retry_at && now >= upkeep->retry_at)
		retry(upkeep);
	else if (!upkeep->retry_at && now >= upkeep->ping_at)
		ping(upkeep);
	if (now >= upkeep->expire_at)
		expire(upkeep);
	if (now >= upkeep->litter_at)
		sweep_litter(upkeep);
}

/* While a retry is due named isn't asked for its own sake. */
uint64_t upkeep_get_next(const struct upkeep *upkeep)
{
	const uint64_t times[] = {upkeep->retry_at ? upkeep->retry_at : upkeep->ping_at,
				  upkeep->facts_at, upkeep->blocked_at, upkeep->expire_at,
				  upkeep->litter_at};
	uint64_t next = times[0];

	for (size_t i = 1; i < sizeof(times) / sizeof(*times); i++)
		if (times[i] < next)
			next = times[i];
	return next;
}

/* What is needed to deal with named. */
static int open_named(struct upkeep *upkeep, struct reason *why)
{
	int r;

	r = named_get_version(upkeep->config, upkeep->status.version, why);
	if (r < 0)
		return r;
	r = control_new(upkeep->config, &upkeep->control);
	if (r == 0)
		r = litter_new(upkeep->config, upkeep->registry, &upkeep->litter);
	if (r < 0)
		return reason_fail(why, r, "can't start (%s)", error_text(r));
	return publisher_new(upkeep->config, upkeep->registry, upkeep->control,
			     named_get_words(upkeep->status.version), &upkeep->publisher, why);
}

int upkeep_new(const struct agent_config *config, struct registry *registry,
	       struct watcher *watcher, struct upkeep **ret_upkeep, struct reason *why)
{
	uint64_t now = clock_steady_ms();
	struct upkeep *upkeep;
	int r;

	upkeep = calloc(1, sizeof(*upkeep));
	if (!upkeep)
		return reason_fail(why, -ENOMEM, "out of memory");
	*upkeep = (struct upkeep){
		.config = config,
		.registry = registry,
		.watcher = watcher,
		.facts_pause = FACTS_MS,
		.retry_at = now, /* what was left undone, or was changed by hand since */
		.blocked_at = now,
		.ping_at = now,
		.facts_at = now,
		.expire_at = now,
		.litter_at = now,
	};
	pthread_mutex_init(&upkeep->lock, NULL);
	r = open_named(upkeep, why);
	if (r < 0) {
		upkeep_free(upkeep);
		return r;
	}
	*ret_upkeep = upkeep;
	return 0;
}

void upkeep_free(struct upkeep *upkeep)
{
	if (!upkeep)
		return;
	publisher_free(upkeep->publisher);
	litter_free(upkeep->litter);
	control_free(upkeep->control);
	named_facts_free(upkeep->facts);
	pthread_mutex_destroy(&upkeep->lock);
	free(upkeep);
}
