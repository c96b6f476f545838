/* A named that is away, hangs, breaks off or talks nonsense; then one that answers. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/key.h"
#include "slave-agent/rndc.h"
#include "tests/unit/fake_named.h"

#define LIMIT_MS     30000
#define SHORT_MS     100
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
	struct fake_named named;
	struct rndc *rndc;
	struct rndc_reply reply;
	struct reason why;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_int_equal(key_library_init(), 0);
	fake_named_start(&fixture->named);
	assert_int_equal(rndc_new(&fixture->rndc), 0);
	rndc_set_peer(fixture->rndc, &fixture->named.address, fixture->named.key);
	*state = fixture;
	return 0;
}

/* The client first: the other end waits for it to close. */
static int teardown(void **state)
{
	struct fixture *fixture = *state;

	rndc_free(fixture->rndc);
	fake_named_stop(&fixture->named);
	free(fixture);
	return 0;
}

static int command(struct fixture *fixture, const char *text, unsigned int limit_ms)
{
	fixture->why.text[0] = '\0';
	return rndc_command(fixture->rndc, text, limit_ms, &fixture->reply, &fixture->why);
}

static void test_nobody_listens(void **state)
{
	struct fixture *fixture = *state;
	struct address address = fixture->named.address;

	address.port = 1;
	rndc_set_peer(fixture->rndc, &address, fixture->named.key);
	assert_int_equal(command(fixture, "status", LIMIT_MS), ZP_ENAMEDDOWN);
	assert_non_null(strstr(fixture->why.text, "127.0.0.1:1"));
	assert_int_equal(rndc_get_epoch(fixture->rndc), 0);
}

struct outcome {
	enum fake_deed deed;
	int error;
	const char *words;
};

/* Nothing was asked of named yet, so nothing is unknown. */
static void test_a_first_message_that_goes_wrong(void **state)
{
	static const struct outcome outcomes[] = {
		{FAKE_CLOSE, ZP_EPROGRAM, "clock"},
		{FAKE_RESET, ZP_ENAMEDDOWN, "broke off"},
		{FAKE_SILENCE, ZP_ENAMEDDOWN, "doesn't answer"},
		{FAKE_HALF, ZP_ENAMEDDOWN, "doesn't answer"},
		{FAKE_HALF_AND_CLOSE, ZP_EPROGRAM, "clock"},
		{FAKE_HUGE, ZP_EPROGRAM, "larger than allowed"},
		{FAKE_GARBAGE, ZP_EPROGRAM, "not in the expected form"},
		{FAKE_VERSION, ZP_EVERSION, "version"},
		{FAKE_UNSIGNED, ZP_EPROGRAM, "key"},
		{FAKE_STALE, ZP_EPROGRAM, "seen before"},
	};
	struct fixture *fixture = *state;
	unsigned int limit_ms;

	for (size_t i = 0; i < COUNT(outcomes); i++)
		fixture->named.deeds[i] = outcomes[i].deed;
	for (size_t i = 0; i < COUNT(outcomes); i++) {
		limit_ms = strstr(outcomes[i].words, "answer") ? SHORT_MS : LIMIT_MS;
		assert_int_equal(command(fixture, "reconfig", limit_ms), outcomes[i].error);
		if (!strstr(fixture->why.text, outcomes[i].words))
			fail_msg("%s", fixture->why.text);
		assert_string_equal(fixture->named.commands[i], "null");
	}
	assert_int_equal(rndc_get_epoch(fixture->rndc), 0);
	assert_int_equal(command(fixture, "reconfig", LIMIT_MS), 0);
	assert_int_equal(rndc_get_epoch(fixture->rndc), 1);
}

/* named may have done it; and whatever still comes on that connection isn't looked at. */
static void test_a_command_whose_outcome_is_unknown(void **state)
{
	static const struct outcome outcomes[] = {
		{FAKE_CLOSE, -ETIMEDOUT, "isn't known"},
		{FAKE_RESET, -ETIMEDOUT, "isn't known"},
		{FAKE_SILENCE, -ETIMEDOUT, "didn't answer 'reconfig'"},
		{FAKE_HALF, -ETIMEDOUT, "didn't answer 'reconfig'"},
		{FAKE_HALF_AND_CLOSE, -ETIMEDOUT, "isn't known"},
		{FAKE_HUGE, -ETIMEDOUT, "isn't known"},
	};
	struct fixture *fixture = *state;
	unsigned int limit_ms;

	for (size_t i = 0; i < COUNT(outcomes); i++)
		fixture->named.deeds[2 * i + 1] = outcomes[i].deed;
	for (size_t i = 0; i < COUNT(outcomes); i++) {
		limit_ms = strstr(outcomes[i].words, "answer") ? SHORT_MS : LIMIT_MS;
		assert_int_equal(command(fixture, "reconfig", limit_ms), outcomes[i].error);
		if (!strstr(fixture->why.text, outcomes[i].words))
			fail_msg("%s", fixture->why.text);
		assert_string_equal(fixture->named.commands[2 * i + 1], "reconfig");
		assert_int_equal(rndc_get_epoch(fixture->rndc), i + 1);
	}
	assert_int_equal(command(fixture, "reconfig", LIMIT_MS), 0);
}

static void test_a_reply_that_cannot_be_believed(void **state)
{
	static const enum fake_deed deeds[] = {FAKE_GARBAGE, FAKE_VERSION, FAKE_UNSIGNED,
					       FAKE_STALE};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(deeds); i++)
		fixture->named.deeds[2 * i + 1] = deeds[i];
	for (size_t i = 0; i < COUNT(deeds); i++)
		assert_int_equal(command(fixture, "reconfig", LIMIT_MS), -ETIMEDOUT);
	assert_int_equal(command(fixture, "reconfig", LIMIT_MS), 0);
}

static void test_a_command_too_long(void **state)
{
	struct fixture *fixture = *state;
	char *text = malloc(RNDC_REQUEST_MAX);

	assert_non_null(text);
	memset(text, 'c', RNDC_REQUEST_MAX - 1);
	text[RNDC_REQUEST_MAX - 1] = '\0';
	assert_int_equal(command(fixture, text, LIMIT_MS), ZP_ETOOBIG);
	assert_int_equal(fixture->named.n_messages, 1);
	free(text);
}

static void test_a_refusal(void **state)
{
	struct fixture *fixture = *state;

	fixture->named.error = "not found";
	fixture->named.text = "no matching zone";
	assert_int_equal(command(fixture, "refresh a.example", LIMIT_MS), 0);
	assert_int_equal(fixture->reply.result, 23);
	assert_string_equal(fixture->reply.error, "not found");
	assert_string_equal(fixture->reply.text, "no matching zone");
}

static void test_many_commands_on_one_connection(void **state)
{
	struct fixture *fixture = *state;

	fixture->named.deeds[0] = FAKE_SLOW;
	fixture->named.deeds[2] = FAKE_SLOW;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(command(fixture, "status", LIMIT_MS), 0);
	assert_int_equal(fixture->named.n_connections, 1);
	assert_int_equal(fixture->named.n_messages, 6);
	assert_int_equal(rndc_get_epoch(fixture->rndc), 1);
}

/* As named does with one that was idle: the next command isn't lost on it. */
static void test_a_connection_that_was_closed(void **state)
{
	struct fixture *fixture = *state;

	fixture->named.deeds[1] = FAKE_ANSWER_AND_CLOSE;
	assert_int_equal(command(fixture, "status", LIMIT_MS), 0);
	fake_named_await_closed(&fixture->named, 1);
	assert_int_equal(command(fixture, "status", LIMIT_MS), 0);
	assert_int_equal(fixture->named.n_connections, 2);
	assert_int_equal(rndc_get_epoch(fixture->rndc), 2);
	assert_string_equal(fixture->named.commands[2], "null");
	assert_string_equal(fixture->named.commands[3], "status");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nobody_listens),
		TEST(test_a_first_message_that_goes_wrong),
		TEST(test_a_command_whose_outcome_is_unknown),
		TEST(test_a_reply_that_cannot_be_believed),
		TEST(test_a_command_too_long),
		TEST(test_a_refusal),
		TEST(test_many_commands_on_one_connection),
		TEST(test_a_connection_that_was_closed),
	};

	return cmocka_run_group_tests_name("rndc", tests, NULL, NULL);
}
