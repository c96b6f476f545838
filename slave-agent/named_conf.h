#ifndef ZP_NAMED_CONF_H
#define ZP_NAMED_CONF_H

/*
 * named's configuration with something else in the place of our include, so that named-checkconf
 * can judge it in the context of everything else before anybody publishes it.
 */

#include "proto/error.h"
#include "proto/text.h"

#define NAMED_CONF_DEPTH_MAX 8
#define NAMED_CONF_FILE_MAX  (64 * 1024 * 1024)

/*
 * Appends the configuration in `path` to out, each `include` of our file replaced by `statements`.
 * Files that include ours, however deep, are put in the place of their own include statement; all
 * others stay as statements. Where `files` isn't NULL, the paths of all files that the
 * configuration consists of, ours excepted, and of the directories where its patterns look for
 * more, are appended to it, each with its NUL. Returns 0; ZP_EUNKNOWN with a reason when our file
 * is included nowhere; ZP_ETOOBIG, -errno, -ENOMEM.
 */
int named_conf_expand(const char *path, const char *include, const char *statements,
		      struct text_buffer *out, struct text_buffer *files, struct reason *why)
	__attribute__((warn_unused_result));

#endif
