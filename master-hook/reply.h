#ifndef ZP_REPLY_H
#define ZP_REPLY_H

/* An HTTP reply as it arrives, in bounds. Whether it may be believed is decided elsewhere. */

#include <stddef.h>

#include "proto/signature.h"
#include "proto/text.h"

#define REPLY_FIELDS_MAX 64
#define REPLY_HEAD_MAX	 (32 * 1024) /* bytes */

/* All zero is an empty one. */
struct reply {
	struct signature_field fields[REPLY_FIELDS_MAX]; /* owned by the reply */
	size_t n_fields;
	size_t head_size;
	struct text_buffer body;
};

/*
 * Takes one line of the head, with its end. A status line begins the reply anew: what came before
 * it was an interim one. Returns 0, ZP_ETOOBIG or -ENOMEM.
 */
int reply_take_line(struct reply *reply, const char *line, size_t length)
	__attribute__((warn_unused_result));

/* Takes a piece of the body, of at most CHANGE_REPLY_MAX bytes in all. Returns as above. */
int reply_take_body(struct reply *reply, const char *data, size_t length)
	__attribute__((warn_unused_result));

/* Frees what arrived and makes the reply empty again. */
void reply_done(struct reply *reply);

#endif
