#ifndef ZP_CHANGE_H
#define ZP_CHANGE_H

/*
 * A change, its result, and their JSON both ways: PROTOCOL.md §7, §8. The master renders
 * changes and parses results, the agent the other way round.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/text.h"
#include "proto/zone_name.h"

#define CHANGE_BATCH_MAX   10000
#define CHANGE_CONTENT_MAX (4 * 1024 * 1024) /* bytes of a request's content */
#define CHANGE_REPLY_MAX   (8 * 1024 * 1024) /* bytes of a reply's content */

struct change {
	struct zone_name zone;
	bool present;
	bool anew; /* only where present */
	bool has_serial;
	uint32_t serial;     /* a hint; no part of the state */
	uint64_t generation; /* 1 .. TEXT_INTEGER_MAX; 0: not given (local socket only) */
};

/* One change as it was sent: good, or refused by itself. */
struct change_item {
	struct change change; /* valid where error is 0 */
	int error;	      /* ZP_ENAME, ZP_ESYNTAX */
	char *zone_text; /* what stood as `zone`, cut to ZONE_NAME_MAX; "" where no string did */
	char *detail;	 /* why, where error isn't 0 */
};

struct change_list {
	struct change_item *items;
	size_t count;
};

/*
 * Parses the content of POST /v1/changes. What makes one change bad stays in its item; what makes
 * the document bad (no JSON, a duplicate member, not the object that §8 wants, none or too many
 * changes) fails the whole: ZP_ESYNTAX, ZP_ETOOBIG, -ENOMEM.
 */
int change_list_parse(const char *json, size_t length, struct change_list *ret_list,
		      struct reason *why) __attribute__((warn_unused_result));
void change_list_done(struct change_list *list);

/* Parses the body of PUT /v1/zones/{zone} into anew and serial; an empty body is `{}`. */
int change_parse_body(const char *json, size_t length, struct change *change, struct reason *why)
	__attribute__((warn_unused_result));

/* Appends `{"changes":[…]}`. Returns 0 or -ENOMEM. */
int change_list_render(const struct change *changes, size_t count, struct text_buffer *out)
	__attribute__((warn_unused_result));

enum change_outcome {
	CHANGE_APPLIED,
	CHANGE_UNCHANGED,
	CHANGE_ACCEPTED,
	CHANGE_STALE,
	CHANGE_REFUSED,
};

/* `applied`, `unchanged`, … */
const char *change_outcome_text(enum change_outcome outcome);

struct change_result {
	enum change_outcome outcome;
	uint64_t generation; /* APPLIED, UNCHANGED, ACCEPTED: the change's; STALE, and REFUSED as
				generation-reused: the one known; else 0 */
	char *problem;	     /* REFUSED: the word of PROTOCOL.md §9; else NULL. Owned. */
	char *detail;	     /* REFUSED: a sentence; else NULL. Owned. */
};

/* A result and the name it is about, as it travels. */
struct change_answer {
	char *zone; /* as the sender wrote it, cut to ZONE_NAME_MAX. Owned. */
	struct change_result result;
};

void change_result_done(struct change_result *result);
void change_answers_free(struct change_answer *answers, size_t count);

/* Appends `{"results":[…]}`. Returns 0 or -ENOMEM. */
int change_answers_render(const struct change_answer *answers, size_t count,
			  struct text_buffer *out) __attribute__((warn_unused_result));

/*
 * Parses `{"results":[…]}`, which must have exactly `count` results, the i-th for the zone
 * changes[i].zone. Returns 0 with an array to be freed by change_answers_free(), or an error
 * as change_list_parse(). Unknown members are ignored here: a newer agent may say more.
 */
int change_answers_parse(const char *json, size_t length, const struct change *changes,
			 size_t count, struct change_answer **ret_answers, struct reason *why)
	__attribute__((warn_unused_result));

#endif
