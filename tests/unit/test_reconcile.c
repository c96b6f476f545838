#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "master-hook/reconcile.h"
#include "tests/unit/scratch.h"

#define FAR INT64_MAX /* everything is due by then */

/* An outbox with one slave, whose id is 1. */
struct fixture {
	char directory[SCRATCH_PATH_SIZE];
	struct outbox *outbox;
	struct sync_list list;
	struct reconcile_options options;
	struct reconcile_plan plan;
	struct outbox_slave slave;
	struct compare_slave compared;
	struct reconcile_surplus surplus;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct key *key;
	struct reason why;

	assert_int_equal(key_library_init(), 0);
	scratch_make(fixture->directory);
	if (outbox_open(fixture->directory, (gid_t)-1, &fixture->outbox, &why) < 0)
		fail_msg("%s", why.text);
	assert_int_equal(key_generate(&key), 0);
	fixture->slave = (struct outbox_slave){
		.id = 1, .name = "s1", .url = "http://127.0.0.1:1", .key = *key_get_public(key)};
	key_free(key);
	assert_int_equal(outbox_begin(fixture->outbox), 0);
	assert_int_equal(outbox_slave_add(fixture->outbox, &fixture->slave), 0);
	assert_int_equal(outbox_commit(fixture->outbox), 0);
	fixture->list.is_good = true;
	fixture->compared.slave = &fixture->slave;
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	reconcile_plan_done(&fixture->plan);
	reconcile_surplus_done(&fixture->surplus);
	compare_done(&fixture->compared, 1);
	sync_list_done(&fixture->list);
	outbox_free(fixture->outbox);
	scratch_remove(fixture->directory);
	free(fixture);
	return 0;
}

static void want_as(struct fixture *fixture, const char *zone, bool present, bool by_pointer)
{
	struct outbox_wish wish = {.present = present, .by_pointer = by_pointer};

	assert_int_equal(zone_name_parse(zone, &wish.zone, NULL), 0);
	assert_int_equal(outbox_begin(fixture->outbox), 0);
	assert_int_equal(outbox_want(fixture->outbox, &wish), 0);
	assert_int_equal(outbox_commit(fixture->outbox), 0);
}

static void want(struct fixture *fixture, const char *zone, bool present)
{
	want_as(fixture, zone, present, false);
}

/* So many zones, and those of them from `first` on on the list. */
static void want_many(struct fixture *fixture, int count, int first)
{
	char zone[32];

	for (int i = 0; i < count; i++) {
		snprintf(zone, sizeof(zone), "z%03d.example", i);
		want(fixture, zone, true);
		if (i >= first)
			assert_int_equal(name_set_add(&fixture->list.names, zone), 0);
	}
}

static void list(struct fixture *fixture, const char *zone)
{
	assert_int_equal(name_set_add(&fixture->list.names, zone), 0);
}

static void plan(struct fixture *fixture)
{
	struct reason why;

	name_set_sort(&fixture->list.names);
	reconcile_plan_done(&fixture->plan);
	if (reconcile_plan(fixture->outbox, &fixture->list, &fixture->options, &fixture->plan,
			   &why) < 0)
		fail_msg("%s", why.text);
}

static void snapshot(struct fixture *fixture)
{
	assert_int_equal(outbox_snapshot(fixture->outbox), 0);
}

/* Whether the set has these, written with a blank behind each. */
static void expect(const struct name_set *set, const char *words)
{
	char text[400] = "";

	for (size_t i = 0; i < set->count; i++) {
		size_t length = strlen(text);

		snprintf(text + length, sizeof(text) - length, "%s ", name_set_get(set, i));
	}
	assert_string_equal(text, words);
}

/* A list that can't be relied on deletes nothing, whatever is asked for. */
static void test_a_bad_list_only_adds(void **state)
{
	struct fixture *fixture = *state;

	fixture->list.is_good = false;
	fixture->options = (struct reconcile_options){.prune = true, .force = true};
	want(fixture, "a.example", true);
	snapshot(fixture);
	list(fixture, "b.example");
	plan(fixture);
	expect(&fixture->plan.added, "b.example ");
	expect(&fixture->plan.absent, "a.example ");
	expect(&fixture->plan.deleted, "");
	expect(&fixture->plan.target, "a.example b.example ");
	assert_true(reconcile_is_doubtful(&fixture->list, &fixture->plan));
}

static void test_nothing_is_deleted_unasked(void **state)
{
	struct fixture *fixture = *state;

	want(fixture, "a.example", true);
	snapshot(fixture);
	list(fixture, "b.example");
	plan(fixture);
	expect(&fixture->plan.deleted, "");
	expect(&fixture->plan.target, "a.example b.example ");
}

/* More than ten, and more than a tenth. */
static void test_too_many_deletions(void **state)
{
	static const struct {
		int zones, absent;
		bool force, is_held;
	} rows[] = {
		{10, 10, false, false},	 {11, 11, false, true},	 {11, 11, true, false},
		{110, 11, false, false}, {109, 11, false, true}, {200, 21, false, true},
		{200, 20, false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture *fixture;

		setup(state);
		fixture = *state;
		fixture->options =
			(struct reconcile_options){.prune = true, .force = rows[i].force};
		want_many(fixture, rows[i].zones, rows[i].absent);
		list(fixture, "new.example");
		snapshot(fixture);
		plan(fixture);
		assert_int_equal(fixture->plan.held_back, rows[i].is_held ? rows[i].absent : 0);
		assert_int_equal(fixture->plan.deleted.count, rows[i].is_held ? 0 : rows[i].absent);
		assert_int_equal(fixture->plan.target.count,
				 rows[i].zones + 1 - (rows[i].is_held ? 0 : rows[i].absent));
		expect(&fixture->plan.added, "new.example ");
		teardown(state);
	}
}

/* A hook that comes between has the last word, in both directions. */
static void test_what_a_hook_changed_meanwhile(void **state)
{
	struct fixture *fixture = *state;
	uint64_t left_out = 0;
	struct outbox_zone zone;
	struct zone_name name;

	fixture->options = (struct reconcile_options){.prune = true, .force = true};
	want(fixture, "kept.example", true);
	want(fixture, "updated.example", true);
	want(fixture, "removed.example", true);
	snapshot(fixture);
	list(fixture, "removed.example");
	list(fixture, "deleted.example");
	list(fixture, "new.example");
	/* While the list was read: */
	want(fixture, "updated.example", true);
	want(fixture, "removed.example", false);
	want(fixture, "deleted.example", true);
	want(fixture, "deleted.example", false);
	plan(fixture);
	expect(&fixture->plan.added, "deleted.example new.example ");
	expect(&fixture->plan.deleted, "kept.example updated.example ");
	assert_int_equal(reconcile_apply(fixture->outbox, &fixture->plan, &left_out), 0);
	assert_int_equal(left_out, 2);
	for (size_t i = 0; i < 5; i++) {
		static const struct {
			const char *zone;
			bool present;
		} rows[] = {{"kept.example", false},
			    {"updated.example", true},
			    {"removed.example", false},
			    {"deleted.example", false},
			    {"new.example", true}};

		assert_int_equal(zone_name_parse(rows[i].zone, &name, NULL), 0);
		assert_int_equal(outbox_find(fixture->outbox, &name, &zone), 0);
		assert_int_equal(zone.present, rows[i].present);
	}
}

static void test_without_a_list(void **state)
{
	struct fixture *fixture = *state;
	struct reason why;

	want(fixture, "a.example", true);
	want(fixture, "b.example", false);
	snapshot(fixture);
	fixture->options.prune = true;
	assert_int_equal(
		reconcile_plan(fixture->outbox, NULL, &fixture->options, &fixture->plan, &why), 0);
	expect(&fixture->plan.target, "a.example ");
	expect(&fixture->plan.absent, "");
}

/* Plesk's list can't have them. */
static void test_reverse_zones_of_pointers(void **state)
{
	struct fixture *fixture = *state;

	fixture->options = (struct reconcile_options){.prune = true};
	fixture->list.lacks_pointers = true;
	want_as(fixture, "4.3.9.in-addr.arpa", true, true);
	want_as(fixture, "5.3.9.in-addr.arpa", true, true);
	want(fixture, "5.3.9.in-addr.arpa", true);
	snapshot(fixture);
	list(fixture, "a.example");
	plan(fixture);
	expect(&fixture->plan.deleted, "5.3.9.in-addr.arpa ");
	fixture->list.lacks_pointers = false;
	plan(fixture);
	expect(&fixture->plan.deleted, "4.3.9.in-addr.arpa 5.3.9.in-addr.arpa ");
}

static void give(struct fixture *fixture, const char *zone, uint64_t generation)
{
	size_t count = fixture->compared.surplus.count;

	fixture->compared.generations =
		reallocarray(fixture->compared.generations, count + 1, sizeof(uint64_t));
	fixture->compared.generations[count] = generation;
	assert_int_equal(name_set_add(&fixture->compared.surplus, zone), 0);
	fixture->compared.held = 100;
}

static size_t count_owed(struct fixture *fixture)
{
	struct change *changes;
	size_t count;

	assert_int_equal(outbox_get_due(fixture->outbox, 1, FAR, 100, &changes, &count), 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(outbox_acknowledge(fixture->outbox, 1, &changes[i], "applied"), 0);
	free(changes);
	return count;
}

static void judge(struct fixture *fixture)
{
	reconcile_surplus_done(&fixture->surplus);
	assert_int_equal(reconcile_judge(fixture->outbox, &fixture->list, &fixture->options,
					 &fixture->compared, &fixture->surplus),
			 0);
	assert_int_equal(
		reconcile_apply_slave(fixture->outbox, &fixture->compared, &fixture->surplus), 0);
}

/* What was deleted here is owed again; what somebody else made there is left alone, or pruned. */
static void test_a_slave_s_surplus(void **state)
{
	struct fixture *fixture = *state;

	want(fixture, "deleted.example", true);
	want(fixture, "deleted.example", false);
	want(fixture, "disputed.example", false);
	count_owed(fixture);
	snapshot(fixture);
	give(fixture, "stray.example", 1);
	give(fixture, "deleted.example", 1);
	give(fixture, "disputed.example", UINT64_C(1) << 52);
	judge(fixture);
	expect(&fixture->surplus.gone, "deleted.example ");
	expect(&fixture->surplus.strays, "stray.example ");
	expect(&fixture->surplus.disputed, "disputed.example ");
	assert_int_equal(count_owed(fixture), 1);

	fixture->options.prune = true;
	fixture->list.is_good = false;
	judge(fixture);
	assert_int_equal(count_owed(fixture), 1);
	fixture->list.is_good = true;
	judge(fixture);
	assert_int_equal(count_owed(fixture), 3);
}

static void test_too_many_strays(void **state)
{
	struct fixture *fixture = *state;
	char zone[32];

	snapshot(fixture);
	for (int i = 0; i < 11; i++) {
		snprintf(zone, sizeof(zone), "s%d.example", i);
		give(fixture, zone, 1);
	}
	fixture->options.prune = true;
	judge(fixture);
	assert_true(fixture->surplus.is_held_back);
	assert_int_equal(count_owed(fixture), 0);
	fixture->options.force = true;
	judge(fixture);
	assert_false(fixture->surplus.is_held_back);
	assert_int_equal(count_owed(fixture), 11);
}

/* Three lists, this one included, and long enough. */
static void test_overdue(void **state)
{
	struct fixture *fixture = *state;

	fixture->options = (struct reconcile_options){.prune_overdue = true, .absent_after = 1};
	want(fixture, "a.example", true);
	want(fixture, "b.example", true);
	list(fixture, "b.example");
	for (uint64_t number = 1; number <= 3; number++) {
		snapshot(fixture);
		/* Until a millisecond is over since it was noted first. */
		do
			plan(fixture);
		while (number == 3 && fixture->plan.deleted.count == 0);
		expect(&fixture->plan.deleted, number < 3 ? "" : "a.example ");
		assert_int_equal(reconcile_note_absent(fixture->outbox, &fixture->plan, number), 0);
	}
	fixture->options.absent_after = 0;
	plan(fixture);
	expect(&fixture->plan.deleted, "");
	/* A list with the zone, and all begins anew. */
	fixture->options.absent_after = 1;
	list(fixture, "a.example");
	plan(fixture);
	assert_int_equal(reconcile_note_absent(fixture->outbox, &fixture->plan, 4), 0);
	name_set_done(&fixture->list.names);
	list(fixture, "b.example");
	plan(fixture);
	expect(&fixture->plan.deleted, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_bad_list_only_adds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_is_deleted_unasked, setup, teardown),
		cmocka_unit_test(test_too_many_deletions),
		cmocka_unit_test_setup_teardown(test_what_a_hook_changed_meanwhile, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_without_a_list, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reverse_zones_of_pointers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_slave_s_surplus, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many_strays, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overdue, setup, teardown),
	};

	return cmocka_run_group_tests_name("reconcile", tests, NULL, NULL);
}
