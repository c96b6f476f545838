#ifndef ZP_UPKEEP_H
#define ZP_UPKEEP_H

/*
 * Keeps named in line with the registry: brings over what waits, tries again what couldn't be
 * brought, and in between looks whether named runs and whether its files were changed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/named.h"
#include "slave-agent/named_facts.h"
#include "slave-agent/publish.h"
#include "slave-agent/registry.h"
#include "slave-agent/watcher.h"

/* What is known of named. */
struct named_status {
	bool is_known; /* asked at least once */
	bool is_running;
	char version[NAMED_VERSION_SIZE];
	char error[REASON_SIZE]; /* "" when all is well */
};

struct upkeep;

/*
 * Reads named's version; everything else is done when due, beginning at once. The arguments must
 * outlive it. Returns 0 or an error with a reason. All calls but upkeep_get_status() belong to one
 * thread.
 */
int upkeep_new(const struct agent_config *config, struct registry *registry,
	       struct watcher *watcher, struct upkeep **ret_upkeep, struct reason *why)
	__attribute__((warn_unused_result));
void upkeep_free(struct upkeep *upkeep);

/*
 * Brings named in line with the registry, and notes there what has been brought. may_lose:
 * publisher_allow_loss(). Unless APPLIED, *ret_why says why, and another try is scheduled.
 */
enum publish_outcome upkeep_publish(struct upkeep *upkeep, bool may_lose, struct reason *ret_why);

/* Does what is due, and when the next thing will be: clock_steady_ms(). */
void upkeep_run(struct upkeep *upkeep);
uint64_t upkeep_get_next(const struct upkeep *upkeep);

/*
 * What named's configuration holds beside our zones, as last read; NULL: it couldn't be. Valid
 * until the next upkeep_publish() or upkeep_run().
 */
const struct named_facts *upkeep_get_facts(const struct upkeep *upkeep);

/* From any thread. */
void upkeep_get_status(struct upkeep *upkeep, struct named_status *ret_status);

#endif
