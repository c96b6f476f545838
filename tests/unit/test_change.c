#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/change.h"

#define A "{\"zone\":\"a.example\",\"present\":true,\"generation\":7}"

static void test_documents_that_are_refused_whole(void **state)
{
	static const char *const texts[] = {
		"",
		"x",
		"[]",
		"{}",
		"{\"changes\":{}}",
		"{\"changes\":[]}",
		"{\"changes\":[" A "],\"more\":1}",
		"{\"changes\":[" A "],\"changes\":[" A "]}",
		"{\"changes\":[" A "]} x",
		"{\"changes\":[{\"zone\":\"a\",\"zone\":\"b\"}]}",
		"{\"changes\":[" A ",]}",
		"{\"changes\":[\"\xff\"]}",
	};
	struct change_list list;
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (change_list_parse(texts[i], strlen(texts[i]), &list, &why) != ZP_ESYNTAX)
			fail_msg("%s", texts[i]);
}

static void test_changes_that_are_refused_alone(void **state)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {
		{"17", ZP_ESYNTAX},
		{"[]", ZP_ESYNTAX},
		{"{}", ZP_ESYNTAX},
		{"{\"zone\":\"a.example\",\"present\":true}", ZP_ESYNTAX},
		{"{\"zone\":\"a.example\",\"generation\":7}", ZP_ESYNTAX},
		{"{\"present\":true,\"generation\":7}", ZP_ESYNTAX},
		{"{\"zone\":17,\"present\":true,\"generation\":7}", ZP_ESYNTAX},
		{"{\"zone\":\"a b\",\"present\":true,\"generation\":7}", ZP_ENAME},
		{"{\"zone\":\"\",\"present\":true,\"generation\":7}", ZP_ENAME},
		{"{\"zone\":\"a.example\",\"present\":1,\"generation\":7}", ZP_ESYNTAX},
		{"{\"zone\":\"a.example\",\"present\":true,\"generation\":0}", ZP_ESYNTAX},
		{"{\"zone\":\"a.example\",\"present\":true,\"generation\":-1}", ZP_ESYNTAX},
		{"{\"zone\":\"a.example\",\"present\":true,\"generation\":7.0}", ZP_ESYNTAX},
		{"{\"zone\":\"a.example\",\"present\":true,\"generation\":\"7\"}", ZP_ESYNTAX},
		{"{\"zone\":\"a.example\",\"present\":true,\"generation\":9007199254740992}",
		 ZP_ESYNTAX},
		{"{\"zone\":\"a.example\",\"present\":true,\"generation\":7,\"serial\":4294967296}",
		 ZP_ESYNTAX},
		{"{\"zone\":\"a.example\",\"present\":true,\"generation\":7,\"anew\":1}",
		 ZP_ESYNTAX},
		{"{\"zone\":\"a.example\",\"present\":false,\"generation\":7,\"anew\":true}",
		 ZP_ESYNTAX},
		{"{\"zone\":\"a.example\",\"present\":true,\"generation\":7,\"file\":\"x\"}",
		 ZP_ESYNTAX},
	};
	struct change_list list;
	char text[512];
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{\"changes\":[" A ",%s," A "]}", cases[i].text);
		assert_int_equal(change_list_parse(text, strlen(text), &list, &why), 0);
		assert_int_equal(list.count, 3);
		assert_int_equal(list.items[0].error, 0);
		assert_int_equal(list.items[2].error, 0);
		if (list.items[1].error != cases[i].error || !list.items[1].detail)
			fail_msg("%s: %d", cases[i].text, list.items[1].error);
		change_list_done(&list);
	}
}

static void test_too_many(void **state)
{
	struct text_buffer text = {0};
	struct change_list list;
	struct reason why;

	(void)state;
	assert_int_equal(text_buffer_printf(&text, "{\"changes\":[" A), 0);
	for (int i = 0; i < CHANGE_BATCH_MAX; i++)
		assert_int_equal(text_buffer_printf(&text, "," A), 0);
	assert_int_equal(text_buffer_printf(&text, "]}"), 0);
	assert_int_equal(change_list_parse(text.data, text.length, &list, &why), ZP_ETOOBIG);
	assert_int_equal(change_list_parse(text.data, CHANGE_CONTENT_MAX + 1, &list, &why),
			 ZP_ETOOBIG);
	text_buffer_done(&text);
}

static struct change make_change(const char *zone)
{
	struct change change = {.present = true, .generation = TEXT_INTEGER_MAX};

	assert_int_equal(zone_name_parse(zone, &change.zone, NULL), 0);
	return change;
}

static void test_changes_there_and_back(void **state)
{
	struct change sent[] = {make_change("a.example"), make_change("0/25.2.0.192.in-addr.arpa")};
	struct text_buffer text = {0};
	struct change_list list;
	struct reason why;

	(void)state;
	sent[0].anew = true;
	sent[0].has_serial = true;
	sent[0].serial = UINT32_MAX;
	sent[1].present = false;
	sent[1].generation = 1;
	assert_int_equal(change_list_render(sent, 2, &text), 0);
	assert_int_equal(change_list_parse(text.data, text.length, &list, &why), 0);
	assert_int_equal(list.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(list.items[i].error, 0);
		assert_string_equal(list.items[i].change.zone.text, sent[i].zone.text);
		assert_string_equal(list.items[i].zone_text, sent[i].zone.text);
		assert_int_equal(list.items[i].change.present, sent[i].present);
		assert_int_equal(list.items[i].change.anew, sent[i].anew);
		assert_int_equal(list.items[i].change.has_serial, sent[i].has_serial);
		assert_int_equal(list.items[i].change.serial, sent[i].serial);
		assert_true(list.items[i].change.generation == sent[i].generation);
	}
	change_list_done(&list);
	text_buffer_done(&text);
}

static void test_bodies(void **state)
{
	static const char *const bad[] = {"x",
					  "[]",
					  "17",
					  "{\"zone\":\"a.example\"}",
					  "{\"serial\":-1}",
					  "{\"anew\":\"yes\"}",
					  "{} {}"};
	struct change change = make_change("a.example");
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (change_parse_body(bad[i], strlen(bad[i]), &change, &why) != ZP_ESYNTAX)
			fail_msg("%s", bad[i]);
	assert_false(change.has_serial || change.anew);
	assert_int_equal(change_parse_body("", 0, &change, &why), 0);
	assert_int_equal(change_parse_body("{}", 2, &change, &why), 0);
	assert_int_equal(change_parse_body("{\"serial\":7,\"anew\":true}", 24, &change, &why), 0);
	assert_true(change.has_serial && change.serial == 7 && change.anew);
}

static void test_answers_that_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"{}",
		"{\"results\":[]}",
		"{\"results\":[{\"zone\":\"a.example\",\"result\":\"applied\"},"
		"{\"zone\":\"a.example\",\"result\":\"applied\"}]}",
		"{\"results\":[{\"zone\":\"b.example\",\"result\":\"applied\"}]}",
		"{\"results\":[{\"zone\":\"a.example\",\"result\":\"done\"}]}",
		"{\"results\":[{\"zone\":\"a.example\"}]}",
		"{\"results\":[{\"zone\":\"a.example\",\"result\":\"stale\",\"generation\":-1}]}",
		"{\"results\":[17]}",
	};
	const struct change change = make_change("a.example");
	struct change_answer *answers;
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (change_answers_parse(texts[i], strlen(texts[i]), &change, 1, &answers, &why) !=
		    ZP_ESYNTAX)
			fail_msg("%s", texts[i]);
}

static void test_answers_there_and_back(void **state)
{
	const struct change changes[] = {make_change("a.example"), make_change("b.example")};
	struct change_answer sent[] = {
		{(char *)"a.example", {CHANGE_STALE, 9, NULL, NULL}},
		{(char *)"b.example", {CHANGE_REFUSED, 0, (char *)"owned", (char *)"by \x1b[m"}},
	};
	struct change_answer *read;
	struct text_buffer text = {0};
	struct reason why;

	(void)state;
	assert_int_equal(change_answers_render(sent, 2, &text), 0);
	assert_int_equal(change_answers_parse(text.data, text.length, changes, 2, &read, &why), 0);
	assert_int_equal(read[0].result.outcome, CHANGE_STALE);
	assert_int_equal(read[0].result.generation, 9);
	assert_string_equal(read[1].result.problem, "owned");
	/* What an agent says must not reach a terminal as it is. */
	assert_string_equal(read[1].result.detail, "by \\x1b[m");
	change_answers_free(read, 2);
	text_buffer_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents_that_are_refused_whole),
		cmocka_unit_test(test_changes_that_are_refused_alone),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_changes_there_and_back),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_answers_that_are_refused),
		cmocka_unit_test(test_answers_there_and_back),
	};

	return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
