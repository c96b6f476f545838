#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/error.h"

static void test_numbers_that_are_no_errors(void **state)
{
	static const int numbers[] = {INT_MIN, ZP_ERROR_FIRST - 1, ZP_ERROR_END, -1500, -600};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_string_equal(error_text(numbers[i]), "unknown error");
	assert_string_equal(error_text(0), "no error");
	assert_string_equal(error_text(INT_MAX), "no error");
}

static void test_each_error_has_its_own_words(void **state)
{
	(void)state;
	assert_string_equal(error_text(-ENOENT), "No such file or directory");
	assert_string_equal(error_text(ZP_ESYNTAX), "not in the expected form");
	assert_string_equal(error_text(ZP_ELIBRARY), "a library failed");
	for (int a = ZP_ERROR_FIRST; a < ZP_ERROR_END; a++)
		for (int b = ZP_ERROR_FIRST; b < a; b++)
			assert_string_not_equal(error_text(a), error_text(b));
}

static void test_no_reason_wanted(void **state)
{
	(void)state;
	reason_set(NULL, "%s", "nobody reads this");
	assert_int_equal(reason_fail(NULL, -EIO, "%s", "nor this"), -EIO);
}

static void test_foreign_bytes_are_escaped(void **state)
{
	struct reason why;

	(void)state;
	reason_set(&why, "can't read '%s'", "a\nb\x1b[31m\xc3\xa9");
	assert_string_equal(why.text, "can't read 'a\\x0ab\\x1b[31m\\xc3\\xa9'");
}

/* A reason inside another one isn't escaped twice. */
static void test_reason_in_a_reason(void **state)
{
	struct reason inner, outer;

	(void)state;
	reason_set(&inner, "'%s'", "\t");
	reason_set(&outer, "%s", inner.text);
	assert_string_equal(outer.text, inner.text);
}

static void test_long_sentence_is_cut_visibly(void **state)
{
	char text[4 * REASON_SIZE];
	struct reason why;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(reason_fail(&why, ZP_ENAME, "%s", text), ZP_ENAME);
	assert_int_equal(strlen(why.text), REASON_SIZE - 1);
	assert_string_equal(why.text + REASON_SIZE - 5, "x...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_that_are_no_errors),
		cmocka_unit_test(test_each_error_has_its_own_words),
		cmocka_unit_test(test_no_reason_wanted),
		cmocka_unit_test(test_foreign_bytes_are_escaped),
		cmocka_unit_test(test_reason_in_a_reason),
		cmocka_unit_test(test_long_sentence_is_cut_visibly),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
