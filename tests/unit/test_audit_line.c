#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "slave-agent/audit_line.h"

#define HOSTILE "a\n\x1b[2J\"\\b\xff\xc3\xa4\x7f"
#define LONG	9000

static const struct audit_entry change = {
	.address = "192.0.2.1",
	.master = "plesk1",
	.key = "K",
	.method = "POST",
	.target = "/v1/changes",
	.zone = "example.com",
	.wanted = "present",
	.generation = 7,
	.result = "applied",
	.status = 200,
};

static void assert_json(const struct audit_entry *entry, const char *expected)
{
	struct text_buffer out = {0};

	assert_int_equal(audit_line_json(entry, "T", &out), 0);
	assert_string_equal(out.data, expected);
	text_buffer_done(&out);
}

static void test_a_change(void **state)
{
	char message[AUDIT_MESSAGE_SIZE];

	(void)state;
	assert_json(&change,
		    "{\"time\":\"T\",\"who\":\"master\",\"address\":\"192.0.2.1\","
		    "\"master\":\"plesk1\",\"key\":\"K\",\"method\":\"POST\","
		    "\"target\":\"/v1/changes\",\"zone\":\"example.com\",\"wanted\":\"present\","
		    "\"generation\":7,\"result\":\"applied\",\"status\":200}\n");
	audit_line_message(&change, message);
	assert_string_equal(message, "master 'plesk1' at 192.0.2.1: zone 'example.com' present, "
				     "generation 7: applied");
}

static void test_an_act_of_the_administrator(void **state)
{
	const struct audit_entry entry = {
		.is_local = true,
		.method = "POST",
		.target = "/v1/masters",
		.result = "refused",
		.problem = "exists",
		.detail = "is known",
		.status = 409,
	};
	char message[AUDIT_MESSAGE_SIZE];

	(void)state;
	assert_json(&entry, "{\"time\":\"T\",\"who\":\"administrator\",\"user\":0,"
			    "\"method\":\"POST\",\"target\":\"/v1/masters\",\"result\":\"refused\","
			    "\"problem\":\"exists\",\"status\":409,\"detail\":\"is known\"}\n");
	audit_line_message(&entry, message);
	assert_string_equal(message, "user 0: 'POST /v1/masters': refused, exists (is known)");
}

static void test_the_journal(void **state)
{
	struct audit_entry entry = change;
	struct text_buffer out = {0};

	(void)state;
	entry.is_refused = true;
	assert_int_equal(audit_line_journal(&entry, &out), 0);
	assert_string_equal(out.data,
			    "MESSAGE=audit: master 'plesk1' at 192.0.2.1: zone 'example.com' "
			    "present, generation 7: applied\n"
			    "PRIORITY=4\nSYSLOG_IDENTIFIER=zonepush-agent\nZONEPUSH_WHO=master\n"
			    "ZONEPUSH_ADDRESS=192.0.2.1\nZONEPUSH_MASTER=plesk1\nZONEPUSH_KEY=K\n"
			    "ZONEPUSH_METHOD=POST\nZONEPUSH_TARGET=/v1/changes\n"
			    "ZONEPUSH_ZONE=example.com\nZONEPUSH_WANTED=present\n"
			    "ZONEPUSH_GENERATION=7\nZONEPUSH_RESULT=applied\n"
			    "ZONEPUSH_STATUS=200\n");
	text_buffer_done(&out);
}

static const struct audit_entry hostile = {
	.address = "192.0.2.1",
	.method = HOSTILE,
	.target = HOSTILE,
	.zone = HOSTILE,
	.result = "refused",
	.detail = HOSTILE,
};

static void assert_printable(const char *text)
{
	for (; *text; text++)
		assert_true((*text >= 0x20 && *text <= 0x7e) || *text == '\n');
}

static void test_hostile_text_in_json(void **state)
{
	struct text_buffer out = {0};
	json_t *json;

	(void)state;
	assert_int_equal(audit_line_json(&hostile, "T", &out), 0);
	assert_printable(out.data);
	assert_ptr_equal(strchr(out.data, '\n'), out.data + out.length - 1);
	json = json_loads(out.data, JSON_REJECT_DUPLICATES, NULL);
	assert_string_equal(json_string_value(json_object_get(json, "zone")),
			    "a\\x0a\\x1b[2J\"\\b\\xff\\xc3\\xa4\\x7f");
	json_decref(json);
	text_buffer_done(&out);
}

static void test_hostile_text_in_the_journal(void **state)
{
	struct text_buffer out = {0};
	size_t lines = 0;

	(void)state;
	assert_int_equal(audit_line_journal(&hostile, &out), 0);
	assert_printable(out.data);
	for (const char *at = out.data; *at; at += strcspn(at, "\n") + 1, lines++)
		assert_true(memchr(at, '=', strcspn(at, "\n")) != NULL);
	assert_int_equal(lines, 3 + 7);
	text_buffer_done(&out);
}

static void test_long_text_is_cut(void **state)
{
	struct audit_entry entry = {.result = "refused"};
	char message[AUDIT_MESSAGE_SIZE];
	struct text_buffer out = {0};
	char *text = calloc(1, LONG + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '"', LONG);
	entry.method = entry.target = entry.zone = entry.master = entry.detail = text;
	assert_int_equal(audit_line_json(&entry, "T", &out), 0);
	assert_true(out.length < 12 * (size_t)AUDIT_VALUE_SIZE);
	assert_non_null(strstr(out.data, "...\""));
	audit_line_message(&entry, message);
	assert_true(strlen(message) < AUDIT_MESSAGE_SIZE);
	text_buffer_done(&out);
	free(text);
}

static void test_time(void **state)
{
	char text[AUDIT_TIME_SIZE];

	(void)state;
	audit_time_render(UINT64_C(1760000000007), text);
	assert_string_equal(text, "2025-10-09T08:53:20.007Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_text_in_json),
		cmocka_unit_test(test_hostile_text_in_the_journal),
		cmocka_unit_test(test_long_text_is_cut),
		cmocka_unit_test(test_a_change),
		cmocka_unit_test(test_an_act_of_the_administrator),
		cmocka_unit_test(test_the_journal),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests_name("audit_line", tests, NULL, NULL);
}
