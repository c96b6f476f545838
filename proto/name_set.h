#ifndef ZP_NAME_SET_H
#define ZP_NAME_SET_H

/* A set of texts, filled first and searched then: some ten bytes each beside the text itself. */

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty set. The i-th text that was added is at text + starts[i] until it is sorted.
 */
struct name_set {
	char *text;
	size_t length, room;
	size_t *starts;
	size_t count, starts_room;
};

/* Copies the text into the set. Returns 0 or -ENOMEM. */
int name_set_add(struct name_set *set, const char *name) __attribute__((warn_unused_result));

/*
 * Puts the texts in order of their bytes, each of them once. To be called between the last
 * name_set_add() and the first of the functions below.
 */
void name_set_sort(struct name_set *set);
bool name_set_has(const struct name_set *set, const char *name);

/* The i-th in order. */
const char *name_set_get(const struct name_set *set, size_t i);

/*
 * Tells of every text that one of two sets has and the other doesn't, in order. Ends with the first
 * answer that isn't 0, and returns it.
 */
typedef int name_set_differs(void *context, const char *name, bool is_left);
int name_set_compare(const struct name_set *left, const struct name_set *right,
		     name_set_differs *differs, void *context) __attribute__((warn_unused_result));

void name_set_done(struct name_set *set);

#endif
