#ifndef ZP_SHARD_H
#define ZP_SHARD_H

/*
 * The zones in named's configuration are spread over 256 files by zone_name_bucket(), so that one
 * change rewrites one small file. A shard has a line for each of its zones (clause.h), in order of
 * name, and ends with one by which damage is told:
 *
 *     # zones=N blake2b=<64 hex digits: BLAKE2b-256 over all bytes before this line>
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "proto/error.h"
#include "proto/text.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/named.h"
#include "slave-agent/registry.h"

#define SHARD_COUNT    ZONE_NAME_BUCKETS
#define SHARD_SIZE_MAX (64 * 1024 * 1024) /* bytes */
#define SHARD_MODE     0640

/* The directory of the shards, the file of one, and what it was before its last change. */
void shard_directory(const struct agent_config *config, char ret_path[static PATH_MAX]);
void shard_path(const struct agent_config *config, unsigned int bucket,
		char ret_path[static PATH_MAX]);
void shard_previous_path(const struct agent_config *config, unsigned int bucket,
			 char ret_path[static PATH_MAX]);

/* What is needed to render shards: made once, for many of them. */
struct shard_source {
	const struct agent_config *config;
	struct registry *registry;
	const struct named_words *words;
	struct registry_master *masters; /* in order of id */
	size_t n_masters;
};

/* Returns 0, ZP_EDATABASE or -ENOMEM. */
int shard_source_init(const struct agent_config *config, struct registry *registry,
		      const struct named_words *words, struct shard_source *ret_source)
	__attribute__((warn_unused_result));
void shard_source_done(struct shard_source *source);

/*
 * Appends the shard as the registry wants it: the zones that are present and for named. Returns 0,
 * ZP_EDATABASE or -ENOMEM.
 */
int shard_render(const struct shard_source *source, unsigned int bucket, struct text_buffer *out)
	__attribute__((warn_unused_result));

/* Appends the last line to the lines of the zones. Returns 0 or -ENOMEM. */
int shard_seal(struct text_buffer *lines) __attribute__((warn_unused_result));

/* Checks the last line and gives the number of zones. Returns 0 or ZP_EDIGEST. */
int shard_verify(const char *text, size_t length, size_t *ret_zones)
	__attribute__((warn_unused_result));

/*
 * Reads the shard in force, whole, damaged or not: to be ended by text_buffer_done(). Returns 0,
 * -errno or ZP_ETOOBIG.
 */
int shard_read(const struct agent_config *config, unsigned int bucket, struct text_buffer *ret_text)
	__attribute__((warn_unused_result));

/* The same, verified. ZP_EDIGEST: it is damaged; the text is there all the same. */
int shard_load(const struct agent_config *config, unsigned int bucket, struct text_buffer *ret_text,
	       size_t *ret_zones) __attribute__((warn_unused_result));

/* Writes a shard at once and durably, where no publication is under way. Returns 0 or -errno. */
int shard_replace(const struct agent_config *config, unsigned int bucket,
		  const struct text_buffer *text) __attribute__((warn_unused_result));

/* Steps through the lines of zones: all zero before the first step. */
struct shard_line {
	const char *text;
	size_t length; /* without its end */
	const char *rest;
};
bool shard_next_line(const struct text_buffer *text, struct shard_line *line);

#endif
