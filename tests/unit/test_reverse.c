#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "master-hook/reverse.h"
#include "proto/zone_name.h"
#include "tests/unit/name_server.h"

#define LONG_MS	      30000 /* never waited for: all is answered before */
#define SHORT_MS      1000  /* waited for where nobody answers */
#define ADDRESSES_MAX 16
#define V6_ZEROES     "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
#define HOST_V6	      "1." V6_ZEROES "4.3.2.1.0.0.a.2.ip6.arpa"

struct fixture {
	struct name_server server;
	struct hook_config config;
	struct name_set zones;
	size_t unknown;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	name_server_start(&fixture->server);
	fixture->config.named = fixture->server.address;
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	name_server_stop(&fixture->server);
	name_set_done(&fixture->zones);
	free(fixture);
	return 0;
}

/* Asks a server with these zones about addresses, and keeps what it finds. */
static void find_all(struct fixture *fixture, const char *const *zones,
		     const char *const *addresses, size_t count, uint64_t limit)
{
	char *copies[ADDRESSES_MAX];

	assert_true(count <= ADDRESSES_MAX);
	for (size_t i = 0; i < count; i++) {
		copies[i] = strdup(addresses[i]);
		assert_non_null(copies[i]);
	}
	fixture->server.zones = zones;
	fixture->unknown = SIZE_MAX;
	assert_int_equal(reverse_find_zones(&fixture->config, copies, count, limit, &fixture->zones,
					    &fixture->unknown),
			 0);
	for (size_t i = 0; i < count; i++)
		free(copies[i]);
}

static void find(struct fixture *fixture, const char *const *zones, const char *address,
		 uint64_t limit)
{
	name_set_done(&fixture->zones);
	fixture->zones = (struct name_set){0};
	find_all(fixture, zones, &address, 1, limit);
}

static void test_what_is_no_address(void **state)
{
	static const char *const zones[] = {"ok 3.in-addr.arpa", "ok ip6.arpa", NULL};
	static const char *const texts[] = {
		"",	    "nonsense",	  "3",		 "3.4.5", "3.4.5.256",	"3.4.5.6.7",
		"3.4.5.6 ", "3.4.5.6/24", "03.04.0x5.6", "::g",	  "2a00::1%lo", "a.example",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		find(fixture, zones, texts[i], LONG_MS);
		assert_int_equal(fixture->zones.count, 0);
		assert_int_equal(fixture->unknown, 0);
	}
	assert_int_equal(fixture->server.n_ports, 0);
}

/* Even a server that has them: named answers for its own empty zones with authority, too. */
static void test_reserved_zones(void **state)
{
	static const char *const zones[] = {
		"ok 10.in-addr.arpa",	   "ok 168.192.in-addr.arpa", "ok 127.in-addr.arpa",
		"ok 0.0.127.in-addr.arpa", "ok 8.e.f.ip6.arpa",	      NULL,
	};
	static const char *const addresses[] = {"10.1.2.3", "192.168.1.1", "127.0.0.1", "fe80::1"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		find(fixture, zones, addresses[i], LONG_MS);
		assert_int_equal(fixture->zones.count, 0);
		assert_int_equal(fixture->unknown, 0);
	}
}

/* Parts of a private network are in daily use. */
static void test_below_reserved_zones(void **state)
{
	static const char *const zones[] = {"ok 1.168.192.in-addr.arpa", NULL};
	struct fixture *fixture = *state;

	find(fixture, zones, "192.168.1.1", LONG_MS);
	assert_int_equal(fixture->zones.count, 1);
}

/* A zone that others have, or that the server only knows from its cache, isn't served by it. */
static void test_answers_without_authority(void **state)
{
	static const char *const zones[] = {"absent 5.4.3.in-addr.arpa", "absent 4.3.in-addr.arpa",
					    "refused 3.in-addr.arpa", NULL};
	struct fixture *fixture = *state;

	find(fixture, zones, "3.4.5.6", LONG_MS);
	assert_int_equal(fixture->zones.count, 0);
	assert_int_equal(fixture->unknown, 0);
}

static void test_a_silent_server(void **state)
{
	static const char *const zones[] = {"silent 5.4.3.in-addr.arpa", "silent 4.3.in-addr.arpa",
					    "silent 3.in-addr.arpa", NULL};
	struct fixture *fixture = *state;

	find(fixture, zones, "3.4.5.6", SHORT_MS);
	assert_int_equal(fixture->zones.count, 0);
	assert_int_equal(fixture->unknown, 1);
}

/* The zone further up isn't a guess in place of the closer one. */
static void test_a_closer_zone_that_is_unknown(void **state)
{
	static const char *const zones[] = {"silent 5.4.3.in-addr.arpa", "ok 4.3.in-addr.arpa",
					    NULL};
	struct fixture *fixture = *state;

	find(fixture, zones, "3.4.5.6", SHORT_MS);
	assert_int_equal(fixture->zones.count, 0);
	assert_int_equal(fixture->unknown, 1);
}

/* What is further up doesn't matter once the closest is known. */
static void test_a_zone_above_that_is_unknown(void **state)
{
	static const char *const zones[] = {"ok 5.4.3.in-addr.arpa", "silent 4.3.in-addr.arpa",
					    NULL};
	struct fixture *fixture = *state;

	find(fixture, zones, "3.4.5.6", SHORT_MS);
	assert_int_equal(fixture->zones.count, 1);
	assert_int_equal(fixture->unknown, 0);
}

/* Each zone alone holds the addresses before the first NULL, and none of those after it. */
static void test_one_zone(void **state)
{
	static const struct {
		const char *zone;
		const char *addresses[6];
	} cases[] = {
		{"3.in-addr.arpa", {"3.0.0.0", "3.255.255.255", NULL, "4.0.0.0", "13.0.0.0"}},
		{"4.3.in-addr.arpa", {"3.4.0.0", "3.4.255.255", NULL, "3.5.0.0", "4.3.0.0"}},
		{"5.4.3.in-addr.arpa", {"3.4.5.0", "3.4.5.255", NULL, "3.4.6.0", "5.4.3.0"}},
		{"6.5.4.3.in-addr.arpa", {"3.4.5.6", NULL, "3.4.5.7", "3.4.5.60"}},
		{"0/25.5.4.3.in-addr.arpa", {"3.4.5.0", "3.4.5.127", NULL, "3.4.5.128"}},
		{"128/25.5.4.3.in-addr.arpa", {"3.4.5.128", "3.4.5.255", NULL, "3.4.5.127"}},
		{"64-26.5.4.3.in-addr.arpa", {"3.4.5.64", "3.4.5.127", NULL, "3.4.5.63"}},
		{"64-127.5.4.3.in-addr.arpa", {"3.4.5.64", "3.4.5.127", NULL, "3.4.5.128"}},
		{"248-255.5.4.3.in-addr.arpa", {"3.4.5.248", "3.4.5.255", NULL, "3.4.5.247"}},
		{"6/31.5.4.3.in-addr.arpa", {"3.4.5.6", "3.4.5.7", NULL, "3.4.5.5", "3.4.5.8"}},
		{"6-7.5.4.3.in-addr.arpa", {"3.4.5.6", "3.4.5.7", NULL, "3.4.5.5", "3.4.5.8"}},
		{"1/25.5.4.3.in-addr.arpa", {NULL, "3.4.5.1"}}, /* no such block */
		{"0/24.5.4.3.in-addr.arpa", {NULL, "3.4.5.1"}}, /* that isn't part of a /24 */
		{HOST_V6, {"2a00:1234::1", "2A00:1234:0:0::0.0.0.1", NULL, "2a00:1234::2"}},
		{"4.3.2.1.0.0.a.2.ip6.arpa",
		 {"2a00:1234::", "2a00:1234:ffff::f", NULL, "2a00:1235::"}},
		{"0.0.a.2.ip6.arpa", {"2a00::", "2a00:ffff::", NULL, "2a01::", "a200::"}},
		{"0.a.2.ip6.arpa", {NULL, "2a00::1"}}, /* nobody's server but a registry's */
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char entry[ZONE_NAME_MAX + sizeof("ok ")];
		const char *const zones[] = {entry, NULL};
		const char *const *address = cases[i].addresses;

		snprintf(entry, sizeof(entry), "ok %s", cases[i].zone);
		for (; *address; address++) {
			find(fixture, zones, *address, LONG_MS);
			assert_int_equal(fixture->zones.count, 1);
			assert_string_equal(name_set_get(&fixture->zones, 0), cases[i].zone);
		}
		for (address++; *address; address++) {
			find(fixture, zones, *address, LONG_MS);
			assert_int_equal(fixture->zones.count, 0);
		}
	}
}

/* A server that has zones within zones: the list begins with the closest, and loses it each time.
 */
static void test_the_closest_of_many(void **state)
{
	static const char *const v4[] = {
		"ok 6.5.4.3.in-addr.arpa",
		"ok 6/31.5.4.3.in-addr.arpa",
		"ok 4-7.5.4.3.in-addr.arpa",
		"ok 0-28.5.4.3.in-addr.arpa",
		"ok 0/25.5.4.3.in-addr.arpa",
		"ok 5.4.3.in-addr.arpa",
		"ok 4.3.in-addr.arpa",
		"ok 3.in-addr.arpa",
		NULL,
	};
	static const char *const v6[] = {
		"ok " HOST_V6,
		"ok 0.0.0.0.4.3.2.1.0.0.a.2.ip6.arpa",
		"ok 4.3.2.1.0.0.a.2.ip6.arpa",
		"ok 0.0.a.2.ip6.arpa",
		NULL,
	};
	struct fixture *fixture = *state;

	for (const char *const *zones = v4; *zones; zones++) {
		find(fixture, zones, "3.4.5.6", LONG_MS);
		assert_int_equal(fixture->zones.count, 1);
		assert_string_equal(name_set_get(&fixture->zones, 0), strchr(*zones, ' ') + 1);
	}
	for (const char *const *zones = v6; *zones; zones++) {
		find(fixture, zones, "2a00:1234::1", LONG_MS);
		assert_int_equal(fixture->zones.count, 1);
		assert_string_equal(name_set_get(&fixture->zones, 0), strchr(*zones, ' ') + 1);
	}
}

/* Each zone once and in order, beside what the set had before; the unknown ones are counted. */
static void test_many_addresses(void **state)
{
	static const char *const zones[] = {"ok 5.4.3.in-addr.arpa", "ok 9.in-addr.arpa",
					    "ok 0.0.a.2.ip6.arpa", "silent 8.in-addr.arpa", NULL};
	static const char *const addresses[] = {"9.1.1.1",  "3.4.5.6", "8.1.1.1",
						"nonsense", "3.4.5.7", "9.1.1.1",
						"2a00::53", "8.2.2.2", "7.7.7.7"};
	static const char *const expected[] = {"0.0.a.2.ip6.arpa", "5.4.3.in-addr.arpa",
					       "9.in-addr.arpa", "a.example"};
	struct fixture *fixture = *state;

	assert_int_equal(name_set_add(&fixture->zones, "a.example"), 0);
	find_all(fixture, zones, addresses, sizeof(addresses) / sizeof(addresses[0]), SHORT_MS);
	assert_int_equal(fixture->unknown, 2);
	assert_int_equal(fixture->zones.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(name_set_get(&fixture->zones, i), expected[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_no_address, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reserved_zones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_below_reserved_zones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers_without_authority, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_silent_server, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_closer_zone_that_is_unknown, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_zone_above_that_is_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_zone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_closest_of_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_addresses, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
