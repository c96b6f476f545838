#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "master-hook/reply.h"
#include "proto/change.h"

static int take(struct reply *reply, const char *line)
{
	return reply_take_line(reply, line, strlen(line));
}

static void test_too_many_fields(void **state)
{
	struct reply reply = {0};

	(void)state;
	assert_int_equal(take(&reply, "HTTP/1.1 200 OK\r\n"), 0);
	for (size_t i = 0; i < REPLY_FIELDS_MAX; i++)
		assert_int_equal(take(&reply, "a: b\r\n"), 0);
	assert_int_equal(take(&reply, "a: b\r\n"), ZP_ETOOBIG);
	reply_done(&reply);
}

static void test_too_long_a_head(void **state)
{
	char *line = calloc(1, REPLY_HEAD_MAX + 1);
	struct reply reply = {0};

	(void)state;
	memset(line, 'x', REPLY_HEAD_MAX);
	assert_int_equal(take(&reply, line), 0);
	assert_int_equal(take(&reply, "x"), ZP_ETOOBIG);
	reply_done(&reply);
	free(line);
}

static void test_too_long_a_body(void **state)
{
	char *body = calloc(1, CHANGE_REPLY_MAX);
	struct reply reply = {0};

	(void)state;
	assert_int_equal(reply_take_body(&reply, body, CHANGE_REPLY_MAX), 0);
	assert_int_equal(reply_take_body(&reply, body, 1), ZP_ETOOBIG);
	assert_int_equal(reply.body.length, CHANGE_REPLY_MAX);
	reply_done(&reply);
	free(body);
}

static void test_head(void **state)
{
	struct reply reply = {0};

	(void)state;
	assert_int_equal(take(&reply, "HTTP/1.1 103 Early Hints\r\n"), 0);
	assert_int_equal(take(&reply, "Signature: early\r\n"), 0);
	assert_int_equal(take(&reply, "\r\n"), 0);
	assert_int_equal(take(&reply, "HTTP/1.1 200 OK\r\n"), 0);
	assert_int_equal(take(&reply, "Signature: \t a: b, c \t\r\n"), 0);
	assert_int_equal(take(&reply, "Empty:\r\n"), 0);
	assert_int_equal(take(&reply, "\r\n"), 0);
	assert_int_equal(reply_take_body(&reply, "{}", 2), 0);

	assert_int_equal(reply.n_fields, 2);
	assert_string_equal(reply.fields[0].name, "Signature");
	assert_string_equal(reply.fields[0].value, "a: b, c");
	assert_string_equal(reply.fields[1].name, "Empty");
	assert_string_equal(reply.fields[1].value, "");
	assert_string_equal(reply.body.data, "{}");
	reply_done(&reply);
	assert_int_equal(reply.n_fields + reply.body.length + reply.head_size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_many_fields),
		cmocka_unit_test(test_too_long_a_head),
		cmocka_unit_test(test_too_long_a_body),
		cmocka_unit_test(test_head),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
