#ifndef ZP_PUBLISH_H
#define ZP_PUBLISH_H

/*
 * Brings disk and running named in line with the registry: compare, check, publish, tell named, and
 * back to what was there before where named says no after all. Disk comes first: whenever named
 * starts, it reads what is wanted.
 */

#include <limits.h>

#include "proto/error.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/control.h"
#include "slave-agent/named.h"
#include "slave-agent/named_facts.h"
#include "slave-agent/registry.h"

enum publish_outcome {
	PUBLISH_APPLIED,    /* named has exactly what the registry wants, failing zones aside */
	PUBLISH_NAMED_DOWN, /* on disk, for named to read when it starts */
	PUBLISH_BROKEN,	    /* what is wrong isn't ours; nothing was published */
	PUBLISH_REFUSED,    /* named refused what named-checkconf took; the last good one is back */
	PUBLISH_HELD,	    /* too many zones would vanish without anybody having said so */
	PUBLISH_PAUSED,	    /* maintenance: the administrator wants named left alone */
	PUBLISH_FAILED,	    /* a disk, memory, the registry, a program */
};

/*
 * Zones that may vanish from the shards without anybody having deleted them: this many, or this
 * part of all. More are taken for an accident, say a registry that was lost, and held; where the
 * registry has no zone applied yet, so is a single one.
 */
#define PUBLISH_LOSS_MAX	 10
#define PUBLISH_LOSS_PERCENT_MAX 20

/*
 * The lock (file_lock()) that is held while files in the include are changed, by the agent or by
 * `zonepush-agent guard`.
 */
void publisher_lock_path(const struct agent_config *config, char ret_path[static PATH_MAX]);

struct publisher;

/*
 * The arguments must outlive it. The first run compares all shards. Returns 0 or an error with a
 * reason.
 */
int publisher_new(const struct agent_config *config, struct registry *registry,
		  struct control *control, const struct named_words *words,
		  struct publisher **ret_publisher, struct reason *why)
	__attribute__((warn_unused_result));
void publisher_free(struct publisher *publisher);

/*
 * Why, unless APPLIED, is told in *ret_why. named isn't touched where nothing differs. `facts` tell
 * which zones are there at runtime; NULL: nothing is known of that.
 */
enum publish_outcome publisher_run(struct publisher *publisher, const struct named_facts *facts,
				   struct reason *ret_why);

/*
 * Whether somebody changed our own files since they were last compared: the next run compares, and
 * mends, those.
 */
bool publisher_notice_changes(struct publisher *publisher);

/* Compare all shards in the next run, and check the configuration as a whole. */
void publisher_look_at_all(struct publisher *publisher);

/* Have named read everything again in the next run, though nothing differs on disk. */
void publisher_tell_again(struct publisher *publisher);

/* What is held may go in the next run: the administrator says so. */
void publisher_allow_loss(struct publisher *publisher);

#endif
