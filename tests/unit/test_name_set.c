#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/name_set.h"

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
	assert_int_equal(set.count, 2);
	assert_string_equal(name_set_get(&set, 0), "");
	assert_string_equal(name_set_get(&set, 1), "twice");
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

/* What a comparison told, as a person would write it. */
struct differences {
	char text[200];
	unsigned int left; /* how many more may be told */
};

static int note(void *context, const char *name, bool is_left)
{
	struct differences *differences = context;
	size_t length = strlen(differences->text);

	snprintf(differences->text + length, sizeof(differences->text) - length, "%c%s ",
		 is_left ? '-' : '+', name);
	return --differences->left == 0 ? 7 : 0;
}

/* Sets are written as words between blanks. */
static void fill(struct name_set *set, const char *words)
{
	char copy[200], *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, " ")))
		if (*word)
			add(set, word);
	name_set_sort(set);
}

static void test_comparison(void **state)
{
	static const struct {
		const char *left, *right;
		unsigned int most;
		const char *told;
		int answer;
	} rows[] = {
		{"", "", 9, "", 0},
		{"a b", "b a a", 9, "", 0},
		{"", "b a", 9, "+a +b ", 0},
		{"b a", "", 9, "-a -b ", 0},
		{"a c e", "b c d", 9, "-a +b +d -e ", 0},
		{"a a.b ab", "a.b", 9, "-a -ab ", 0},
		{"z", "a z zz", 9, "+a +zz ", 0},
		{"a b c", "d", 2, "-a -b ", 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct differences differences = {.left = rows[i].most};
		struct name_set left = {0}, right = {0};

		fill(&left, rows[i].left);
		fill(&right, rows[i].right);
		assert_int_equal(name_set_compare(&left, &right, note, &differences),
				 rows[i].answer);
		assert_string_equal(differences.text, rows[i].told);
		name_set_done(&left);
		name_set_done(&right);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_what_is_not_in_it),
		cmocka_unit_test(test_the_empty_name_and_doubles),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_more_later),
		cmocka_unit_test(test_comparison),
	};

	return cmocka_run_group_tests_name("name_set", tests, NULL, NULL);
}
