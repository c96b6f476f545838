#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/problem.h"

static void test_documents_that_are_none(void **state)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {
		{"", ZP_ESYNTAX},
		{"x", ZP_ESYNTAX},
		{"[]", ZP_ESYNTAX},
		{"{}", ZP_ESYNTAX},
		{"{\"type\":17}", ZP_ESYNTAX},
		{"{\"type\":\"urn:zonepush:problem:stale\",\"type\":\"x\"}", ZP_ESYNTAX},
		{"{\"type\":\"urn:zonepush:problem:stale\",\"generation\":\"7\"}", ZP_ESYNTAX},
		{"{\"type\":\"urn:zonepush:problem:stale\",\"generation\":-7}", ZP_ESYNTAX},
		{"{\"type\":\"urn:zonepush:problem:stale\",\"generation\":9007199254740992}",
		 ZP_ESYNTAX},
		{"{\"type\":\"urn:zonepush:problem:stale\",\"clock\":1.5}", ZP_ESYNTAX},
		{"{\"type\":\"about:blank\",\"detail\":\"d\"}", ZP_EUNKNOWN},
		{"{\"type\":\"urn:zonepush:problem:\",\"detail\":\"d\"}", ZP_EUNKNOWN},
	};
	struct problem problem;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = problem_parse(cases[i].text, strlen(cases[i].text), &problem);

		if (r != cases[i].error)
			fail_msg("%s: %d", cases[i].text, r);
		if (r == ZP_EUNKNOWN)
			assert_string_equal(problem.detail, "d");
	}
	assert_int_equal(problem_parse(NULL, 0, &problem), ZP_ESYNTAX);
}

static void test_there_and_back(void **state)
{
	const struct problem sent = {.type = PROBLEM_NOT_FRESH,
				     .detail = "a \"quoted\" word",
				     .generation = 7,
				     .clock = 1760000000,
				     .not_before = 1760000001};
	struct text_buffer text = {0};
	struct problem read;

	(void)state;
	assert_int_equal(problem_render(&sent, &text), 0);
	assert_non_null(strstr(text.data, "\"urn:zonepush:problem:not-fresh\""));
	assert_non_null(strstr(text.data, "\"status\":425"));
	assert_int_equal(problem_parse(text.data, text.length, &read), 0);
	assert_int_equal(read.type, PROBLEM_NOT_FRESH);
	assert_string_equal(read.detail, sent.detail);
	assert_int_equal(read.generation, 7);
	assert_int_equal(read.clock, 1760000000);
	assert_int_equal(read.not_before, 1760000001);
	text_buffer_done(&text);
}

/* Every type has a word of its own, a title and a status for errors. */
static void test_the_table_is_whole(void **state)
{
	enum problem_type found;

	(void)state;
	for (int type = 0; type <= PROBLEM_NAMED_CONFIG_BROKEN; type++) {
		assert_int_equal(problem_find(problem_word((enum problem_type)type), &found), 0);
		assert_int_equal(found, type);
		assert_true(strlen(problem_title((enum problem_type)type)) > 0);
		assert_in_range(problem_status((enum problem_type)type), 400, 599);
	}
	assert_int_equal(problem_find("nothing", &found), ZP_EUNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents_that_are_none),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_the_table_is_whole),
	};

	return cmocka_run_group_tests_name("problem", tests, NULL, NULL);
}
