#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "slave-agent/watch_table.h"
#include "tests/unit/site.h"

#define ZONES	  100000
#define STEPS	  (4 * ZONES)
#define CLUSTER	  40
#define ROOM_FEW  64 /* of a table with that few entries */
#define OLD	  1000
#define YOUNG	  2000
#define ENTRY_MAX 34 /* bytes a zone, as the header promises for many */

/* The same numbers in each run: xorshift64. */
static uint64_t next_number(uint64_t *number)
{
	*number ^= *number << 13;
	*number ^= *number >> 7;
	*number ^= *number << 17;
	return *number;
}

/* Spread over all keys, no two alike. */
static uint64_t make_key(uint64_t zone)
{
	return (zone + 1) * UINT64_C(0x9E3779B97F4A7C15);
}

static void put(struct watch_table *table, uint64_t key, uint32_t serial, uint32_t checked)
{
	const struct watch_entry entry = {.key = key, .serial = serial, .checked = checked};

	assert_int_equal(watch_table_put(table, &entry), 0);
}

static void check_against(const struct watch_table *table, const uint32_t serials[])
{
	size_t count = 0;

	for (uint64_t zone = 0; zone < ZONES; zone++) {
		const struct watch_entry *entry = watch_table_find(table, make_key(zone));

		assert_int_equal(entry ? entry->serial : 0, serials[zone]);
		count += serials[zone] != 0;
	}
	assert_int_equal(table->count, count);
}

static void test_an_empty_one(void **state)
{
	struct watch_table table = {0};

	(void)state;
	assert_null(watch_table_find(&table, 1));
	watch_table_remove(&table, 1);
	watch_table_drop_older(&table, OLD);
	watch_table_done(&table);
}

/* Against an array: put, changed, removed in any order, and in the end all removed. */
static void test_against_a_model(void **state)
{
	uint32_t *serials = calloc(ZONES, sizeof(*serials));
	struct watch_table table = {0};
	uint64_t number = 88172645463325252;

	(void)state;
	assert_non_null(serials);
	for (size_t i = 0; i < STEPS; i++) {
		uint64_t zone = next_number(&number) % ZONES;

		if (number >> 60 < 6) {
			watch_table_remove(&table, make_key(zone));
			serials[zone] = 0;
		} else {
			serials[zone] = (uint32_t)i + 1;
			put(&table, make_key(zone), serials[zone], YOUNG);
		}
	}
	check_against(&table, serials);
	assert_true(table.room * sizeof(*table.entries) <= (ZONES + ZONES / 10) * ENTRY_MAX);

	for (uint64_t zone = 0; zone < ZONES; zone++) {
		watch_table_remove(&table, make_key(zone));
		serials[zone] = 0;
	}
	check_against(&table, serials);
	watch_table_done(&table);
	free(serials);
}

static void test_memory(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct watch_entry), 24);
}

/* All of these have the last places as their home, and are pushed on around the end. */
static uint64_t crowd_key(size_t i)
{
	return UINT64_MAX - i;
}

static void test_a_crowd_around_the_end(void **state)
{
	struct watch_table table = {0};

	(void)state;
	for (size_t first = 0; first < CLUSTER; first++) {
		for (size_t i = 0; i < CLUSTER; i++)
			put(&table, crowd_key(i), (uint32_t)i + 1, YOUNG);
		put(&table, 0, 77, YOUNG); /* at home where the crowd spills */
		assert_int_equal(table.room, ROOM_FEW);
		/* Removed in another order each time. */
		for (size_t n = 0; n < CLUSTER; n++) {
			watch_table_remove(&table, crowd_key((first + 7 * n) % CLUSTER));
			for (size_t i = n + 1; i < CLUSTER; i++)
				assert_non_null(watch_table_find(&table, crowd_key((first + 7 * i) %
										   CLUSTER)));
			assert_non_null(watch_table_find(&table, 0));
		}
		assert_int_equal(table.count, 1);
	}
	watch_table_done(&table);
}

/* None that is old stays, wherever it was pushed to; none that is young goes. */
static void test_dropping(void **state)
{
	struct watch_table table = {0};
	uint64_t number = 88172645463325252;

	(void)state;
	for (size_t round = 0; round < 1000; round++) {
		uint64_t young = next_number(&number);
		size_t count = 0;

		for (size_t i = 0; i < CLUSTER; i++) {
			put(&table, crowd_key(i), 1, young >> i & 1 ? YOUNG : OLD);
			count += young >> i & 1;
		}
		watch_table_drop_older(&table, OLD + 1);
		assert_int_equal(table.count, count);
		for (size_t i = 0; i < CLUSTER; i++)
			assert_true((watch_table_find(&table, crowd_key(i)) != NULL) ==
				    (young >> i & 1));
		watch_table_drop_older(&table, YOUNG + 1);
		assert_int_equal(table.count, 0);
	}
	watch_table_done(&table);
}

static void test_keys_of_names(void **state)
{
	struct zone_name name = site_name("example.com"), other = site_name("example.org");

	(void)state;
	/* printf example.com | sha256sum */
	assert_true(watch_table_key(&name) == UINT64_C(0xa379a6f6eeafb9a5));
	assert_true(watch_table_key(&name) != watch_table_key(&other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_empty_one), cmocka_unit_test(test_against_a_model),
		cmocka_unit_test(test_memory),	     cmocka_unit_test(test_a_crowd_around_the_end),
		cmocka_unit_test(test_dropping),     cmocka_unit_test(test_keys_of_names),
	};

	return cmocka_run_group_tests_name("watch_table", tests, NULL, NULL);
}
