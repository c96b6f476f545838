#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/error.h"
#include "proto/structured_field.h"
#include "proto/text.h"

static void test_refusals(void **state)
{
	static const char *const texts[] = {
		/* Keys */
		"A=1",
		"1=1",
		"-a=1",
		"a b=1",
		"=1",
		/* What stands between members */
		"a=1,",
		"a=1,,b=2",
		",a=1",
		"a=1 b=2",
		"a=1\nb=2",
		"\ta=1",
		/* Twice */
		"a=1, a=2",
		"a=1;x;x",
		/* Integers */
		"a=",
		"a=-",
		"a=1.5",
		"a=1000000000000000",
		"a=+1",
		"a=@1760000000",
		/* Strings */
		"a=\"x",
		"a=\"\\x\"",
		"a=\"x\\",
		"a=\"\x7f\"",
		"a=\"\xc3\xa4\"",
		"a=%\"x\"",
		/* Byte Sequences: unpadded, not canonical, not base64, without end */
		"a=:QQ:",
		"a=:QR==:",
		"a=:Q Q=:",
		"a=:QUI-:",
		"a=:QQ==",
		"a=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg==:",
		/* Booleans */
		"a=?2",
		"a=?",
		"a=?true",
		/* Inner Lists */
		"a=(1",
		"a=(1 2",
		"a=(1,2)",
		"a=(1\t2)",
		"a=((1))",
		"a=(1)2",
		"a=)",
		"a=(\"x\"\"y\")",
		/* Parameters */
		"a=1;",
		"a=1;X",
		"a=1;x=",
		"a=1 ;x",
	};
	struct sf_dictionary dictionary;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int r = structured_field_parse(texts[i], &dictionary);

		if (r != ZP_ESYNTAX)
			fail_msg("%s: %d", texts[i], r);
	}
}

/* A text with so many numbered parts behind it. */
static char *repeat(struct text_buffer *text, const char *first, const char *part, size_t count)
{
	text_buffer_done(text);
	assert_int_equal(text_buffer_printf(text, "%s", first), 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(text_buffer_printf(text, "%s%zu", part, i), 0);
	return text->data;
}

static void test_limits(void **state)
{
	struct sf_dictionary dictionary;
	struct text_buffer text = {0};

	(void)state;
	assert_int_equal(structured_field_parse(repeat(&text, "a", ", b", SF_MEMBERS_MAX),
						&dictionary),
			 ZP_ETOOBIG);
	repeat(&text, "a=(", " ", SF_ITEMS_MAX + 1);
	assert_int_equal(text_buffer_append(&text, ")", 1), 0);
	assert_int_equal(structured_field_parse(text.data, &dictionary), ZP_ETOOBIG);
	assert_int_equal(structured_field_parse(repeat(&text, "a", ";b", SF_PARAMETERS_MAX + 1),
						&dictionary),
			 ZP_ETOOBIG);
	assert_int_equal(structured_field_parse(repeat(&text, "a=", "", SF_FIELD_MAX + 1),
						&dictionary),
			 ZP_ETOOBIG);

	/* Together, too: many lists that are each within the limits. */
	repeat(&text, "z=(1 2 3 4 5 6 7 8)", "", 0);
	for (int i = 0; i < 8; i++)
		assert_int_equal(text_buffer_printf(&text, ", a%d=(1 2 3 4 5 6 7 8)", i), 0);
	assert_int_equal(structured_field_parse(text.data, &dictionary), ZP_ETOOBIG);
	text_buffer_done(&text);
}

static void test_values(void **state)
{
	struct sf_dictionary dictionary;
	const struct sf_member *member;

	(void)state;
	assert_int_equal(structured_field_parse("  i=-15, s=\"a\\\"\\\\b\",t=a/b:c ,\tb=:AAEC:, "
						"f, n=?0, l=(\"x\";req 2);p=\"q\";r  ",
						&dictionary),
			 0);
	assert_int_equal(dictionary.count, 7);
	assert_int_equal(structured_field_find(&dictionary, "i")->items[0].value.integer, -15);
	assert_string_equal(structured_field_find(&dictionary, "s")->items[0].value.data, "a\"\\b");
	member = structured_field_find(&dictionary, "t");
	assert_int_equal(member->items[0].value.type, SF_TOKEN);
	assert_string_equal(member->items[0].value.data, "a/b:c");
	member = structured_field_find(&dictionary, "b");
	assert_int_equal(member->items[0].value.length, 3);
	assert_memory_equal(member->items[0].value.data, "\0\1\2", 3);
	assert_int_equal(structured_field_find(&dictionary, "f")->items[0].value.integer, 1);
	assert_int_equal(structured_field_find(&dictionary, "n")->items[0].value.integer, 0);

	member = structured_field_find(&dictionary, "l");
	assert_true(member->is_inner_list);
	assert_int_equal(member->count, 2);
	assert_non_null(structured_field_parameter(&member->items[0].parameters, "req"));
	assert_int_equal(member->items[1].parameters.count, 0);
	assert_string_equal(structured_field_parameter(&member->parameters, "p")->data, "q");
	assert_null(structured_field_parameter(&member->parameters, "req"));
	assert_null(structured_field_find(&dictionary, "none"));
	structured_field_done(&dictionary);
}

static void test_empty(void **state)
{
	struct sf_dictionary dictionary;

	(void)state;
	assert_int_equal(structured_field_parse("", &dictionary), 0);
	assert_int_equal(dictionary.count, 0);
	structured_field_done(&dictionary);
	assert_int_equal(structured_field_parse("a=()", &dictionary), 0);
	assert_int_equal(dictionary.members[0].count, 0);
	structured_field_done(&dictionary);
}

/* What was parsed is rendered as RFC 9651 §4.1 writes it, in the order in which it came. */
static void test_rendered(void **state)
{
	static const struct {
		const char *text, *canonical;
	} cases[] = {
		{"a=(  \"x\"   \"y\";req  );z=1;a=\"b\"", "(\"x\" \"y\";req);z=1;a=\"b\""},
		{"a=(\"x\";req=?1);t=?0", "(\"x\";req);t=?0"},
		{"a=007", "7"},
		{"a=\"\\\"\\\\\"", "\"\\\"\\\\\""},
		{"a=:AAEC:;x=tok", ":AAEC:;x=tok"},
		{"a", "?1"},
	};
	struct sf_dictionary dictionary;
	struct text_buffer text = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(structured_field_parse(cases[i].text, &dictionary), 0);
		assert_int_equal(structured_field_render(&dictionary.members[0], &text), 0);
		assert_string_equal(text.data, cases[i].canonical);
		text_buffer_done(&text);
		structured_field_done(&dictionary);
	}
}

static void test_what_has_no_text(void **state)
{
	struct sf_item item = {.value = {.type = SF_INTEGER, .integer = SF_INTEGER_MAX + 1}};
	const struct sf_member member = {.items = &item, .count = 1};
	struct text_buffer text = {0};

	(void)state;
	assert_int_equal(structured_field_render(&member, &text), ZP_ESYNTAX);
	item.value = (struct sf_value){.type = SF_STRING, .data = "a\nb", .length = 3};
	assert_int_equal(structured_field_render(&member, &text), ZP_ESYNTAX);
	text_buffer_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_values),	 cmocka_unit_test(test_empty),
		cmocka_unit_test(test_rendered), cmocka_unit_test(test_what_has_no_text),
	};

	return cmocka_run_group_tests_name("structured_field", tests, NULL, NULL);
}
