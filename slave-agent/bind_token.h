#ifndef ZP_BIND_TOKEN_H
#define ZP_BIND_TOKEN_H

/*
 * The words of BIND's configuration files (named.conf, rndc.key, rndc.conf): names and numbers,
 * "strings", and the marks { } ;. Comments in C, C++ and shell style are stepped over; they end a
 * word, too.
 */

#include <stdbool.h>
#include <stddef.h>

#include "proto/zone_name.h"

enum bind_token_type {
	BIND_TOKEN_END,	   /* of the text, perhaps in a comment */
	BIND_TOKEN_BROKEN, /* a string that never ends */
	BIND_TOKEN_MARK,
	BIND_TOKEN_WORD,
	BIND_TOKEN_STRING, /* without its quotation marks; escapes in it stay as they are */
};

/* Points into the text. */
struct bind_token {
	enum bind_token_type type;
	const char *text;
	size_t length;
};

/* What is left of a text. */
struct bind_reader {
	const char *at;
	const char *end;
};

/* Steps over the next token and gives it. */
void bind_token_take(struct bind_reader *reader, struct bind_token *ret_token);

/* Whether it is this word (case doesn't count, as for BIND) or this mark. */
bool bind_token_is(const struct bind_token *token, const char *text);

/*
 * A name in presentation form (RFC 1035 §5.1) as a zone name: escapes resolved. False for what
 * can't be one of ours: it holds characters that PROTOCOL.md §6 doesn't have.
 */
bool bind_token_read_zone(const struct bind_token *token, struct zone_name *ret_name);

#endif
