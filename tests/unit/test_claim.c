#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "slave-agent/claim.h"
#include "slave-agent/intent.h"
#include "tests/unit/site.h"

static void check(struct site *site, const char *zone, int64_t master, int expected,
		  enum problem_type type)
{
	struct zone_name name = site_name(zone);
	struct problem problem;
	int r;

	r = claim_check(&site->config, site->registry, &name, master, &problem);
	if (r != expected)
		fail_msg("%s: %s", zone, error_text(r));
	if (r == ZP_EOWNED)
		assert_int_equal(problem.type, type);
}

static void check_free(struct site *site, const char *zone, int64_t master)
{
	check(site, zone, master, 0, 0);
}

/* Takes a change that needn't come to anything. */
static struct intent take(struct site *site, int64_t master, const char *zone, bool present,
			  uint64_t generation)
{
	struct change change = {.zone = site_name(zone),
				.present = present,
				.generation = generation};
	struct intent intent;

	assert_int_equal(site_take(site, master, &change, &intent), 0);
	change_result_done(&intent.result);
	return intent;
}

static struct registry_zone get(struct site *site, const char *zone, int64_t master)
{
	struct zone_name name = site_name(zone);
	struct registry_zone row;

	assert_int_equal(registry_zone_get(site->registry, &name, master, &row), 0);
	return row;
}

static void test_owned(void **state)
{
	struct site *site = *state;
	static const enum registry_state owning[] = {REGISTRY_WAITING, REGISTRY_APPLIED,
						     REGISTRY_FAILING};

	for (size_t i = 0; i < sizeof(owning) / sizeof(owning[0]); i++) {
		site_put(site, site->a, "shop.example", 1, owning[i]);
		check(site, "shop.example", site->b, ZP_EOWNED, PROBLEM_OWNED);
		check_free(site, "shop.example", site->a);
	}
	site_put(site, site->a, "shop.example", 1, REGISTRY_CLAIM);
	check_free(site, "shop.example", site->b);
}

static void test_overlap(void **state)
{
	struct site *site = *state;

	site_put(site, site->a, "shop.example", 1, REGISTRY_APPLIED);
	site_put(site, site->a, "0/25.2.0.192.in-addr.arpa", 1, REGISTRY_APPLIED);
	check(site, "www.shop.example", site->b, ZP_EOWNED, PROBLEM_OVERLAP);
	check(site, "a.b.shop.example", site->b, ZP_EOWNED, PROBLEM_OVERLAP);
	check(site, "example", site->b, ZP_EOWNED, PROBLEM_OVERLAP);
	check(site, "2.0.192.in-addr.arpa", site->b, ZP_EOWNED, PROBLEM_OVERLAP);
	check(site, "1.0/25.2.0.192.in-addr.arpa", site->b, ZP_EOWNED, PROBLEM_OVERLAP);

	check_free(site, "www.shop.example", site->a);
	check_free(site, "other.example", site->b);
	check_free(site, "notshop.example", site->b);
	check_free(site, "shop-a.example", site->b);
	check_free(site, "shop.example.net", site->b);
	check_free(site, "25.2.0.192.in-addr.arpa", site->b);
}

static void test_allowed_overlap(void **state)
{
	struct site *site = *state;
	char *one[] = {(char *)"b"};

	site_put(site, site->a, "shop.example", 1, REGISTRY_APPLIED);
	site->config.overlap_masters.items = one;
	site->config.overlap_masters.count = 1;
	check_free(site, "www.shop.example", site->b);
	one[0] = (char *)"a";
	check(site, "www.shop.example", site->b, ZP_EOWNED, PROBLEM_OVERLAP);
	site->config.allow_overlap = true;
	check_free(site, "www.shop.example", site->b);
	/* Nobody may have what is another's. */
	check(site, "shop.example", site->b, ZP_EOWNED, PROBLEM_OWNED);
}

/* The claim is kept when the owner lets go: the same incarnation, so that its data go on. */
static void test_passed_on(void **state)
{
	struct site *site = *state;
	struct registry_zone owned;
	struct intent intent;

	take(site, site->a, "shop.example", true, 5);
	take(site, site->b, "shop.example", true, 7);
	assert_int_equal(get(site, "shop.example", site->b).state, REGISTRY_CLAIM);
	assert_string_equal(get(site, "shop.example", site->b).problem, "owned");

	intent = take(site, site->a, "shop.example", false, 6);
	assert_true(intent.passed_on && intent.waits);
	owned = site_get_owned(site, "shop.example");
	assert_int_equal(owned.master, site->b);
	assert_int_equal(owned.made, 5);
	assert_int_equal(owned.begun, 7);
	assert_int_equal(owned.state, REGISTRY_WAITING);
	assert_string_equal(owned.problem, "");
	assert_false(get(site, "shop.example", site->a).present);
}

static void count_litter(void *context, const struct zone_name *name, uint64_t made)
{
	(void)name;
	(void)made;
	++*(int *)context;
}

static void test_litter(void **state)
{
	struct site *site = *state;
	int litter = 0;

	take(site, site->a, "shop.example", true, 5);
	take(site, site->b, "shop.example", true, 7);
	take(site, site->a, "shop.example", false, 6);
	assert_int_equal(registry_litter_each(site->registry, count_litter, &litter), 0);
	assert_int_equal(litter, 0);
	assert_false(take(site, site->b, "shop.example", false, 8).passed_on);
	assert_int_equal(registry_litter_each(site->registry, count_litter, &litter), 0);
	assert_int_equal(litter, 1);
}

static void test_the_oldest_claim_is_first(void **state)
{
	struct site *site = *state;
	int64_t c = site_add_master(site, "c", "192.0.2.3");

	site_put(site, site->a, "shop.example", 1, REGISTRY_APPLIED);
	site_put(site, c, "shop.example", 30, REGISTRY_CLAIM);
	site_put(site, site->b, "shop.example", 40, REGISTRY_CLAIM);
	take(site, site->a, "shop.example", false, 50);
	assert_int_equal(site_get_owned(site, "shop.example").master, c);
	take(site, c, "shop.example", false, 60);
	assert_int_equal(site_get_owned(site, "shop.example").master, site->b);
}

/* Said again, or for a newer reason, a claim keeps its place in the queue. */
static void test_a_claim_repeated(void **state)
{
	struct site *site = *state;
	uint64_t since;

	take(site, site->a, "shop.example", true, 5);
	take(site, site->b, "shop.example", true, 7);
	since = get(site, "shop.example", site->b).since;
	assert_true(since > 0);
	take(site, site->b, "shop.example", true, 7);
	take(site, site->b, "shop.example", true, 9);
	assert_int_equal(get(site, "shop.example", site->b).since, since);
	assert_int_equal(get(site, "shop.example", site->b).generation, 9);
	/* Late is late. */
	take(site, site->b, "shop.example", false, 8);
	assert_true(get(site, "shop.example", site->b).present);
}

static void test_a_claim_withdrawn(void **state)
{
	struct site *site = *state;
	struct zone_name name = site_name("shop.example");
	struct registry_zone zone;

	take(site, site->a, "shop.example", true, 5);
	take(site, site->b, "shop.example", true, 7);
	take(site, site->b, "shop.example", false, 8);
	assert_int_equal(registry_zone_get_claim(site->registry, &name, &zone), ZP_EUNKNOWN);
	assert_false(take(site, site->a, "shop.example", false, 9).passed_on);
	assert_int_equal(registry_zone_get_owned(site->registry, &name, &zone), ZP_EUNKNOWN);
}

/* What is above or below still belongs to somebody else. */
static void test_a_claim_that_still_overlaps(void **state)
{
	struct site *site = *state;
	struct registry_zone claim;

	take(site, site->a, "shop.example", true, 5);
	take(site, site->a, "www.shop.example", true, 5);
	take(site, site->b, "www.shop.example", true, 7);
	assert_false(take(site, site->a, "www.shop.example", false, 8).passed_on);
	claim = get(site, "www.shop.example", site->b);
	assert_int_equal(claim.state, REGISTRY_CLAIM);

	take(site, site->a, "shop.example", false, 9);
	assert_int_equal(claim_retry(&site->config, site->registry), 0);
	assert_int_equal(site_get_owned(site, "www.shop.example").master, site->b);
	assert_int_equal(site_get_owned(site, "www.shop.example").made, 7);
}

static void test_given(void **state)
{
	struct site *site = *state;
	struct zone_name name = site_name("shop.example");

	assert_int_equal(claim_give(site->registry, &name, site->b), ZP_EUNKNOWN);
	take(site, site->a, "shop.example", true, 5);
	assert_int_equal(claim_give(site->registry, &name, site->b), ZP_EUNKNOWN);
	assert_int_equal(claim_give(site->registry, &name, site->a), ZP_EUNKNOWN);
	take(site, site->b, "shop.example", true, 7);
	take(site, site->b, "shop.example", false, 8);
	assert_int_equal(claim_give(site->registry, &name, site->b), ZP_EUNKNOWN);

	take(site, site->b, "shop.example", true, 9);
	assert_int_equal(claim_give(site->registry, &name, site->b), 0);
	assert_int_equal(site_get_owned(site, "shop.example").master, site->b);
	assert_int_equal(site_get_owned(site, "shop.example").made, 5);
	assert_int_equal(get(site, "shop.example", site->a).state, REGISTRY_CLAIM);
	assert_true(strstr(get(site, "shop.example", site->a).error, "administrator") != NULL);

	/* And back: nothing is lost on the way. */
	assert_int_equal(claim_give(site->registry, &name, site->a), 0);
	assert_int_equal(site_get_owned(site, "shop.example").master, site->a);
	assert_int_equal(site_get_owned(site, "shop.example").made, 5);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, site_setup, site_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_owned),
		TEST(test_overlap),
		TEST(test_allowed_overlap),
		TEST(test_passed_on),
		TEST(test_litter),
		TEST(test_the_oldest_claim_is_first),
		TEST(test_a_claim_repeated),
		TEST(test_a_claim_withdrawn),
		TEST(test_a_claim_that_still_overlaps),
		TEST(test_given),
	};

	return cmocka_run_group_tests_name("claim", tests, NULL, NULL);
}
