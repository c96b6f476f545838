#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/database.h"
#include "tests/unit/site.h"

/* What version 1 of the agent made: its tables, and two zones. */
static const char *const version_1[] = {
	"CREATE TABLE agent(one INTEGER PRIMARY KEY CHECK (one = 1), instance TEXT NOT NULL,"
	" applied_seq INTEGER NOT NULL) STRICT;"
	"CREATE TABLE master(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE)"
	" STRICT;"
	"CREATE TABLE master_key(key_id TEXT PRIMARY KEY, master INTEGER NOT NULL REFERENCES"
	" master(id)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE master_primary(master INTEGER NOT NULL REFERENCES master(id), position"
	" INTEGER NOT NULL, address TEXT NOT NULL, PRIMARY KEY (master, position)) STRICT, WITHOUT"
	" ROWID;"
	"CREATE TABLE zone(name TEXT NOT NULL, master INTEGER NOT NULL REFERENCES master(id),"
	" present INTEGER NOT NULL, anew INTEGER NOT NULL, generation INTEGER NOT NULL, made"
	" INTEGER NOT NULL, serial INTEGER, state INTEGER NOT NULL, error TEXT, changed_at INTEGER"
	" NOT NULL, PRIMARY KEY (name, master)) STRICT, WITHOUT ROWID;"
	"CREATE UNIQUE INDEX zone_owner ON zone(name) WHERE present = 1;"
	"CREATE INDEX zone_unsettled ON zone(state) WHERE state <> 1;"
	"CREATE TABLE litter(name TEXT NOT NULL, made INTEGER NOT NULL, PRIMARY KEY (name, made))"
	" STRICT, WITHOUT ROWID;"
	"INSERT INTO agent VALUES (1, '0123456789abcdef0123456789abcdef', 17);"
	"INSERT INTO master VALUES (1, 'plesk1');"
	"INSERT INTO master_primary VALUES (1, 0, '192.0.2.1:53');"
	"INSERT INTO zone VALUES ('shop.example', 1, 1, 0, 9, 5, 2026, 1, NULL, 1000);"
	"INSERT INTO zone VALUES ('gone.example', 1, 0, 0, 8, 4, NULL, 1, NULL, 1000);",
};

static const struct database_schema old_schema = {
	.application_id = 0x7a704147,
	.steps = version_1,
	.version = 1,
};

static bool is_in_bucket(struct registry *registry, const char *name)
{
	struct zone_name parsed = site_name(name);
	unsigned int bucket = zone_name_bucket(&parsed);
	const struct registry_filter filter = {.bucket = &bucket, .all_states = true};
	struct registry_walk *walk;
	struct registry_zone zone;
	bool found = false;

	assert_int_equal(registry_walk_start(registry, &filter, &walk), 0);
	while (registry_walk_next(walk, &zone) == 1)
		found |= strcmp(zone.name.text, name) == 0;
	registry_walk_done(walk);
	return found;
}

static void test_a_file_of_version_1(void **state)
{
	char directory[SCRATCH_PATH_SIZE], path[SITE_PATH_SIZE];
	struct zone_name name = site_name("shop.example"), below = site_name("a.shop.example");
	struct database *database;
	struct registry *registry;
	struct envelope_state agent;
	struct registry_zone zone;
	struct reason why;

	(void)state;
	scratch_make(directory);
	snprintf(path, sizeof(path), "%s/" REGISTRY_FILE, directory);
	if (database_open(path, &old_schema, &database, &why) < 0)
		fail_msg("%s", why.text);
	database_free(database);

	if (registry_open(directory, &registry, &why) < 0)
		fail_msg("%s", why.text);
	assert_int_equal(registry_get_state(registry, &agent), 0);
	assert_string_equal(agent.instance, "0123456789abcdef0123456789abcdef");
	assert_int_equal(agent.applied_seq, 17);
	assert_int_equal(registry_zone_get_owned(registry, &name, &zone), 0);
	assert_int_equal(zone.made, 5);
	assert_int_equal(zone.begun, 5);
	assert_int_equal(zone.generation, 9);
	assert_int_equal(zone.serial, 2026);
	assert_int_equal(zone.state, REGISTRY_APPLIED);
	/* It is found by what version 1 had no columns for. */
	assert_true(is_in_bucket(registry, "shop.example"));
	assert_int_equal(registry_zone_get_overlap(registry, &below, 2, &zone), 0);
	registry_free(registry);
	scratch_remove(directory);
}

static void check_overlap(struct site *site, const char *text, const char *expected)
{
	struct zone_name name = site_name(text);
	struct registry_zone zone;
	int r;

	r = registry_zone_get_overlap(site->registry, &name, site->b, &zone);
	if (r != (expected ? 0 : ZP_EUNKNOWN) ||
	    (expected && strcmp(zone.name.text, expected) != 0))
		fail_msg("%s", text);
}

static void test_above_and_below(void **state)
{
	struct site *site = *state;

	site_put(site, site->a, "shop.example", 1, REGISTRY_APPLIED);
	site_put(site, site->a, "claimed.example", 1, REGISTRY_CLAIM);
	site_put(site, site->b, "own.example", 1, REGISTRY_APPLIED);
	check_overlap(site, "a.shop.example", "shop.example");
	check_overlap(site, "c.b.a.shop.example", "shop.example");
	check_overlap(site, "example", "shop.example");
	check_overlap(site, "shop.example", NULL);
	check_overlap(site, "ashop.example", NULL);
	check_overlap(site, "shop.examples", NULL);
	check_overlap(site, "a.claimed.example", NULL);
	check_overlap(site, "a.own.example", NULL);
}

static void test_masters(void **state)
{
	struct site *site = *state;
	struct registry_master master = {.name = "c", .n_primaries = 1}, found;
	struct key *key;

	assert_int_equal(address_parse("192.0.2.3", 53, &master.primaries[0], NULL), 0);
	assert_int_equal(registry_master_add(site->registry, &master), 0);
	assert_int_equal(registry_master_find_name(site->registry, "c", &found), 0);
	assert_false(found.has_key);
	/* Without a key twice is once too often; a key completes it, once. */
	assert_int_equal(registry_master_add(site->registry, &master), -EEXIST);
	assert_int_equal(key_generate(&key), 0);
	master.key = *key_get_public(key);
	master.has_key = true;
	key_free(key);
	snprintf(master.tsig, sizeof(master.tsig), "transfer");
	assert_int_equal(registry_master_add(site->registry, &master), 0);
	assert_int_equal(registry_master_add(site->registry, &master), -EEXIST);
	assert_int_equal(registry_master_find_key(site->registry, master.key.id, &found), 0);
	assert_string_equal(found.name, "c");
	assert_string_equal(found.tsig, "transfer");
	snprintf(master.name, sizeof(master.name), "d");
	assert_int_equal(registry_master_add(site->registry, &master), -EEXIST);
}

static void test_new_settings(void **state)
{
	struct site *site = *state;
	struct registry_waiting waiting;
	struct registry_master master;

	site_put(site, site->a, "a.example", 1, REGISTRY_APPLIED);
	site_put(site, site->a, "b.example", 1, REGISTRY_FAILING);
	site_put(site, site->b, "c.example", 1, REGISTRY_APPLIED);
	site_put(site, site->a, "c.example", 1, REGISTRY_CLAIM);
	assert_int_equal(registry_master_find(site->registry, site->a, &master), 0);
	master.generation = 12;
	assert_int_equal(registry_master_update(site->registry, &master), 0);
	assert_int_equal(registry_count_waiting(site->registry, &waiting), 0);
	assert_int_equal(waiting.present, 1);
	assert_int_equal(site_get_owned(site, "a.example").state, REGISTRY_WAITING);
	assert_int_equal(site_get_owned(site, "c.example").state, REGISTRY_APPLIED);
	assert_int_equal(registry_master_find(site->registry, site->a, &master), 0);
	assert_int_equal(master.generation, 12);
}

static void test_counts(void **state)
{
	struct site *site = *state;
	struct registry_counts counts;
	struct registry_zone zone;

	site_put(site, site->a, "1.example", 1, REGISTRY_APPLIED);
	site_put(site, site->a, "2.example", 1, REGISTRY_WAITING);
	site_put(site, site->a, "3.example", 1, REGISTRY_FAILING);
	site_put(site, site->b, "1.example", 1, REGISTRY_CLAIM);
	zone = site_get_owned(site, "2.example");
	zone.present = false;
	assert_int_equal(registry_zone_put(site->registry, &zone), 0);
	assert_int_equal(registry_count(site->registry, 0, &counts), 0);
	assert_int_equal(counts.applied, 1);
	assert_int_equal(counts.waiting, 0);
	assert_int_equal(counts.failing, 1);
	assert_int_equal(counts.claims, 1);
	assert_int_equal(counts.leaving, 1);
	assert_int_equal(registry_count(site->registry, site->b, &counts), 0);
	assert_int_equal(counts.applied + counts.failing + counts.leaving, 0);
	assert_int_equal(counts.claims, 1);
}

/* The owner's row, claims from the oldest, then deletions. */
static void test_all_rows_of_a_zone(void **state)
{
	struct site *site = *state;
	int64_t c = site_add_master(site, "c", "192.0.2.3");
	int64_t d = site_add_master(site, "d", "192.0.2.4");
	const int64_t expected[] = {c, site->b, d, site->a};
	struct zone_name name = site_name("shop.example");
	struct registry_walk *walk;
	struct registry_zone zone;
	size_t count = 0;

	site_put(site, site->a, "shop.example", 1, REGISTRY_APPLIED);
	zone = site_get_owned(site, "shop.example");
	zone.present = false;
	assert_int_equal(registry_zone_put(site->registry, &zone), 0);
	site_put(site, d, "shop.example", 9, REGISTRY_CLAIM);
	site_put(site, site->b, "shop.example", 5, REGISTRY_CLAIM);
	site_put(site, c, "shop.example", 7, REGISTRY_APPLIED);
	assert_int_equal(registry_walk_zone(site->registry, &name, &walk), 0);
	for (; registry_walk_next(walk, &zone) == 1; count++)
		assert_int_equal(zone.master, expected[count]);
	registry_walk_done(walk);
	assert_int_equal(count, 4);
}

static void test_maintenance_lasts(void **state)
{
	struct site *site = *state;
	struct reason why;
	bool on = true;

	assert_int_equal(registry_get_maintenance(site->registry, &on), 0);
	assert_false(on);
	assert_int_equal(registry_set_maintenance(site->registry, true), 0);
	registry_free(site->registry);
	assert_int_equal(registry_open(site->directory, &site->registry, &why), 0);
	assert_int_equal(registry_get_maintenance(site->registry, &on), 0);
	assert_true(on);
}

static void test_names_of_masters_and_keys(void **state)
{
	static const char *const wrong[] = {"", "A", "a b", "a/b", "é"};
	static const char *const wrong_tsig[] = {"", "a b", "a\"b", "a;b", "a/b"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(registry_is_master_name(wrong[i]));
	for (size_t i = 0; i < sizeof(wrong_tsig) / sizeof(wrong_tsig[0]); i++)
		assert_false(registry_is_tsig_name(wrong_tsig[i]));
	assert_true(registry_is_master_name("plesk-1.example_x"));
	assert_true(registry_is_tsig_name("Plesk-1.Key_x"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, site_setup, site_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_of_version_1),
		TEST(test_above_and_below),
		TEST(test_masters),
		TEST(test_new_settings),
		TEST(test_counts),
		TEST(test_all_rows_of_a_zone),
		TEST(test_maintenance_lasts),
		cmocka_unit_test(test_names_of_masters_and_keys),
	};

	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
