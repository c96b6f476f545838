#ifndef ZP_PUBLICATION_H
#define ZP_PUBLICATION_H

/*
 * Shards in the making: what would change on disk, as drafts beside the shards in force, until it
 * is committed. Each shard is replaced atomically, and every mixture of old and new ones is a
 * configuration that named takes; what a crash left undone the next publication does.
 */

#include <stdbool.h>
#include <stddef.h>

#include "proto/error.h"
#include "proto/file.h"
#include "slave-agent/shard.h"

struct publication {
	const struct shard_source *source;
	struct file_draft *drafts[SHARD_COUNT]; /* NULL: the shard stays as it is */
	struct file_draft *fragment;		/* lines that named-checkconf is to judge */
	size_t in_fragment;
	size_t added;	/* lines that are new or have changed */
	size_t removed; /* zones that leave */
	size_t lost;	/* of these, those that nobody ever wanted to leave */
	size_t before;	/* zones in the shards that were compared */
};

/*
 * Compares the shards named in `buckets` with the registry, and drafts those that differ. New and
 * changed lines are collected in the fragment; all lines where `whole` is true. Returns 0 or
 * ZP_EDATABASE, -ENOMEM, -errno, with a reason.
 */
int publication_prepare(const struct shard_source *source, const bool buckets[static SHARD_COUNT],
			bool whole, struct publication *ret_publication, struct reason *why)
	__attribute__((warn_unused_result));

/* Frees it; drafts that weren't committed leave no trace. */
void publication_done(struct publication *publication);

bool publication_is_empty(const struct publication *publication);

/* Puts the drafts in force, durably; what they replace is kept. Returns 0 or -errno. */
int publication_commit(struct publication *publication) __attribute__((warn_unused_result));

/* Puts back what a commit replaced. Returns 0 or -errno. */
int publication_roll_back(struct publication *publication) __attribute__((warn_unused_result));

#endif
