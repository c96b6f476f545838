#ifndef ZP_PROBLEM_H
#define ZP_PROBLEM_H

/* Problem documents, RFC 9457, with the words of PROTOCOL.md §9. */

#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/text.h"

#define PROBLEM_URN "urn:zonepush:problem:"

enum problem_type {
	PROBLEM_MALFORMED,
	PROBLEM_UNSIGNED,
	PROBLEM_NOT_LOCAL,
	PROBLEM_NOT_ALLOWED,
	PROBLEM_ZONE_LIMIT,
	PROBLEM_INVITATION,
	PROBLEM_NOT_FOUND,
	PROBLEM_UNKNOWN_ZONE,
	PROBLEM_WRONG_METHOD,
	PROBLEM_REPLAYED,
	PROBLEM_STALE,
	PROBLEM_GENERATION_REUSED,
	PROBLEM_OWNED,
	PROBLEM_OVERLAP,
	PROBLEM_BY_HAND,
	PROBLEM_EXISTS,
	PROBLEM_TOO_LARGE,
	PROBLEM_NOT_JSON,
	PROBLEM_WRONG_AGENT,
	PROBLEM_NAME_INVALID,
	PROBLEM_NAME_RESERVED,
	PROBLEM_CHANGE_INVALID,
	PROBLEM_KEY_UNKNOWN,
	PROBLEM_NOT_FRESH,
	PROBLEM_FAILED,
	PROBLEM_BUSY,
	PROBLEM_NAMED_REFUSED,
	PROBLEM_NAMED_CONFIG_BROKEN,
};

struct problem {
	enum problem_type type;
	char detail[REASON_SIZE];
	uint64_t generation; /* STALE, GENERATION_REUSED; 0: not said */
	int64_t clock;	     /* NOT_FRESH, seconds since 1970; 0: not said */
	int64_t not_before;  /* NOT_FRESH */
};

/* The last part of `type`, the title, and the HTTP status. */
const char *problem_word(enum problem_type type);
const char *problem_title(enum problem_type type);
int problem_status(enum problem_type type);

/* The type of a word. Returns 0 or ZP_EUNKNOWN. */
int problem_find(const char *word, enum problem_type *ret_type) __attribute__((warn_unused_result));

/* Appends the document. Returns 0 or -ENOMEM. */
int problem_render(const struct problem *problem, struct text_buffer *out)
	__attribute__((warn_unused_result));

/* Parses a document; a type that isn't ours is ZP_EUNKNOWN with the detail filled in. */
int problem_parse(const char *json, size_t length, struct problem *ret_problem)
	__attribute__((warn_unused_result));

#endif
