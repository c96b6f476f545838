#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/clock.h"
#include "slave-agent/intent.h"
#include "tests/unit/site.h"

/* As the applier has it: inside a transaction. */
static int setup(void **state)
{
	struct site *site;

	site_setup(state);
	site = *state;
	return registry_begin(site->registry);
}

static int teardown(void **state)
{
	struct site *site = *state;

	assert_int_equal(registry_commit(site->registry), 0);
	return site_teardown(state);
}

static struct change make_change(const char *zone, bool present, uint64_t generation)
{
	struct change change = {.present = present, .generation = generation};

	assert_int_equal(zone_name_parse(zone, &change.zone, NULL), 0);
	return change;
}

static struct intent take(struct site *site, int64_t master, const struct change *change)
{
	struct intent intent;

	assert_int_equal(site_take(site, master, change, &intent), 0);
	return intent;
}

/* Takes a change that must be refused for this problem. */
static void take_refused(struct site *site, int64_t master, const struct change *change,
			 const char *problem)
{
	struct intent intent = take(site, master, change);

	assert_int_equal(intent.result.outcome, CHANGE_REFUSED);
	assert_string_equal(intent.result.problem, problem);
	assert_false(intent.waits);
	change_result_done(&intent.result);
}

static void test_owned_by_another(void **state)
{
	struct site *site = *state;
	struct change change = make_change("example.com", true, 5);
	struct registry_zone zone;

	assert_true(take(site, site->a, &change).waits);
	change.generation = 7;
	take_refused(site, site->b, &change, "owned");
	assert_int_equal(registry_zone_get_owned(site->registry, &change.zone, &zone), 0);
	assert_int_equal(zone.master, site->a);

	/* Its own wish not to have the zone harms nobody. */
	change.present = false;
	change.generation = 8;
	assert_int_equal(take(site, site->b, &change).result.outcome, CHANGE_APPLIED);
	assert_int_equal(registry_zone_get_owned(site->registry, &change.zone, &zone), 0);
	assert_true(zone.present);
}

static void test_reserved(void **state)
{
	struct site *site = *state;
	struct change change = make_change("printer.local", true, 1);
	struct zone_name allowed;

	take_refused(site, site->a, &change, "name-reserved");
	assert_int_equal(zone_name_parse("local", &allowed, NULL), 0);
	site->config.allow_reserved = &allowed;
	site->config.n_allow_reserved = 1;
	assert_true(take(site, site->a, &change).waits);
}

static void test_older_is_stale(void **state)
{
	struct site *site = *state;
	struct change change = make_change("example.com", false, 9);
	struct intent intent;

	take(site, site->a, &change);
	change.present = true;
	change.generation = 8;
	intent = take(site, site->a, &change);
	assert_int_equal(intent.result.outcome, CHANGE_STALE);
	assert_int_equal(intent.result.generation, 9);
	assert_false(intent.waits);
}

static void test_same_generation(void **state)
{
	struct site *site = *state;
	struct change change = make_change("example.com", true, 5);
	struct intent intent;

	take(site, site->a, &change);
	/* Not applied yet: the repetition waits as the first one does. */
	assert_true(take(site, site->a, &change).waits);
	assert_int_equal(registry_mark_applied(site->registry), 0);
	intent = take(site, site->a, &change);
	assert_int_equal(intent.result.outcome, CHANGE_UNCHANGED);
	assert_false(intent.waits || intent.refresh);

	/* A new serial is no other state, but a reason to look. */
	change.has_serial = true;
	change.serial = 17;
	intent = take(site, site->a, &change);
	assert_int_equal(intent.result.outcome, CHANGE_UNCHANGED);
	assert_true(intent.refresh);
	assert_false(take(site, site->a, &change).refresh);

	change.present = false;
	take_refused(site, site->a, &change, "generation-reused");
}

static void test_update_needs_no_named(void **state)
{
	struct site *site = *state;
	struct change change = make_change("example.com", true, 5);
	struct intent intent;

	take(site, site->a, &change);
	assert_int_equal(registry_mark_applied(site->registry), 0);
	change.generation = 6;
	intent = take(site, site->a, &change);
	assert_int_equal(intent.result.outcome, CHANGE_APPLIED);
	assert_true(intent.refresh);
	assert_false(intent.waits);
}

static void count_litter(void *context, const struct zone_name *name, uint64_t made)
{
	(void)name;
	*(uint64_t *)context += made;
}

/* Made anew: another incarnation, and the data of the one before are litter. */
static void test_anew(void **state)
{
	struct site *site = *state;
	struct change change = make_change("example.com", true, 5);
	struct registry_zone zone;
	uint64_t litter = 0;

	take(site, site->a, &change);
	assert_int_equal(registry_mark_applied(site->registry), 0);
	change.generation = 6;
	change.anew = true;
	assert_true(take(site, site->a, &change).waits);
	assert_int_equal(registry_zone_get(site->registry, &change.zone, site->a, &zone), 0);
	assert_int_equal(zone.made, 6);
	assert_int_equal(registry_litter_each(site->registry, count_litter, &litter), 0);
	assert_int_equal(litter, 5);
}

static void test_deleted_and_made_again(void **state)
{
	struct site *site = *state;
	struct change change = make_change("example.com", true, 5);
	struct registry_zone zone;

	take(site, site->a, &change);
	change.present = false;
	change.generation = 6;
	assert_true(take(site, site->a, &change).waits);
	assert_int_equal(registry_zone_get_owned(site->registry, &change.zone, &zone), ZP_EUNKNOWN);

	/* Free for anybody now. */
	change.present = true;
	change.generation = 1;
	assert_true(take(site, site->b, &change).waits);
	assert_int_equal(registry_zone_get_owned(site->registry, &change.zone, &zone), 0);
	assert_int_equal(zone.master, site->b);
}

static void test_a_deletion_of_nothing_is_remembered(void **state)
{
	struct site *site = *state;
	struct change change = make_change("example.com", false, 6);

	assert_int_equal(take(site, site->a, &change).result.outcome, CHANGE_APPLIED);
	change.present = true;
	change.generation = 5;
	assert_int_equal(take(site, site->a, &change).result.outcome, CHANGE_STALE);
}

static void test_no_generation_is_the_newest(void **state)
{
	struct site *site = *state;
	struct change change = make_change("example.com", true, TEXT_INTEGER_MAX - 1);
	struct intent intent;

	take(site, site->a, &change);
	change.present = false;
	change.generation = 0;
	intent = take(site, site->a, &change);
	assert_true(intent.result.generation == TEXT_INTEGER_MAX);

	change = make_change("example.net", true, 0);
	intent = take(site, site->a, &change);
	assert_true(intent.result.generation > 1600000000000000);
}

static void test_old_tombstones_are_forgotten(void **state)
{
	struct site *site = *state;
	struct change change = make_change("example.com", false, 6);
	struct registry_zone zone;

	take(site, site->a, &change);
	assert_int_equal(registry_expire(site->registry, clock_seconds()), 0);
	assert_int_equal(registry_zone_get(site->registry, &change.zone, site->a, &zone), 0);
	assert_int_equal(registry_expire(site->registry,
					 clock_seconds() + REGISTRY_TOMBSTONE_SECONDS + 60),
			 0);
	assert_int_equal(registry_zone_get(site->registry, &change.zone, site->a, &zone),
			 ZP_EUNKNOWN);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_owned_by_another),
		TEST(test_reserved),
		TEST(test_older_is_stale),
		TEST(test_same_generation),
		TEST(test_update_needs_no_named),
		TEST(test_anew),
		TEST(test_deleted_and_made_again),
		TEST(test_a_deletion_of_nothing_is_remembered),
		TEST(test_no_generation_is_the_newest),
		TEST(test_old_tombstones_are_forgotten),
	};

	return cmocka_run_group_tests_name("intent", tests, NULL, NULL);
}
