#ifndef ZP_AGENT_H
#define ZP_AGENT_H

/* What the running agent consists of, as far as requests need it. Nothing in it changes after the
 * start. */

#include <pthread.h>

#include "slave-agent/agent_config.h"
#include "slave-agent/applier.h"
#include "slave-agent/audit.h"
#include "slave-agent/identity.h"
#include "slave-agent/registry.h"
#include "slave-agent/replay.h"
#include "slave-agent/watcher.h"

struct agent {
	const struct agent_config *config;
	struct identity *identity;
	struct applier *applier;
	struct watcher *watcher;
	struct replay *replay;
	struct audit *audit;
	int64_t started; /* seconds since 1970 */

	/* For reading only; several HTTP threads share it. */
	struct registry *reader;
	pthread_mutex_t reader_lock;
};

#endif
