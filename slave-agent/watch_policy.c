#include "slave-agent/watch_policy.h"

#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Between looks at a zone that isn't as it should be; behind the last one the sweep has it. */
static const unsigned int pauses[] = {200,  300,   500,	  1000,	 2000,	3000,  5000,
				      5000, 10000, 15000, 30000, 60000, 60000, 120000};

/* After an update that seems to be there already: the primary may not have published it yet. */
static const unsigned int late[] = {1000, 4000, 25000};

/* As many as tell a dead primary from a lost packet: WATCH_SILENCES_MAX. */
#define SWEPT_LOOKS 3

/* A named that was just told of a zone fetches it by itself first. */
#define OWN_FETCH_LOOKS 4

const char *watch_state_word(enum watch_state state)
{
	static const char *const words[] = {
		[WATCH_UNKNOWN] = "unknown",
		[WATCH_SERVING] = "serving",
		[WATCH_TRANSFERRING] = "transferring",
		[WATCH_BEHIND] = "behind",
		[WATCH_PRIMARY_REFUSES] = "primary-refuses",
		[WATCH_PRIMARY_UNREACHABLE] = "primary-unreachable",
		[WATCH_EXPIRED] = "expired",
		[WATCH_MISSING] = "missing",
	};

	return words[state];
}

/* Serial number arithmetic, RFC 1982 §3.2. */
static bool is_newer(uint32_t a, uint32_t b)
{
	return a != b && a - b < UINT32_C(0x80000000);
}

struct soa_answer watch_policy_merge(const struct soa_answer *a, const struct soa_answer *b)
{
	if (a->outcome == SOA_SERIAL && b->outcome == SOA_SERIAL)
		return is_newer(b->serial, a->serial) ? *b : *a;
	if (a->outcome == SOA_SERIAL || b->outcome == SOA_SILENT)
		return *a;
	return *b;
}

static unsigned int find_pause(const struct watch_progress *progress)
{
	return progress->looks < COUNT(pauses) ? pauses[progress->looks] : 0;
}

/* One look is enough where nobody waits for anything; a few where answers may just be lost. */
static unsigned int pause_if_awaited(const struct watch_progress *progress, unsigned int enough)
{
	if (progress->cause == WATCH_SWEPT && progress->looks + 1 >= enough)
		return 0;
	return find_pause(progress);
}

static struct watch_decision decide_serving(const struct watch_progress *progress)
{
	struct watch_decision decision = {.state = WATCH_SERVING};

	if (progress->cause == WATCH_UPDATED && progress->settled < COUNT(late))
		decision.pause = late[progress->settled];
	return decision;
}

/* named has no data of the zone: yet, or any more. */
static struct watch_decision decide_empty(const struct watch_progress *progress)
{
	struct watch_decision decision = {
		.state = progress->was_served ? WATCH_EXPIRED : WATCH_TRANSFERRING,
		.action = WATCH_REFRESH,
		.pause = find_pause(progress),
	};

	if (progress->cause == WATCH_MADE && progress->looks < OWN_FETCH_LOOKS)
		decision.action = WATCH_NOTHING;
	return decision;
}

static struct watch_decision decide_served(uint32_t local, uint32_t primary,
					   const struct watch_progress *progress)
{
	struct watch_decision decision = {.state = WATCH_BEHIND, .pause = find_pause(progress)};

	/* Equal serials of two servers say nothing about their contents. */
	if (progress->cause == WATCH_PASSED_ON && !progress->retransferred) {
		decision.state = WATCH_TRANSFERRING;
		decision.action = WATCH_RETRANSFER;
		return decision;
	}
	if (local == primary)
		return decide_serving(progress);
	if (is_newer(primary, local)) {
		decision.action = WATCH_REFRESH;
	} else if (!progress->retransferred) {
		/* The primary went back: it would never be asked for less by itself. */
		decision.state = WATCH_TRANSFERRING;
		decision.action = WATCH_RETRANSFER;
	}
	return decision;
}

struct watch_decision watch_policy_decide(const struct watch_view *view,
					  const struct watch_progress *progress)
{
	struct watch_decision decision = {.state = WATCH_UNKNOWN};

	if (view->local.outcome == SOA_SILENT) {
		decision.pause = pause_if_awaited(progress, SWEPT_LOOKS);
	} else if (view->local.outcome == SOA_REFUSED || view->local.outcome == SOA_ABSENT) {
		decision.state = WATCH_MISSING;
		decision.pause = find_pause(progress);
	} else if (view->primary.outcome == SOA_SILENT) {
		decision.state = WATCH_PRIMARY_UNREACHABLE;
		decision.pause = pause_if_awaited(progress, SWEPT_LOOKS);
	} else if (view->primary.outcome != SOA_SERIAL) {
		decision.state = WATCH_PRIMARY_REFUSES;
		decision.pause = pause_if_awaited(progress, 1);
	} else if (view->local.outcome == SOA_SERIAL) {
		decision = decide_served(view->local.serial, view->primary.serial, progress);
	} else {
		decision = decide_empty(progress);
	}
	return decision;
}
