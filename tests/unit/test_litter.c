#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/file.h"
#include "slave-agent/clause.h"
#include "slave-agent/litter.h"
#include "tests/unit/site.h"

#define LABEL "012345678901234567890123456789012345678901234567890123456789"
#define LATER (2 * LITTER_AGE_SECONDS)
#define LONG  LABEL "." LABEL "." LABEL "." LABEL ".example"

static void make(struct site *site, const char *name)
{
	char path[SCRATCH_PATH_SIZE];

	scratch_write(site->data, name, "data", path);
}

static bool is_there(struct site *site, const char *name)
{
	char path[SITE_PATH_SIZE + 512];

	snprintf(path, sizeof(path), "%s/%s", site->data, name);
	return access(path, F_OK) == 0;
}

static void sweep(struct site *site, int64_t ahead)
{
	struct litter *litter;

	assert_int_equal(litter_new(&site->config, site->registry, &litter), 0);
	while (!litter_step(litter, time(NULL) + ahead))
		;
	litter_free(litter);
}

/* Whatever isn't surely ours stays. */
static void test_other_files(void **state)
{
	struct site *site = *state;
	static const char *const names[] = {
		"a.example.db",	   "a.example.0.db",   "a.example.-1.db",
		"a.example.x.db",  "a.example.5.txt",  "5.db",
		".5.db",	   "a b.example.5.db", "tmp-Xy12",
		"a.example.5.dbx", "a.example.5.jnl",  "A.example.5.db",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		make(site, names[i]);
	sweep(site, LATER);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!is_there(site, names[i]))
			fail_msg("%s", names[i]);
}

static void test_what_is_wanted_stays(void **state)
{
	struct site *site = *state;
	char path[PATH_MAX];
	struct registry_zone zone;

	site_put(site, site->a, "a.example", 5, REGISTRY_APPLIED);
	site_put(site, site->a, "0/25.2.0.192.in-addr.arpa", 5, REGISTRY_FAILING);
	site_put(site, site->b, LONG, 7, REGISTRY_WAITING);
	site_put(site, site->a, "leaving.example", 5, REGISTRY_WAITING);
	zone = site_get_owned(site, "leaving.example");
	zone.present = false;
	assert_int_equal(registry_zone_put(site->registry, &zone), 0);
	zone = site_get_owned(site, LONG);
	clause_data_path(&site->config, &zone.name, 7, path);

	make(site, "a.example.5.db");
	make(site, "a.example.5.db.jnl");
	make(site, "0+25.2.0.192.in-addr.arpa.5.db");
	make(site, strrchr(path, '/') + 1);
	make(site, "leaving.example.5.db");
	sweep(site, LATER);
	assert_true(is_there(site, "a.example.5.db"));
	assert_true(is_there(site, "a.example.5.db.jnl"));
	assert_true(is_there(site, "0+25.2.0.192.in-addr.arpa.5.db"));
	assert_true(is_there(site, strrchr(path, '/') + 1));
	assert_true(is_there(site, "leaving.example.5.db"));
}

static void test_litter(void **state)
{
	struct site *site = *state;
	struct registry_zone zone;

	site_put(site, site->a, "a.example", 5, REGISTRY_APPLIED);
	site_put(site, site->a, "gone.example", 5, REGISTRY_APPLIED);
	zone = site_get_owned(site, "gone.example");
	zone.present = false;
	assert_int_equal(registry_zone_put(site->registry, &zone), 0);
	make(site, "a.example.4.db");
	make(site, "a.example.4.db.jnl");
	make(site, "gone.example.5.db");
	make(site, "never.example.5.db");
	make(site, LABEL "~0123.9.db");

	/* Young ones may be of a change that is under way. */
	sweep(site, 0);
	assert_true(is_there(site, "a.example.4.db"));
	sweep(site, LATER);
	assert_false(is_there(site, "a.example.4.db"));
	assert_false(is_there(site, "a.example.4.db.jnl"));
	assert_false(is_there(site, "gone.example.5.db"));
	assert_false(is_there(site, "never.example.5.db"));
	assert_false(is_there(site, LABEL "~0123.9.db"));
}

static void test_step_by_step(void **state)
{
	struct site *site = *state;
	struct litter *litter;
	char name[64];
	size_t steps = 1;

	for (size_t i = 0; i < 3 * LITTER_AT_ONCE / 2; i++) {
		snprintf(name, sizeof(name), "z%zu.example.3.db", i);
		make(site, name);
	}
	assert_int_equal(litter_new(&site->config, site->registry, &litter), 0);
	while (!litter_step(litter, time(NULL) + LATER))
		steps++;
	litter_free(litter);
	assert_int_equal(steps, 2);
	assert_false(is_there(site, "z0.example.3.db"));
	assert_false(is_there(site, name));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, site_setup, site_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_other_files),
		TEST(test_what_is_wanted_stays),
		TEST(test_litter),
		TEST(test_step_by_step),
	};

	return cmocka_run_group_tests_name("litter", tests, NULL, NULL);
}
