#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/error.h"
#include "proto/text.h"

static void test_what_is_no_integer(void **state)
{
	static const char *const texts[] = {
		"",    "-1",  "+1",  " 1",    "1 ",  "1\n", "01",	"00",
		"1.0", "1e3", "0x1", "1_000", "1,0", "a",   "\xd9\xa1", /* an Arabic digit */
	};
	uint64_t value = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (text_parse_integer(texts[i], 0, UINT64_MAX, &value) != ZP_ESYNTAX)
			fail_msg("'%s'", texts[i]);
	assert_int_equal(value, 42);
}

static void test_integer_out_of_range(void **state)
{
	uint64_t value = 42;

	(void)state;
	assert_int_equal(text_parse_integer("18446744073709551616", 0, UINT64_MAX, &value),
			 -ERANGE);
	assert_int_equal(text_parse_integer("99999999999999999999999", 0, UINT64_MAX, &value),
			 -ERANGE);
	assert_int_equal(text_parse_integer("9007199254740992", 0, TEXT_INTEGER_MAX, &value),
			 -ERANGE);
	assert_int_equal(text_parse_integer("0", 1, 9, &value), -ERANGE);
	assert_int_equal(text_parse_integer("10", 1, 9, &value), -ERANGE);
	assert_int_equal(value, 42);
}

static void test_integers(void **state)
{
	uint64_t value = 42;

	(void)state;
	assert_int_equal(text_parse_integer("0", 0, 0, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(text_parse_integer("9007199254740991", 1, TEXT_INTEGER_MAX, &value), 0);
	assert_true(value == TEXT_INTEGER_MAX);
	assert_int_equal(text_parse_integer("18446744073709551615", 0, UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
}

static void test_escape(void **state)
{
	char once[64], twice[64];

	(void)state;
	text_escape("", once, sizeof(once));
	assert_string_equal(once, "");
	text_escape("a \\ ~\x7f\xff\r\n\x01", once, sizeof(once));
	assert_string_equal(once, "a \\ ~\\x7f\\xff\\x0d\\x0a\\x01");
	text_escape(once, twice, sizeof(twice));
	assert_string_equal(twice, once);
}

/* Whatever the size: within it, never half an escape, and "..." only where something is missing. */
static void test_escape_cuts(void **state)
{
	static const char text[] = "ab\x1b"
				   "cd\n"
				   "efgh";
	static const char whole[] = "ab\\x1bcd\\x0aefgh";
	char escaped[sizeof(whole) + 8];
	size_t kept;

	(void)state;
	for (size_t size = 8; size < sizeof(escaped); size++) {
		memset(escaped, '#', sizeof(escaped));
		text_escape(text, escaped, size);
		assert_true(strlen(escaped) < size);
		assert_int_equal(escaped[size], '#');
		if (size >= sizeof(whole)) {
			assert_string_equal(escaped, whole);
			continue;
		}
		kept = strlen(escaped) - 3;
		assert_string_equal(escaped + kept, "...");
		assert_memory_equal(escaped, whole, kept);
		assert_true(kept <= 2 || kept == 6 || kept == 7 || kept == 8 || kept >= 12);
	}
}

static void test_buffer_refuses_what_no_memory_holds(void **state)
{
	struct text_buffer buffer = {0};

	(void)state;
	assert_int_equal(text_buffer_append(&buffer, "abc", 3), 0);
	assert_int_equal(text_buffer_append(&buffer, "abc", SIZE_MAX), -ENOMEM);
	assert_int_equal(text_buffer_append(&buffer, "abc", SIZE_MAX / 2), -ENOMEM);
	assert_int_equal(buffer.length, 3);
	assert_string_equal(buffer.data, "abc");
	text_buffer_done(&buffer);
}

static void test_buffer(void **state)
{
	struct text_buffer buffer = {0};

	(void)state;
	assert_int_equal(text_buffer_append(&buffer, NULL, 0), 0);
	assert_string_equal(buffer.data, "");
	for (int i = 0; i < 1000; i++)
		assert_int_equal(text_buffer_printf(&buffer, "%03d;", i), 0);
	assert_int_equal(text_buffer_append(&buffer, "a\0b", 3), 0);
	assert_int_equal(buffer.length, 4003);
	assert_memory_equal(buffer.data, "000;001;", 8);
	assert_memory_equal(buffer.data + 3996, "999;a\0b", 8);
	text_buffer_done(&buffer);
	assert_null(buffer.data);
	assert_int_equal(buffer.length, 0);
	text_buffer_done(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_no_integer),
		cmocka_unit_test(test_integer_out_of_range),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_cuts),
		cmocka_unit_test(test_buffer_refuses_what_no_memory_holds),
		cmocka_unit_test(test_buffer),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
