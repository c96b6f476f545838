#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "master-hook/outbox.h"
#include "proto/clock.h"
#include "tests/unit/scratch.h"

#define FAR INT64_MAX /* everything is due by then */

/* An outbox with one slave, "s1", whose id is 1. */
struct fixture {
	char directory[SCRATCH_PATH_SIZE];
	struct outbox *outbox;
};

static int add_slave(struct outbox *outbox, const char *name)
{
	struct outbox_slave slave = {.url = "http://127.0.0.1:1"};
	struct key *key;
	int r;

	snprintf(slave.name, sizeof(slave.name), "%s", name);
	assert_int_equal(key_generate(&key), 0);
	slave.key = *key_get_public(key);
	key_free(key);
	assert_int_equal(outbox_begin(outbox), 0);
	r = outbox_slave_add(outbox, &slave);
	assert_int_equal(outbox_commit(outbox), 0);
	return r;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct reason why;

	assert_int_equal(key_library_init(), 0);
	scratch_make(fixture->directory);
	if (outbox_open(fixture->directory, (gid_t)-1, &fixture->outbox, &why) < 0)
		fail_msg("%s", why.text);
	assert_int_equal(add_slave(fixture->outbox, "s1"), 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	outbox_free(fixture->outbox);
	scratch_remove(fixture->directory);
	free(fixture);
	return 0;
}

static void want(struct outbox *outbox, const char *zone, bool present)
{
	struct outbox_wish wish = {.present = present};

	assert_int_equal(zone_name_parse(zone, &wish.zone, NULL), 0);
	assert_int_equal(outbox_begin(outbox), 0);
	assert_int_equal(outbox_want(outbox, &wish), 0);
	assert_int_equal(outbox_commit(outbox), 0);
}

/* The one change that a slave owes. */
static struct change owed(struct outbox *outbox, int64_t slave)
{
	struct change *changes, change;
	size_t count;

	assert_int_equal(outbox_get_due(outbox, slave, FAR, 10, &changes, &count), 0);
	assert_int_equal(count, 1);
	change = changes[0];
	free(changes);
	return change;
}

static size_t count_due(struct outbox *outbox, int64_t slave, int64_t now)
{
	struct change *changes;
	size_t count;

	assert_int_equal(outbox_get_due(outbox, slave, now, 10, &changes, &count), 0);
	free(changes);
	return count;
}

static void test_slaves_that_are_refused(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(add_slave(fixture->outbox, "s1"), -EEXIST);
	assert_false(outbox_is_slave_name(""));
	assert_false(outbox_is_slave_name("S1"));
	assert_false(outbox_is_slave_name("a b"));
	assert_false(outbox_is_slave_name("a/b"));
	assert_true(outbox_is_slave_name("ns2.example_1-a"));
}

/* A later change takes the place of the earlier one, which is never sent again. */
static void test_the_newest_state_counts(void **state)
{
	struct outbox *outbox = ((struct fixture *)*state)->outbox;
	struct change first, second;

	want(outbox, "a.example", true);
	first = owed(outbox, 1);
	want(outbox, "a.example", true);
	second = owed(outbox, 1);
	assert_true(second.generation > first.generation);

	/* A late acknowledgement of the first doesn't settle the second. */
	assert_int_equal(outbox_acknowledge(outbox, 1, &first, "applied"), 0);
	assert_int_equal(count_due(outbox, 1, FAR), 1);
	assert_int_equal(outbox_acknowledge(outbox, 1, &second, "applied"), 0);
	assert_int_equal(count_due(outbox, 1, FAR), 0);
}

/* A slave that never heard of the deletion must not keep the data of the zone before. */
static void test_made_anew(void **state)
{
	struct outbox *outbox = ((struct fixture *)*state)->outbox;
	struct change change;

	want(outbox, "a.example", true);
	change = owed(outbox, 1);
	assert_false(change.anew);
	assert_int_equal(outbox_acknowledge(outbox, 1, &change, "applied"), 0);

	want(outbox, "a.example", false);
	want(outbox, "a.example", true);
	change = owed(outbox, 1);
	assert_true(change.present && change.anew);
	want(outbox, "a.example", true);
	assert_true(owed(outbox, 1).anew);
	change = owed(outbox, 1);
	assert_int_equal(outbox_acknowledge(outbox, 1, &change, "applied"), 0);

	/* Heard of it: then it is just a new zone. */
	want(outbox, "a.example", false);
	change = owed(outbox, 1);
	assert_false(change.present || change.anew);
	assert_int_equal(outbox_acknowledge(outbox, 1, &change, "applied"), 0);
	want(outbox, "a.example", true);
	assert_false(owed(outbox, 1).anew);
}

/* Once the slave has heard of the deletion, later states don't bring it up again. */
static void test_made_anew_once(void **state)
{
	struct outbox *outbox = ((struct fixture *)*state)->outbox;
	struct change deletion, creation;

	want(outbox, "a.example", false);
	deletion = owed(outbox, 1);
	want(outbox, "a.example", true);
	assert_true(owed(outbox, 1).anew);
	assert_int_equal(outbox_acknowledge(outbox, 1, &deletion, "applied"), 0);
	creation = owed(outbox, 1);
	assert_true(creation.present && !creation.anew);

	want(outbox, "a.example", false);
	want(outbox, "a.example", true);
	assert_true(owed(outbox, 1).anew);
	assert_int_equal(outbox_acknowledge(outbox, 1, &creation, "applied"), 0);
	assert_true(owed(outbox, 1).anew);
}

/* A slave that was set back may hold data of a zone whose deletion it had acknowledged. */
static void test_made_anew_for_a_slave_that_forgot(void **state)
{
	struct outbox *outbox = ((struct fixture *)*state)->outbox;
	struct change change;

	want(outbox, "a.example", false);
	want(outbox, "a.example", true);
	change = owed(outbox, 1);
	assert_int_equal(outbox_acknowledge(outbox, 1, &change, "applied"), 0);
	want(outbox, "a.example", true);
	assert_false(owed(outbox, 1).anew);
	assert_int_equal(outbox_owe_all(outbox, 1), 0);
	assert_true(owed(outbox, 1).anew);
}

static void test_each_slave_owes_by_itself(void **state)
{
	struct outbox *outbox = ((struct fixture *)*state)->outbox;
	struct change change;

	want(outbox, "gone.example", true);
	want(outbox, "gone.example", false);
	want(outbox, "a.example", true);
	assert_int_equal(add_slave(outbox, "s2"), 0);
	/* A new slave owes what is there, not what is gone. */
	change = owed(outbox, 2);
	assert_string_equal(change.zone.text, "a.example");
	assert_int_equal(outbox_acknowledge(outbox, 2, &change, "applied"), 0);
	assert_int_equal(count_due(outbox, 2, FAR), 0);
	assert_int_equal(count_due(outbox, 1, FAR), 2);

	/* One that was rebuilt owes deletions, too. */
	assert_int_equal(outbox_owe_all(outbox, 2), 0);
	assert_int_equal(count_due(outbox, 2, FAR), 2);
}

static void test_restamped(void **state)
{
	struct outbox *outbox = ((struct fixture *)*state)->outbox;
	uint64_t ahead = UINT64_C(1) << 52;
	struct change old, change;
	bool stamped = true;

	want(outbox, "a.example", true);
	old = owed(outbox, 1);
	want(outbox, "a.example", true);
	change = owed(outbox, 1);
	/* Newer here by now than what was sent: that may be what the slave knows. */
	assert_int_equal(outbox_restamp(outbox, &old, change.generation, &stamped), 0);
	assert_false(stamped);
	assert_int_equal(outbox_restamp(outbox, &change, TEXT_INTEGER_MAX, &stamped), -ERANGE);
	assert_true(owed(outbox, 1).generation == change.generation);

	assert_int_equal(outbox_restamp(outbox, &change, ahead, &stamped), 0);
	assert_true(stamped);
	assert_true(owed(outbox, 1).generation == ahead + 1);
	/* Later changes go on from there. */
	want(outbox, "a.example", false);
	assert_true(owed(outbox, 1).generation == ahead + 2);
}

static void test_refused(void **state)
{
	struct outbox *outbox = ((struct fixture *)*state)->outbox;
	int64_t now = (int64_t)(clock_microseconds() / 1000), due;
	struct outbox_debt debt;
	struct change change;

	want(outbox, "a.example", true);
	change = owed(outbox, 1);
	assert_int_equal(outbox_refuse(outbox, 1, &change, "no", now, 5000, 60000), 0);
	assert_int_equal(count_due(outbox, 1, now), 0);
	assert_int_equal(count_due(outbox, 1, now + 5001), 1);
	assert_int_equal(outbox_get_debt(outbox, 1, &debt), 0);
	assert_int_equal(debt.pending, 1);
	assert_int_equal(debt.refused, 1);
	assert_string_equal(debt.refusal, "a.example: no");
	assert_int_equal(outbox_next_due(outbox, &due), 0);
	assert_in_range(due, now + 4500, now + 5000);

	/* A newer state isn't the one that was refused. */
	want(outbox, "a.example", true);
	assert_int_equal(count_due(outbox, 1, now), 1);
	assert_int_equal(outbox_refuse(outbox, 1, &change, "no", now, 5000, 60000), 0);
	assert_int_equal(count_due(outbox, 1, now), 1);
	change = owed(outbox, 1);
	assert_int_equal(outbox_refuse(outbox, 1, &change, "no", now, 5000, 60000), 0);
	assert_int_equal(outbox_owe_now(outbox, 1), 0);
	assert_int_equal(count_due(outbox, 1, now), 1);
}

static void test_pauses(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_in_range(outbox_pause(0, 5000, 900000), 4500, 5000);
		assert_in_range(outbox_pause(1, 5000, 900000), 9000, 10000);
		assert_in_range(outbox_pause(7, 5000, 900000), 576000, 640000);
		assert_in_range(outbox_pause(8, 5000, 900000), 810000, 900000);
		assert_in_range(outbox_pause(UINT64_MAX, 5000, 900000), 810000, 900000);
	}
}

static void test_paused(void **state)
{
	struct outbox *outbox = ((struct fixture *)*state)->outbox;
	int64_t due;

	want(outbox, "a.example", true);
	assert_int_equal(outbox_slave_pause(outbox, 1, true), 0);
	want(outbox, "b.example", true);
	assert_int_equal(count_due(outbox, 1, FAR), 0);
	assert_int_equal(outbox_next_due(outbox, &due), 0);
	assert_int_equal(due, 0);
	assert_int_equal(outbox_slave_pause(outbox, 1, false), 0);
	assert_int_equal(outbox_next_due(outbox, &due), 0);
	assert_int_equal(due, 1);
	assert_int_equal(count_due(outbox, 1, FAR), 2);
}

static void test_removed(void **state)
{
	struct outbox *outbox = ((struct fixture *)*state)->outbox;
	struct outbox_slave *slaves;
	size_t count;

	want(outbox, "a.example", true);
	assert_int_equal(outbox_slave_remove(outbox, 1), 0);
	assert_int_equal(outbox_slave_list(outbox, &slaves, &count), 0);
	free(slaves);
	assert_int_equal(count, 0);
	/* A delivery that was under way while it was removed. */
	assert_int_equal(outbox_owe_all(outbox, 1), 0);
	assert_int_equal(count_due(outbox, 1, FAR), 0);
	want(outbox, "b.example", true);
}

static void test_replaced(void **state)
{
	struct outbox *outbox = ((struct fixture *)*state)->outbox;
	struct outbox_slave *slaves, slave;
	struct change change;
	size_t count;

	want(outbox, "a.example", true);
	change = owed(outbox, 1);
	assert_int_equal(outbox_acknowledge(outbox, 1, &change, "applied"), 0);
	assert_int_equal(outbox_slave_list(outbox, &slaves, &count), 0);
	slave = slaves[0];
	free(slaves);
	slave.state.applied_seq = slave.failures = 7;
	slave.retry_at = FAR;
	assert_int_equal(outbox_slave_note(outbox, &slave), 0);

	snprintf(slave.url, sizeof(slave.url), "http://127.0.0.1:2");
	assert_int_equal(outbox_slave_replace(outbox, &slave), 0);
	assert_int_equal(owed(outbox, 1).generation, change.generation);
	assert_int_equal(outbox_slave_list(outbox, &slaves, &count), 0);
	assert_string_equal(slaves[0].url, "http://127.0.0.1:2");
	assert_int_equal(slaves[0].state.applied_seq, 0);
	assert_int_equal(slaves[0].failures, 0);
	assert_int_equal(slaves[0].retry_at, 0);
	free(slaves);
}

/* A deletion for one slave fits between what it has and what it is given when it comes back. */
static void test_bypassed(void **state)
{
	struct outbox *outbox = ((struct fixture *)*state)->outbox;
	struct zone_name zone;
	struct change change;
	uint64_t generation;

	want(outbox, "a.example", true);
	change = owed(outbox, 1);
	assert_int_equal(outbox_bypass(outbox, &change.zone, &generation), 0);
	assert_true(generation > change.generation);
	assert_true(owed(outbox, 1).generation > generation);
	/* What was under way isn't what is wanted by now. */
	assert_int_equal(outbox_acknowledge(outbox, 1, &change, "applied"), 0);
	assert_true(owed(outbox, 1).present);

	assert_int_equal(zone_name_parse("unknown.example", &zone, NULL), 0);
	assert_int_equal(outbox_bypass(outbox, &zone, &generation), 0);
	assert_int_equal(count_due(outbox, 1, FAR), 1);
}

static void test_rolled_back(void **state)
{
	struct outbox *outbox = ((struct fixture *)*state)->outbox;
	struct outbox_wish wish = {.present = true};
	uint64_t present;

	assert_int_equal(zone_name_parse("a.example", &wish.zone, NULL), 0);
	assert_int_equal(outbox_begin(outbox), 0);
	assert_int_equal(outbox_want(outbox, &wish), 0);
	outbox_rollback(outbox);
	assert_int_equal(count_due(outbox, 1, FAR), 0);
	assert_int_equal(outbox_count(outbox, &present), 0);
	assert_int_equal(present, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_slaves_that_are_refused),
		TEST(test_the_newest_state_counts),
		TEST(test_made_anew),
		TEST(test_made_anew_once),
		TEST(test_made_anew_for_a_slave_that_forgot),
		TEST(test_each_slave_owes_by_itself),
		TEST(test_restamped),
		TEST(test_refused),
		cmocka_unit_test(test_pauses),
		TEST(test_paused),
		TEST(test_removed),
		TEST(test_replaced),
		TEST(test_bypassed),
		TEST(test_rolled_back),
	};

	return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
