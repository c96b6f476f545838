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

/* To be called between the last name_set_add() and the first name_set_has(). */
void name_set_sort(struct name_set *set);
bool name_set_has(const struct name_set *set, const char *name);

void name_set_done(struct name_set *set);

#endif
