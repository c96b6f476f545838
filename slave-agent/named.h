#ifndef ZP_NAMED_H
#define ZP_NAMED_H

/*
 * The local named: its configuration checked by named-checkconf, and its version.
 * Every call waits for its program; none is made from an HTTP thread.
 */

#include <stdbool.h>

#include "proto/error.h"
#include "proto/subprocess.h"
#include "proto/text.h"
#include "proto/zone_name.h"
#include "slave-agent/agent_config.h"

#define NAMED_VERSION_SIZE   64
#define NAMED_CHECK_LIMIT_MS (120 * 1000)

/* `type secondary; primaries`, or what BIND before 9.16 calls them: `type slave; masters`. */
struct named_words {
	const char *secondary;
	const char *primaries;
};

/*
 * Asks named-checkconf for its version, which is that of named. Returns 0, or an error with a
 * reason when the program can't be run.
 */
int named_get_version(const struct agent_config *config,
		      char ret_version[static NAMED_VERSION_SIZE], struct reason *why)
	__attribute__((warn_unused_result));
const struct named_words *named_get_words(const char *version);

/*
 * Checks the whole configuration with `candidate` in the place of our include. Returns 0 if named
 * would take it; ZP_ENAMED if not, with what named-checkconf printed in *ret_output (to be ended by
 * subprocess_output_done()) and its first line as the reason; another error when it couldn't be
 * asked.
 */
int named_check(const struct agent_config *config, const char *candidate,
		struct subprocess_output *ret_output, struct reason *why)
	__attribute__((warn_unused_result));

/*
 * Has the whole configuration, with `statements` in the place of our include, written to the
 * descriptor `sink` as named-checkconf -p prints it, without secrets. `files` as for
 * named_conf_expand(). Returns as named_check().
 */
int named_print(const struct agent_config *config, const char *statements, int sink,
		struct text_buffer *files, struct reason *why) __attribute__((warn_unused_result));

#endif
