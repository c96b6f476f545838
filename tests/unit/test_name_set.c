#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "slave-agent/name_set.h"

static void add(struct name_set *set, const char *name)
{
	assert_int_equal(name_set_add(set, name), 0);
}

static void test_empty(void **state)
{
	struct name_set set = {0};

	(void)state;
	assert_false(name_set_has(&set, ""));
	assert_false(name_set_has(&set, "a"));
	name_set_sort(&set);
	assert_false(name_set_has(&set, ""));
	name_set_done(&set);
}

/* A beginning, a continuation, another case: other names. */
static void test_what_is_not_in_it(void **state)
{
	static const char *const others[] = {"",	   "a",		"a.exampl",
					     "a.example.", "A.example", "b.example",
					     "a.examplf",  "0",		"~"};
	struct name_set set = {0};

	(void)state;
	add(&set, "a.example");
	add(&set, "c.example");
	name_set_sort(&set);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (name_set_has(&set, others[i]))
			fail_msg("'%s'", others[i]);
	assert_true(name_set_has(&set, "a.example"));
	assert_true(name_set_has(&set, "c.example"));
	name_set_done(&set);
}

static void test_the_empty_name_and_doubles(void **state)
{
	struct name_set set = {0};

	(void)state;
	add(&set, "twice");
	add(&set, "");
	add(&set, "twice");
	name_set_sort(&set);
	assert_int_equal(set.count, 3);
	assert_true(name_set_has(&set, ""));
	assert_true(name_set_has(&set, "twice"));
	name_set_done(&set);
}

/* Grows many times; its names come in no order. */
static void test_many(void **state)
{
	const unsigned int count = 20000;
	struct name_set set = {0};
	char name[32];

	(void)state;
	for (unsigned int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "z%u.example", i * 7919 % count);
		add(&set, name);
	}
	assert_string_equal(set.text + set.starts[1], "z7919.example");
	name_set_sort(&set);
	for (unsigned int i = 0; i < 2 * count; i++) {
		snprintf(name, sizeof(name), "z%u.example", i);
		assert_int_equal(name_set_has(&set, name), i < count);
	}
	name_set_done(&set);
	assert_int_equal(set.count, 0);
	assert_null(set.text);
}

/* After more names it is sorted once more. */
static void test_more_later(void **state)
{
	struct name_set set = {0};

	(void)state;
	add(&set, "m");
	name_set_sort(&set);
	add(&set, "a");
	add(&set, "z");
	name_set_sort(&set);
	assert_true(name_set_has(&set, "a"));
	assert_true(name_set_has(&set, "m"));
	assert_true(name_set_has(&set, "z"));
	name_set_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_what_is_not_in_it),
		cmocka_unit_test(test_the_empty_name_and_doubles),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_more_later),
	};

	return cmocka_run_group_tests_name("name_set", tests, NULL, NULL);
}
