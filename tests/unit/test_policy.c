#include "slave-agent/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static int parse(const char *text, struct policy *policy)
{
	json_t *json = json_loads(text, 0, NULL);
	struct reason why;
	int r;

	assert_non_null(json);
	r = policy_parse(json, policy, &why);
	json_decref(json);
	return r;
}

static void check_refused(const char *text)
{
	struct policy policy = {.suffixes = "a.example ", .max_zones = 7};
	struct policy before = policy;

	assert_int_equal(parse(text, &policy), ZP_ESYNTAX);
	assert_memory_equal(&policy, &before, sizeof(policy));
}

static void test_refused(void **state)
{
	static const char *const wrong[] = {
		"[]",
		"{\"more\":1}",
		"{\"suffixes\":\"a.example\"}",
		"{\"suffixes\":[1]}",
		"{\"suffixes\":[\"a..example\"]}",
		"{\"suffixes\":[\"a b\"]}",
		"{\"primaries\":[\"host.example\"]}",
		"{\"primaries\":[\"224.0.0.1\"]}",
		"{\"max_zones\":0}",
		"{\"max_zones\":-1}",
		"{\"max_zones\":1.5}",
		"{\"max_zones\":10000001}",
		"{\"max_zones\":\"5\"}",
		"{\"max_zones\":5,\"suffixes\":[\"*\"]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		check_refused(wrong[i]);
}

static void test_too_long(void **state)
{
	struct policy policy = {.max_zones = 0};
	json_t *list = json_array(), *json = json_pack("{s:o}", "suffixes", list);
	struct reason why;
	char name[64];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "a-rather-long-label-%d.example", i);
		json_array_append_new(list, json_string(name));
	}
	assert_int_equal(policy_parse(json, &policy, &why), ZP_ETOOBIG);
	json_decref(json);
}

static void check_zone(const struct policy *policy, const char *text, bool allowed)
{
	struct zone_name name;

	assert_int_equal(zone_name_parse(text, &name, NULL), 0);
	assert_true(policy_allows_zone(policy, &name) == allowed);
}

static void test_zones(void **state)
{
	struct policy policy = {.max_zones = 0};

	(void)state;
	check_zone(&policy, "anything.example", true);
	assert_int_equal(parse("{\"suffixes\":[\"A.Example.\",\"b.example\"]}", &policy), 0);
	check_zone(&policy, "a.example", true);
	check_zone(&policy, "x.y.a.example", true);
	check_zone(&policy, "b.example", true);
	check_zone(&policy, "xa.example", false);
	check_zone(&policy, "example", false);
	check_zone(&policy, "a.example.net", false);
	assert_int_equal(parse("{\"max_zones\":3}", &policy), 0);
	check_zone(&policy, "xa.example", false);
	assert_int_equal(parse("{\"suffixes\":null}", &policy), 0);
	check_zone(&policy, "xa.example", true);
	assert_int_equal(policy.max_zones, 3);
}

static void test_primaries(void **state)
{
	struct policy policy = {.max_zones = 0};
	struct address addresses[2];
	struct reason why;

	(void)state;
	assert_int_equal(address_parse("192.0.2.1:5300", 53, &addresses[0], NULL), 0);
	assert_int_equal(address_parse("192.0.2.11", 53, &addresses[1], NULL), 0);
	assert_int_equal(policy_check_primaries(&policy, addresses, 2, &why), 0);
	assert_int_equal(parse("{\"primaries\":[\"192.0.2.1\",\"2001:DB8::1\"]}", &policy), 0);
	assert_int_equal(policy_check_primaries(&policy, addresses, 1, &why), 0);
	assert_int_equal(policy_check_primaries(&policy, addresses, 2, &why), ZP_EPOLICY);
	assert_non_null(strstr(why.text, "'192.0.2.11'"));
	assert_int_equal(address_parse("[2001:db8:0::1]:53", 53, &addresses[1], NULL), 0);
	assert_int_equal(policy_check_primaries(&policy, addresses, 2, &why), 0);
}

static void test_to_json(void **state)
{
	struct policy policy = {.max_zones = 0};
	json_t *json;

	(void)state;
	assert_int_equal(
		parse("{\"suffixes\":[\"a.example\",\"b.example\"],\"max_zones\":5}", &policy), 0);
	json = policy_to_json(&policy);
	assert_int_equal(json_array_size(json_object_get(json, "suffixes")), 2);
	assert_int_equal(json_array_size(json_object_get(json, "primaries")), 0);
	assert_int_equal(json_integer_value(json_object_get(json, "max_zones")), 5);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused), cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_zones),	cmocka_unit_test(test_primaries),
		cmocka_unit_test(test_to_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
