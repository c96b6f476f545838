#include "slave-agent/name_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 1024 /* bytes */

static int grow(void **memory, size_t *room, size_t wanted, size_t size)
{
	size_t next = *room ? *room : FIRST_ROOM;
	void *grown;

	while (next < wanted)
		next *= 2;
	if (next == *room)
		return 0;
	grown = reallocarray(*memory, next, size);
	if (!grown)
		return -ENOMEM;
	*memory = grown;
	*room = next;
	return 0;
}

int name_set_add(struct name_set *set, const char *name)
{
	size_t size = strlen(name) + 1;
	void *text = set->text, *starts = set->starts;
	int r;

	r = grow(&text, &set->room, set->length + size, 1);
	set->text = text;
	if (r == 0)
		r = grow(&starts, &set->starts_room, set->count + 1, sizeof(*set->starts));
	set->starts = starts;
	if (r < 0)
		return r;
	memcpy(set->text + set->length, name, size);
	set->starts[set->count++] = set->length;
	set->length += size;
	return 0;
}

static int compare(const void *a, const void *b, void *text)
{
	const size_t *left = a, *right = b;

	return strcmp((const char *)text + *left, (const char *)text + *right);
}

void name_set_sort(struct name_set *set)
{
	if (set->count > 1)
		qsort_r(set->starts, set->count, sizeof(*set->starts), compare, set->text);
}

bool name_set_has(const struct name_set *set, const char *name)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(set->text + set->starts[middle], name);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

void name_set_done(struct name_set *set)
{
	free(set->text);
	free(set->starts);
	*set = (struct name_set){0};
}
