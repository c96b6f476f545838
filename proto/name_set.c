#include "proto/name_set.h"

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

const char *name_set_get(const struct name_set *set, size_t i)
{
	return set->text + set->starts[i];
}

void name_set_sort(struct name_set *set)
{
	size_t kept = 0;

	if (set->count == 0)
		return;
	qsort_r(set->starts, set->count, sizeof(*set->starts), compare, set->text);
	for (size_t i = 1; i < set->count; i++)
		if (strcmp(name_set_get(set, i), name_set_get(set, kept)) != 0)
			set->starts[++kept] = set->starts[i];
	set->count = kept + 1;
}

bool name_set_has(const struct name_set *set, const char *name)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name_set_get(set, middle), name);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

int name_set_compare(const struct name_set *left, const struct name_set *right,
		     name_set_differs *differs, void *context)
{
	size_t l = 0, r = 0;
	int order, answer = 0;

	while (answer == 0 && (l < left->count || r < right->count)) {
		if (l == left->count)
			order = 1;
		else if (r == right->count)
			order = -1;
		else
			order = strcmp(name_set_get(left, l), name_set_get(right, r));
		if (order < 0)
			answer = differs(context, name_set_get(left, l), true);
		else if (order > 0)
			answer = differs(context, name_set_get(right, r), false);
		l += order <= 0;
		r += order >= 0;
	}
	return answer;
}

void name_set_done(struct name_set *set)
{
	free(set->text);
	free(set->starts);
	*set = (struct name_set){0};
}
