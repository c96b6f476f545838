#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "master-hook/compare.h"
#include "proto/digest.h"
#include "proto/text.h"
#include "tests/unit/peer.h"

#define ZONES_MAX 8

/* A slave with some zones, which pages its lists, or says whatever else it is told to. */
struct fixture {
	struct hook_config config;
	struct key *key;
	struct peer peer;
	struct outbox_slave slave;
	struct compare_slave result;

	const char *zones[ZONES_MAX + 1];    /* in order, ended by NULL */
	unsigned int page;		     /* zones on each */
	const char *master, *digests, *list; /* instead of what would be right */
	struct text_buffer reply;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_int_equal(key_library_init(), 0);
	assert_int_equal(key_generate(&fixture->key), 0);
	fixture->config = (struct hook_config){.connect_timeout = 5000, .request_timeout = 20000};
	fixture->page = ZONES_MAX;
	peer_start(&fixture->peer);
	fixture->peer.context = fixture;
	snprintf(fixture->slave.name, sizeof(fixture->slave.name), "s1");
	snprintf(fixture->slave.url, sizeof(fixture->slave.url), "%s", fixture->peer.url);
	fixture->slave.key = *key_get_public(fixture->peer.key);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	peer_stop(&fixture->peer);
	compare_done(&fixture->result, 1);
	text_buffer_done(&fixture->reply);
	key_free(fixture->key);
	free(fixture);
	return 0;
}

static unsigned int bucket_of(const char *zone)
{
	struct zone_name name;

	if (zone_name_parse(zone, &name, NULL) < 0)
		abort();
	return zone_name_bucket(&name);
}

static void say(struct fixture *fixture, const char *before, const char *text, const char *behind)
{
	if (text_buffer_printf(&fixture->reply, "%s%s%s", before, text, behind) < 0)
		abort();
}

static void say_digests(struct fixture *fixture)
{
	char entry[DIGEST_HEX_SIZE + 64], hex[DIGEST_HEX_SIZE];

	say(fixture, "{\"buckets\":[", "", "");
	for (unsigned int bucket = 0; bucket < ZONE_NAME_BUCKETS; bucket++) {
		struct text_buffer lines = {0};
		unsigned int count = 0;

		for (const char **zone = fixture->zones; *zone; zone++)
			if (bucket_of(*zone) == bucket) {
				if (text_buffer_printf(&lines, "%s\n", *zone) < 0)
					abort();
				count++;
			}
		digest_hex(lines.data ? lines.data : "", lines.length, hex);
		text_buffer_done(&lines);
		snprintf(entry, sizeof(entry), "%s{\"zones\":%u,\"digest\":\"%s\"}",
			 bucket > 0 ? "," : "", count, hex);
		say(fixture, "", entry, "");
	}
	say(fixture, "]}", "", "");
}

/* A page of the bucket that the target names, behind the zone that it names. */
static void say_page(struct fixture *fixture, const char *target)
{
	unsigned int bucket = (unsigned int)strtoul(strstr(target, "bucket=") + 7, NULL, 16);
	const char *after = strstr(target, "after="), *next = NULL;
	unsigned int count = 0;

	say(fixture, "{\"zones\":[", "", "");
	for (const char **zone = fixture->zones; *zone; zone++) {
		if (bucket_of(*zone) != bucket || (after && strcmp(*zone, after + 6) <= 0))
			continue;
		if (count == fixture->page)
			break;
		say(fixture, count > 0 ? ",{\"zone\":\"" : "{\"zone\":\"", *zone,
		    "\",\"generation\":7}");
		next = ++count == fixture->page ? *zone : NULL;
	}
	say(fixture, next ? "],\"next\":\"" : "],\"next\":null", next ? next : "",
	    next ? "\"}" : "}");
}

static const char *answer(void *context, const char *target)
{
	struct fixture *fixture = context;
	const char *instead = fixture->list;

	text_buffer_done(&fixture->reply);
	if (strcmp(target, "/v1/master") == 0)
		instead = fixture->master ? fixture->master : "{\"primaries\":[\"192.0.2.1:53\"]}";
	else if (strcmp(target, "/v1/digests") == 0)
		instead = fixture->digests;
	if (instead)
		return instead;
	if (strcmp(target, "/v1/digests") == 0)
		say_digests(fixture);
	else
		say_page(fixture, target);
	return fixture->reply.data;
}

static void compare(struct fixture *fixture, const char *const *wanted)
{
	struct name_set set = {0};

	for (; *wanted; wanted++)
		assert_int_equal(name_set_add(&set, *wanted), 0);
	name_set_sort(&set);
	fixture->peer.answer = answer;
	compare_done(&fixture->result, 1);
	fixture->result = (struct compare_slave){.slave = &fixture->slave};
	assert_int_equal(compare_run(&fixture->config, fixture->key, &set, &fixture->result, 1), 0);
	name_set_done(&set);
}

static void refuse(struct fixture *fixture, const char *words)
{
	static const char *const wanted[] = {"a.example", NULL};

	compare(fixture, wanted);
	assert_false(fixture->result.is_compared);
	if (!strstr(fixture->result.why.text, words))
		fail_msg("'%s'", fixture->result.why.text);
}

static void test_a_slave_that_is_not_there(void **state)
{
	struct fixture *fixture = *state;

	snprintf(fixture->slave.url, sizeof(fixture->slave.url), "http://127.0.0.1:1");
	refuse(fixture, "onnect");
}

static void test_an_answer_that_is_not_its_own(void **state)
{
	struct fixture *fixture = *state;

	fixture->peer.is_unsigned = true;
	refuse(fixture, "sign");
}

static void test_a_problem(void **state)
{
	struct fixture *fixture = *state;

	fixture->peer.status = 503;
	fixture->master = "{\"type\":\"urn:zonepush:problem:busy\",\"title\":\"Busy\","
			  "\"status\":503,\"detail\":\"no room for more\"}";
	refuse(fixture, "no room for more");
	fixture->master = "[]";
	refuse(fixture, "HTTP status 503");
}

static void test_settings_that_are_none(void **state)
{
	static const char *const rows[] = {
		"",
		"nonsense",
		"[]",
		"{}",
		"{\"primaries\":7}",
		"{\"primaries\":[7]}",
		"{\"primaries\":[\"ns.example\"]}",
		"{\"primaries\":[\"192.0.2.1\",\"192.0.2.1\",\"192.0.2.1\",\"192.0.2.1\","
		"\"192.0.2.1\",\"192.0.2.1\",\"192.0.2.1\",\"192.0.2.1\",\"192.0.2.1\"]}",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture->master = rows[i];
		refuse(fixture, i < 2 ? "isn't JSON" : "settings");
	}
}

static void test_digests_that_are_none(void **state)
{
	static const char *const rows[] = {"[]", "{}", "{\"buckets\":[]}",
					   "{\"buckets\":[{\"zones\":1,\"digest\":\"00\"}]}"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture->digests = rows[i];
		refuse(fixture, "its digests can't be read");
	}
}

/* What a slave says goes into the outbox and on the screen: names of zones only. */
static void test_lists_that_are_none(void **state)
{
	static const char *const rows[] = {
		"{}",
		"{\"zones\":{}}",
		"{\"zones\":[7]}",
		"{\"zones\":[{\"generation\":1}]}",
		"{\"zones\":[{\"zone\":\"no name\",\"generation\":1}]}",
		"{\"zones\":[{\"zone\":\"\\u001b[2J.example\",\"generation\":1}]}",
		"{\"zones\":[{\"zone\":\"b.example\",\"generation\":-1}]}",
		"{\"zones\":[{\"zone\":\"b.example\",\"generation\":1}],\"next\":\"no name\"}",
		"{\"zones\":[],\"next\":\"b.example\"}",
	};
	struct fixture *fixture = *state;

	fixture->zones[0] = "b.example";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture->list = rows[i];
		refuse(fixture, "its list of zones can't be read");
	}
}

static void expect(const struct name_set *set, const char *const *names)
{
	size_t count = 0;

	for (; names[count]; count++)
		;
	assert_int_equal(set->count, count);
	for (size_t i = 0; i < count; i++) {
		bool found = false;

		for (size_t n = 0; n < set->count; n++)
			found |= strcmp(name_set_get(set, n), names[i]) == 0;
		if (!found)
			fail_msg("'%s' is missing", names[i]);
	}
}

static const char *const nothing[] = {NULL};
static const char *const three[] = {"a.example", "b.example", "c.example", NULL};

static void test_equal(void **state)
{
	struct fixture *fixture = *state;

	memcpy(fixture->zones, three, sizeof(three));
	compare(fixture, three);
	assert_true(fixture->result.is_compared);
	assert_int_equal(fixture->result.held, 3);
	assert_int_equal(fixture->peer.n_requests, 2);
	expect(&fixture->result.missing, nothing);
	expect(&fixture->result.surplus, nothing);
	assert_int_equal(fixture->result.primaries.count, 1);
	assert_true(fixture->result.received > 0);
}

/* Nothing is asked of buckets that the slave has nothing in. */
static void test_empty(void **state)
{
	struct fixture *fixture = *state;

	compare(fixture, three);
	assert_true(fixture->result.is_compared);
	assert_int_equal(fixture->peer.n_requests, 2);
	expect(&fixture->result.missing, three);
}

static void test_too_much(void **state)
{
	struct fixture *fixture = *state;

	memcpy(fixture->zones, three, sizeof(three));
	compare(fixture, nothing);
	assert_true(fixture->result.is_compared);
	expect(&fixture->result.surplus, three);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(fixture->result.generations[i], 7);
}

static void test_both(void **state)
{
	static const char *const wanted[] = {"a.example", "c.example", "d.example", NULL};
	static const char *const b[] = {"b.example", NULL}, *const d[] = {"d.example", NULL};
	struct fixture *fixture = *state;

	memcpy(fixture->zones, three, sizeof(three));
	compare(fixture, wanted);
	expect(&fixture->result.surplus, b);
	expect(&fixture->result.missing, d);
}

/* These names share a bucket. */
static void test_pages(void **state)
{
	static const char *const same[] = {"z0.example", "z494.example", "z829.example", NULL};
	struct fixture *fixture = *state;
	unsigned int page;

	memcpy(fixture->zones, same, sizeof(same));
	for (page = 1; page <= 3; page++) {
		fixture->page = page;
		compare(fixture, nothing);
		assert_true(fixture->result.is_compared);
		expect(&fixture->result.surplus, same);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_slave_that_is_not_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_answer_that_is_not_its_own, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_problem, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settings_that_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_digests_that_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lists_that_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_equal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_much, setup, teardown),
		cmocka_unit_test_setup_teardown(test_both, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
