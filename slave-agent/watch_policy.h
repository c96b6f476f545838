#ifndef ZP_WATCH_POLICY_H
#define ZP_WATCH_POLICY_H

/*
 * What follows from a look at a zone: which state it is in, what named is to be told, and when to
 * look again. Nothing but that: no clock, no network.
 */

#include <stdbool.h>
#include <stdint.h>

#include "proto/soa_packet.h"

enum watch_state {
	WATCH_UNKNOWN,		   /* not looked at yet, or named doesn't answer */
	WATCH_SERVING,		   /* as its primary does */
	WATCH_TRANSFERRING,	   /* not served yet, or its data are to be replaced */
	WATCH_BEHIND,		   /* served, though the primary has a newer serial */
	WATCH_PRIMARY_REFUSES,	   /* the primary is there, but doesn't serve us this zone */
	WATCH_PRIMARY_UNREACHABLE, /* no primary answers */
	WATCH_EXPIRED,		   /* served once, not any more; its primary has it */
	WATCH_MISSING,		   /* named doesn't know the zone, though it was told */
};
#define WATCH_STATES (WATCH_MISSING + 1)

/* The state as PROTOCOL.md §8 spells it. */
const char *watch_state_word(enum watch_state state);

/* Why it is looked at. */
enum watch_cause {
	WATCH_SWEPT,	 /* its turn, or somebody asks: one look, unless something is to be done */
	WATCH_MADE,	 /* new to named */
	WATCH_UPDATED,	 /* its contents changed, says its master; its named may publish late */
	WATCH_PASSED_ON, /* another master's contents are to replace what is served */
};

enum watch_action {
	WATCH_NOTHING,
	WATCH_REFRESH,
	WATCH_RETRANSFER,
};

/* What a look saw. */
struct watch_view {
	struct soa_answer local; /* of our named */
	/* Of the primaries: the newest serial; if there is none, a refusal; else silence. */
	struct soa_answer primary;
};

/* What is known of the looks before. */
struct watch_progress {
	enum watch_cause cause;
	unsigned int looks;   /* before this one */
	bool was_served;      /* at any time that is remembered */
	bool retransferred;   /* since this cause came up */
	unsigned int settled; /* looks that found it serving */
};

struct watch_decision {
	enum watch_state state;
	enum watch_action action;
	unsigned int pause; /* ms until the next look; 0: none */
};

/* The newer one of two answers of primaries. */
struct soa_answer watch_policy_merge(const struct soa_answer *a, const struct soa_answer *b);

struct watch_decision watch_policy_decide(const struct watch_view *view,
					  const struct watch_progress *progress);

#endif
