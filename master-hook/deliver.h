#ifndef ZP_DELIVER_H
#define ZP_DELIVER_H

/*
 * Brings what slaves owe to them: all slaves at once, one request of many changes each, the next
 * one as soon as a slave has answered.
 */

#include <stdbool.h>
#include <stdint.h>

#include "master-hook/hook_config.h"
#include "master-hook/outbox.h"
#include "proto/error.h"
#include "proto/key.h"

/* What came of it; each failure was logged as it happened. */
struct deliver_summary {
	size_t known;	       /* slaves that there are */
	size_t slaves;	       /* that owed something */
	size_t failed;	       /* of these: not reached, or not believed */
	uint64_t acknowledged; /* changes */
	uint64_t refused;
};

struct deliver_limits {
	uint64_t until;	  /* clock_steady_ms(): no longer than this */
	uint64_t request; /* ms for one request */
	size_t most;	  /* changes to each slave, the newest first; 0: all that is due */
	int stop;	  /* a descriptor that can be read once it is to end; -1: none */

	const char *const *slaves; /* to these alone, ended by NULL; NULL: to all */

	/* Told whenever a reply is settled; NULL: nobody. */
	void (*on_progress)(void *context, const struct deliver_summary *so_far);
	void *context;
};

/*
 * Delivers what is due now, to every slave that isn't paused or waiting for its next try. Returns 0
 * whatever the slaves answer, or an error with a reason when the outbox or the client fails.
 */
int deliver_run(const struct hook_config *config, const struct key *key, struct outbox *outbox,
		const struct deliver_limits *limits, struct deliver_summary *ret_summary,
		struct reason *why) __attribute__((warn_unused_result));

/* Whether a slave is one of these names, ended by NULL; NULL means all. */
bool deliver_is_meant(const char *const *slaves, const char *name);

#endif
