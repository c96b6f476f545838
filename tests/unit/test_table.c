#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/table.h"

static void assert_printed(const struct table *table, const char *expected)
{
	size_t length = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	table_print(table, out);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void test_too_few_or_too_many_columns(void **state)
{
	const char *headings[TABLE_COLUMNS_MAX + 1];
	struct table *table = NULL;

	(void)state;
	for (size_t i = 0; i <= TABLE_COLUMNS_MAX; i++)
		headings[i] = "H";
	assert_int_equal(table_new(headings, 0, &table), -EINVAL);
	assert_int_equal(table_new(headings, TABLE_COLUMNS_MAX + 1, &table), -EINVAL);
	assert_null(table);
	assert_int_equal(table_new(headings, TABLE_COLUMNS_MAX, &table), 0);
	table_free(table);
	table_free(NULL);
}

static void test_cells_are_escaped(void **state)
{
	static const char *const headings[] = {"A", "B"};
	static const char *const cells[] = {"x\x1b[2J\ny", NULL};
	struct table *table;

	(void)state;
	assert_int_equal(table_new(headings, 2, &table), 0);
	assert_int_equal(table_add(table, cells), 0);
	assert_printed(table, "A              B\n"
			      "x\\x1b[2J\\x0ay  \n");
	table_free(table);
}

static void test_without_rows(void **state)
{
	static const char *const headings[] = {"ZONE", ">SERIAL"};
	struct table *table;

	(void)state;
	assert_int_equal(table_new(headings, 2, &table), 0);
	assert_printed(table, "ZONE  SERIAL\n");
	table_free(table);
}

static void test_columns_are_aligned(void **state)
{
	static const char *const headings[] = {"ZONE", ">SERIAL", "STATE"};
	static const char *const rows[][3] = {
		{"example.com", "7", "applied"},
		{"a.org", "2026010101", ""},
	};
	struct table *table;

	(void)state;
	assert_int_equal(table_new(headings, 3, &table), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(table_add(table, rows[i]), 0);
	assert_printed(table, "ZONE             SERIAL  STATE\n"
			      "example.com           7  applied\n"
			      "a.org        2026010101  \n");
	table_free(table);
}

/* Prints to a terminal of its own and reads what arrives there. */
static void print_on_terminal(const struct table *table, char ret_text[static 100])
{
	int controller, terminal;
	ssize_t length;
	FILE *out;

	assert_int_equal(openpty(&controller, &terminal, NULL, NULL, NULL), 0);
	out = fdopen(terminal, "w");
	assert_non_null(out);
	table_print(table, out);
	fflush(out);
	length = read(controller, ret_text, 99);
	assert_true(length > 0);
	ret_text[length] = '\0';
	fclose(out);
	close(controller);
}

static void test_terminal(void **state)
{
	static const char *const headings[] = {"A", "B"};
	struct table *table;
	char text[100];

	(void)state;
	assert_int_equal(table_new(headings, 2, &table), 0);
	unsetenv("NO_COLOR");
	print_on_terminal(table, text);
	assert_string_equal(text, "\033[1mA  B\033[0m\r\n");
	setenv("NO_COLOR", "1", 1);
	print_on_terminal(table, text);
	assert_string_equal(text, "A  B\r\n");
	table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_few_or_too_many_columns),
		cmocka_unit_test(test_cells_are_escaped),
		cmocka_unit_test(test_without_rows),
		cmocka_unit_test(test_columns_are_aligned),
		cmocka_unit_test(test_terminal),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
