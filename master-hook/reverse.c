#include "master-hook/reverse.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master-hook/serials.h"
#include "proto/address.h"

/* RFC 2317 delegates parts of a /24, under names that are each administrator's choice. */
#define CLASSLESS_LONGEST 31
#define CLASSLESS_FORMS	  3 /* 0/25, 0-127, 0-25 */
#define CLASSLESS_COUNT	  (7 * CLASSLESS_FORMS)

#define NIBBLES		  32
#define NIBBLES_LEAST	  4
#define V6_SUFFIX	  "ip6.arpa"
#define CANDIDATES_MAX	  (NIBBLES - NIBBLES_LEAST + 1) /* IPv4 has 1 + CLASSLESS_COUNT + 3 */

static_assert(1 + CLASSLESS_COUNT + 3 <= CANDIDATES_MAX, "all that can hold an IPv4 address");

/* The zones that can hold an address, the closest first. */
struct candidates {
	struct zone_name names[CANDIDATES_MAX];
	size_t count;
};

static void add(struct candidates *candidates, const char *text)
{
	struct zone_name *name = &candidates->names[candidates->count];

	if (zone_name_parse(text, name, NULL) == 0 &&
	    zone_name_check_reserved(name, NULL, 0, NULL) == 0)
		candidates->count++;
}

/* The block of `length` bits that the last byte is in, in one of the usual notations. */
static void add_classless(struct candidates *candidates, const uint8_t bytes[static 4],
			  unsigned int length, unsigned int form)
{
	unsigned int size = 1U << (32 - length), base = bytes[3] & ~(size - 1);
	unsigned int second = form == 1 ? base + size - 1 : length;
	char text[ZONE_NAME_MAX + 1];

	snprintf(text, sizeof(text), "%u%c%u.%u.%u.%u.in-addr.arpa", base, form == 0 ? '/' : '-',
		 second, bytes[2], bytes[1], bytes[0]);
	add(candidates, text);
}

static void list_v4(const uint8_t bytes[static 4], struct candidates *candidates)
{
	char text[ZONE_NAME_MAX + 1];

	snprintf(text, sizeof(text), "%u.%u.%u.%u.in-addr.arpa", bytes[3], bytes[2], bytes[1],
		 bytes[0]);
	add(candidates, text);
	for (unsigned int i = 0; i < CLASSLESS_COUNT; i++)
		add_classless(candidates, bytes, CLASSLESS_LONGEST - i / CLASSLESS_FORMS,
			      i % CLASSLESS_FORMS);
	snprintf(text, sizeof(text), "%u.%u.%u.in-addr.arpa", bytes[2], bytes[1], bytes[0]);
	add(candidates, text);
	add(candidates, strchr(text, '.') + 1);
	snprintf(text, sizeof(text), "%u.in-addr.arpa", bytes[0]);
	add(candidates, text);
}

/* RFC 3596 §2.5: a label for each four bits, the last ones first. */
static void list_v6(const uint8_t bytes[static 16], struct candidates *candidates)
{
	char text[2 * NIBBLES + sizeof(V6_SUFFIX)];

	for (unsigned int i = 0; i < NIBBLES; i++) {
		uint8_t byte = bytes[15 - i / 2];

		text[2 * i] = "0123456789abcdef"[i % 2 ? byte >> 4 : byte & 0xf];
		text[2 * i + 1] = '.';
	}
	memcpy(text + 2 * NIBBLES, V6_SUFFIX, sizeof(V6_SUFFIX));
	for (unsigned int i = 0; i < CANDIDATES_MAX; i++)
		add(candidates, text + 2 * i);
}

static void list_candidates(const char *text, struct candidates *candidates)
{
	uint8_t bytes[sizeof(struct in6_addr)];

	candidates->count = 0;
	if (inet_pton(AF_INET, text, bytes) == 1)
		list_v4(bytes, candidates);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		list_v6(bytes, candidates);
}

/* Each name once, however many addresses it may hold. */
static int collect(char *const addresses[], size_t count, struct name_set *names)
{
	struct candidates candidates;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		list_candidates(addresses[i], &candidates);
		for (size_t n = 0; r == 0 && n < candidates.count; n++)
			r = name_set_add(names, candidates.names[n].text);
	}
	name_set_sort(names);
	return r;
}

/* Sorts the names into those that are served and those that nobody answered for. */
static int ask(const struct hook_config *config, const struct name_set *names, uint64_t limit,
	       struct name_set *served, struct name_set *unanswered)
{
	struct serials_question *questions = calloc(names->count + 1, sizeof(*questions));
	int r = 0;

	if (!questions)
		return -ENOMEM;
	for (size_t i = 0; i < names->count; i++) {
		questions[i].server = config->named;
		snprintf(questions[i].zone.text, sizeof(questions[i].zone.text), "%s",
			 name_set_get(names, i));
	}
	r = serials_ask(questions, names->count, limit, NULL, NULL);
	for (size_t i = 0; r == 0 && i < names->count; i++) {
		if (questions[i].answer.outcome == SOA_SERIAL)
			r = name_set_add(served, questions[i].zone.text);
		else if (questions[i].answer.outcome == SOA_SILENT)
			r = name_set_add(unanswered, questions[i].zone.text);
	}
	free(questions);
	return r;
}

/* A closer zone than the one that is served may be among those that nobody answered for. */
static int choose(const char *address, const struct name_set *served,
		  const struct name_set *unanswered, struct name_set *zones, size_t *unknown)
{
	struct candidates candidates;

	list_candidates(address, &candidates);
	for (size_t i = 0; i < candidates.count; i++) {
		if (name_set_has(served, candidates.names[i].text))
			return name_set_add(zones, candidates.names[i].text);
		if (name_set_has(unanswered, candidates.names[i].text)) {
			++*unknown;
			return 0;
		}
	}
	return 0;
}

int reverse_find_zones(const struct hook_config *config, char *const addresses[], size_t count,
		       uint64_t limit, struct name_set *zones, size_t *ret_unknown)
{
	struct name_set names = {0}, served = {0}, unanswered = {0};
	size_t unknown = 0;
	int r;

	r = collect(addresses, count, &names);
	if (r == 0)
		r = ask(config, &names, limit, &served, &unanswered);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = choose(addresses[i], &served, &unanswered, zones, &unknown);
	name_set_sort(zones);
	name_set_done(&names);
	name_set_done(&served);
	name_set_done(&unanswered);
	if (r == 0)
		*ret_unknown = unknown;
	return r;
}
