#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/error.h"
#include "proto/structured_field.h"
#include "proto/text.h"

static void refuse_all(const char *const fields[], size_t n)
{
	struct sf_dictionary dictionary;

	for (size_t i = 0; i < n; i++)
		if (structured_field_parse(fields[i], &dictionary) != ZP_ESYNTAX)
			fail_msg("accepted: %s", fields[i]);
}

/* RFC 9651 §4.2.2 */
static void test_bad_dictionaries(void **state)
{
	static const char *const fields[] = {",",	"a=1,",	   "a=1, ", "a=1,,b=2", "a=1 b=2",
					     ",a=1",	"a=1;",	   "\ta=1", "a=1\n",	"a=1, a=2",
					     "a, b, a", "a=1\x01", "a=",    "a=[1]",	"a={}"};

	(void)state;
	refuse_all(fields, sizeof(fields) / sizeof(fields[0]));
}

/* §4.2.3.3 */
static void test_bad_keys(void **state)
{
	static const char *const fields[] = {"A=1",  "1=1",  "-a=1", "_a",   "=1",	  "a b=1",
					     "aB=1", "a@=1", "a =1", "a= 1", "\xc3\xa4=1"};

	(void)state;
	refuse_all(fields, sizeof(fields) / sizeof(fields[0]));
}

/* libsodium's decoder, left alone, takes some bytes above 0x7F for base64 digits. */
static void test_byte_sequences_are_ascii(void **state)
{
	char field[] = "a=:QUJD:";
	struct sf_dictionary dictionary;

	(void)state;
	for (int byte = 0x80; byte <= 0xff; byte++) {
		field[4] = (char)byte;
		if (structured_field_parse(field, &dictionary) != ZP_ESYNTAX)
			fail_msg("accepted: 0x%02x", (unsigned int)byte);
	}
}

/* §4.2.1.2 */
static void test_bad_inner_lists(void **state)
{
	static const char *const fields[] = {"a=(",	   "a=(1",	     "a=(1 ",	 "a=(1,2)",
					     "a=(1 2",	   "a=(1\t2)",	     "a=((1))",	 "a=(1)2",
					     "a=)",	   "a=(\"a\"\"b\")", "a=(1 2);", "a=(;b)",
					     "a=(1;b=(2))"};

	(void)state;
	refuse_all(fields, sizeof(fields) / sizeof(fields[0]));
}

/* §4.2.3.2 */
static void test_bad_parameters(void **state)
{
	static const char *const fields[] = {"a;",     "a;B",	    "a;b=",	 "a;b=1;b=2",
					     "a;b;b",  "a;=1",	    "a ;b",	 "a;b =1",
					     "a;b= 1", "a=(1;x;x)", "a=(1);x;x", "a;\tb"};

	(void)state;
	refuse_all(fields, sizeof(fields) / sizeof(fields[0]));
}

/* §4.2.4 */
static void test_bad_integers(void **state)
{
	static const char *const fields[] = {"a=-",
					     "a=--1",
					     "a=+1",
					     "a=1234567890123456",
					     "a=-1234567890123456",
					     "a=1.",
					     "a=1.5",
					     "a=0x1",
					     "a=1e3",
					     "a=.5",
					     "a=- 1"};

	(void)state;
	refuse_all(fields, sizeof(fields) / sizeof(fields[0]));
}

/* §4.2.5, §4.2.6 */
static void test_bad_strings_and_tokens(void **state)
{
	static const char *const fields[] = {
		"a=\"",	      "a=\"x",	  "a=\"x\\",	    "a=\"x\\\"", "a=\"\\n\"", "a=\"\x7f\"",
		"a=\"\x1f\"", "a=\"\t\"", "a=\"\xc3\xa4\"", "a='x'",	 "a=\"x\"y",  "a=b\"",
		"a=b@",	      "a=b c",	  "a=!b",	    "a=/b",	 "a=\xc3\xa4"};

	(void)state;
	refuse_all(fields, sizeof(fields) / sizeof(fields[0]));
}

/* §4.2.7 */
static void test_bad_byte_sequences(void **state)
{
	static const char *const fields[] = {"a=:",	 "a=:AAAA",  "a=:A:",	  "a=:AA:",
					     "a=:AA=:",	 "a=:AAA:",  "a=:AAAA=:", "a=:AA===:",
					     "a=:AB==:", "a=:AAB=:", "a=:A A=:",  "a=:AA\n==:",
					     "a=:A-__:", "a=:=:",    "a=:A===:",  "a=:AAAA::"};

	(void)state;
	refuse_all(fields, sizeof(fields) / sizeof(fields[0]));
}

/* §4.2.8 */
static void test_bad_booleans(void **state)
{
	static const char *const fields[] = {"a=?", "a=?2", "a=?true", "a=?10", "a=??1", "a=? 1"};

	(void)state;
	refuse_all(fields, sizeof(fields) / sizeof(fields[0]));
}

/* §4.2.9, §4.2.10: nothing here uses them */
static void test_dates_and_display_strings(void **state)
{
	static const char *const fields[] = {"a=@1659578233", "a=%\"x\""};

	(void)state;
	refuse_all(fields, sizeof(fields) / sizeof(fields[0]));
}

/* `unit` n times, each with its number for %d, between two texts. */
static char *repeat(const char *before, const char *unit, size_t n, const char *after)
{
	size_t size = strlen(before) + n * (strlen(unit) + 8) + strlen(after) + 1, used;
	char *text = malloc(size);

	assert_non_null(text);
	used = (size_t)snprintf(text, size, "%s", before);
	for (size_t i = 0; i < n; i++) {
		const char *number = strchr(unit, '#');

		used += (size_t)snprintf(text + used, size - used, "%.*s%zu%s",
					 (int)(number - unit), unit, i, number + 1);
	}
	snprintf(text + used, size - used, "%s", after);
	return text;
}

static void check_limit(const char *before, const char *unit, size_t most, const char *after)
{
	struct sf_dictionary dictionary;
	char *text = repeat(before, unit, most, after);

	assert_int_equal(structured_field_parse(text, &dictionary), 0);
	structured_field_done(&dictionary);
	free(text);

	text = repeat(before, unit, most + 1, after);
	assert_int_equal(structured_field_parse(text, &dictionary), ZP_ETOOBIG);
	free(text);
}

static void test_limits(void **state)
{
	(void)state;
	check_limit("", "a#,", SF_MEMBERS_MAX - 1, "last");
	check_limit("a=(", "# ", SF_ITEMS_MAX, ")");
	check_limit("a", ";p#", SF_PARAMETERS_MAX, "");
	check_limit("a=(1", ";p#", SF_PARAMETERS_MAX, ")");
	check_limit("a=()", ";p#", SF_PARAMETERS_MAX, "");
}

/* Many short lists together: each is within its limits. */
static void test_limits_of_the_whole(void **state)
{
	struct sf_dictionary dictionary;
	char *lists = repeat("", "a#=(1 2 3 4 5),", SF_ITEMS_TOTAL_MAX / 5, "z=(1 2 3 4)");
	char *parameters = repeat("", "a#;a;b;c;d;e;f;g;h,", SF_PARAMETERS_TOTAL_MAX / 8, "z");

	(void)state;
	assert_int_equal(structured_field_parse(lists, &dictionary), 0);
	structured_field_done(&dictionary);
	assert_int_equal(structured_field_parse(parameters, &dictionary), 0);
	structured_field_done(&dictionary);
	free(lists);
	free(parameters);

	lists = repeat("", "a#=(1 2 3 4 5),", SF_ITEMS_TOTAL_MAX / 5, "z=(1 2 3 4 5)");
	parameters = repeat("", "a#;a;b;c;d;e;f;g;h,", SF_PARAMETERS_TOTAL_MAX / 8, "z;a");
	assert_int_equal(structured_field_parse(lists, &dictionary), ZP_ETOOBIG);
	assert_int_equal(structured_field_parse(parameters, &dictionary), ZP_ETOOBIG);
	free(lists);
	free(parameters);
}

static void test_longest_field(void **state)
{
	static char text[SF_FIELD_MAX + 2];
	struct sf_dictionary dictionary;

	(void)state;
	memset(text, 'a', SF_FIELD_MAX);
	assert_int_equal(structured_field_parse(text, &dictionary), 0);
	assert_int_equal(strlen(dictionary.members[0].key), SF_FIELD_MAX);
	structured_field_done(&dictionary);
	text[SF_FIELD_MAX] = 'a';
	assert_int_equal(structured_field_parse(text, &dictionary), ZP_ETOOBIG);
}

/* What is parsed, rendered again: RFC 9651 §4.1. */
static void test_canonical_text(void **state)
{
	static const struct {
		const char *field, *canonical; /* of the member `a` */
	} cases[] = {
		{"a=1", "1"},
		{"  a=1  ", "1"},
		{"a=1\t , \tb=2\t", "1"},
		{"b=2,a=1", "1"},
		{"a=-0", "0"},
		{"a=007", "7"},
		{"a=999999999999999", "999999999999999"},
		{"a=-999999999999999", "-999999999999999"},
		{"a", "?1"},
		{"a=?1", "?1"},
		{"a=?0", "?0"},
		{"a;b", "?1;b"},
		{"a;  b=1;c=?0;d=?1", "?1;b=1;c=?0;d"},
		{"a=\"\"", "\"\""},
		{"a=\" ~\"", "\" ~\""},
		{"a=\"q\\\"b\\\\\"", "\"q\\\"b\\\\\""},
		{"a=tok", "tok"},
		{"a=*/:tok!#$%&'*+-.^_`|~", "*/:tok!#$%&'*+-.^_`|~"},
		{"a=::", "::"},
		{"a=:AA==:", ":AA==:"},
		{"a=:AP8=:", ":AP8=:"},
		{"a=:+/+/:", ":+/+/:"},
		{"a=()", "()"},
		{"a=(   )", "()"},
		{"a=( 1   2 )", "(1 2)"},
		{"a=(\"x\";req \"y\");k=v;n=\"o\"", "(\"x\";req \"y\");k=v;n=\"o\""},
		{"a=(:AA==:;x=:AA==: t ?0)", "(:AA==:;x=:AA==: t ?0)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sf_dictionary dictionary;
		struct text_buffer out = {0};

		if (structured_field_parse(cases[i].field, &dictionary) != 0)
			fail_msg("refused: %s", cases[i].field);
		assert_int_equal(
			structured_field_render(structured_field_find(&dictionary, "a"), &out), 0);
		assert_string_equal(out.data, cases[i].canonical);
		text_buffer_done(&out);
		structured_field_done(&dictionary);
	}
}

static void test_empty_dictionary(void **state)
{
	struct sf_dictionary dictionary;

	(void)state;
	assert_int_equal(structured_field_parse("", &dictionary), 0);
	assert_int_equal(dictionary.count, 0);
	assert_null(structured_field_find(&dictionary, "a"));
	structured_field_done(&dictionary);
	structured_field_done(&dictionary);
}

static void test_keys(void **state)
{
	struct sf_dictionary dictionary;

	(void)state;
	assert_int_equal(structured_field_parse("*a=1, a-b_c.d*9=2, a=3", &dictionary), 0);
	assert_int_equal(dictionary.count, 3);
	assert_non_null(structured_field_find(&dictionary, "*a"));
	assert_ptr_equal(structured_field_find(&dictionary, "a-b_c.d*9"), &dictionary.members[1]);
	assert_null(structured_field_find(&dictionary, "b"));
	structured_field_done(&dictionary);
}

static void test_values(void **state)
{
	const struct sf_member *member;
	const struct sf_value *value;
	struct sf_dictionary dictionary;

	(void)state;
	assert_int_equal(structured_field_parse("s=\"a\\\"b\", b=:AAE=:, l=(1;p \"x\");q=-5;t=tok",
						&dictionary),
			 0);

	value = &structured_field_find(&dictionary, "s")->items[0].value;
	assert_int_equal(value->type, SF_STRING);
	assert_int_equal(value->length, 3);
	assert_string_equal(value->data, "a\"b");

	value = &structured_field_find(&dictionary, "b")->items[0].value;
	assert_int_equal(value->type, SF_BYTES);
	assert_int_equal(value->length, 2);
	assert_memory_equal(value->data, "\0\1", 3);

	member = structured_field_find(&dictionary, "l");
	assert_true(member->is_inner_list);
	assert_int_equal(member->count, 2);
	assert_int_equal(member->items[0].value.integer, 1);
	assert_non_null(structured_field_parameter(&member->items[0].parameters, "p"));
	assert_null(structured_field_parameter(&member->items[1].parameters, "p"));
	assert_string_equal(member->items[1].value.data, "x");
	assert_int_equal(structured_field_parameter(&member->parameters, "q")->integer, -5);
	assert_int_equal(structured_field_parameter(&member->parameters, "t")->type, SF_TOKEN);
	structured_field_done(&dictionary);
}

static void test_values_without_text(void **state)
{
	static const struct sf_value values[] = {
		{.type = SF_STRING, .data = "a\nb", .length = 3},
		{.type = SF_STRING, .data = "\xc3\xa4", .length = 2},
		{.type = SF_STRING, .data = "\x7f", .length = 1},
		{.type = SF_STRING, .data = "", .length = 1},
		{.type = SF_INTEGER, .integer = SF_INTEGER_MAX + 1},
		{.type = SF_INTEGER, .integer = -SF_INTEGER_MAX - 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct sf_item item = {.value = values[i]};
		const struct sf_member member = {.key = "a", .items = &item, .count = 1};
		struct text_buffer out = {0};

		assert_int_equal(structured_field_render(&member, &out), ZP_ESYNTAX);
		text_buffer_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_dictionaries),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_byte_sequences_are_ascii),
		cmocka_unit_test(test_bad_inner_lists),
		cmocka_unit_test(test_bad_parameters),
		cmocka_unit_test(test_bad_integers),
		cmocka_unit_test(test_bad_strings_and_tokens),
		cmocka_unit_test(test_bad_byte_sequences),
		cmocka_unit_test(test_bad_booleans),
		cmocka_unit_test(test_dates_and_display_strings),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_limits_of_the_whole),
		cmocka_unit_test(test_longest_field),
		cmocka_unit_test(test_canonical_text),
		cmocka_unit_test(test_empty_dictionary),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_values_without_text),
	};

	return cmocka_run_group_tests_name("structured_field", tests, NULL, NULL);
}
