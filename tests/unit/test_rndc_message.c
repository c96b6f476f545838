/* Replies that named never gave, then what rndc and named really said to each other. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/error.h"
#include "proto/file.h"
#include "proto/key.h"
#include "slave-agent/rndc_message.h"
#include "tests/unit/rndc_answer.h"

#define FOLDER	    "tests/unit/data/rndc/"
#define FILE_MAX    65536
#define SECRET	    "c2hvcnQ="
#define RECORDS_MAX 16

/* A line of the index: see the README there. */
struct record {
	char name[32], algorithm[16], secret[64], command[64];
	struct rndc_request request;
	struct hmac_key *key;
	char *sent, *reply; /* with their lengths before them */
	size_t sent_length, reply_length;
};

struct fixture {
	struct record records[RECORDS_MAX];
	size_t count;
	struct hmac_key *key;
};

static const struct rndc_request request = {.command = "status", .serial = 7, .nonce = 9};
static const struct rndc_answer right = {
	.serial = "7", .nonce = "9", .is_reply = "1", .result = "0"};

static char *load(const char *name, const char *suffix, size_t *ret_length)
{
	char path[128], *text;

	snprintf(path, sizeof(path), FOLDER "%s%s", name, suffix);
	assert_int_equal(file_load(path, FILE_MAX, &text, ret_length, NULL), 0);
	return text;
}

static void load_record(const char *line, struct record *ret_record)
{
	struct record *record = ret_record;

	assert_int_equal(sscanf(line, "%31s %15s %63s %" SCNu32 " %" SCNu32 " %" SCNd64 " %63[^\n]",
				record->name, record->algorithm, record->secret,
				&record->request.serial, &record->request.nonce,
				&record->request.now, record->command),
			 7);
	record->request.command = record->command;
	record->key = rndc_test_key(strcmp(record->algorithm, "hmac-sha256") == 0 ? HMAC_SHA256
										  : HMAC_SHA512,
				    record->secret);
	record->sent = load(record->name, ".request", &record->sent_length);
	record->reply = load(record->name, ".reply", &record->reply_length);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char *index, *at, *line;
	size_t length;

	assert_non_null(fixture);
	assert_int_equal(key_library_init(), 0);
	fixture->key = rndc_test_key(HMAC_SHA256, SECRET);
	index = load("index", "", &length);
	at = index;
	for (line = strsep(&at, "\n"); at; line = strsep(&at, "\n")) {
		assert_true(fixture->count < RECORDS_MAX);
		load_record(line, &fixture->records[fixture->count++]);
	}
	free(index);
	assert_true(fixture->count >= 8);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < fixture->count; i++) {
		free(fixture->records[i].sent);
		free(fixture->records[i].reply);
		hmac_key_free(fixture->records[i].key);
	}
	hmac_key_free(fixture->key);
	free(fixture);
	return 0;
}

/* In memory of just this size, so that ASan sees a step too far. */
static int parse(const void *data, size_t length, const struct hmac_key *key,
		 const struct rndc_request *expected, struct rndc_reply *ret_reply)
{
	uint8_t *copy = malloc(length + !length);
	int r;

	assert_non_null(copy);
	memcpy(copy, data, length);
	r = rndc_message_parse(copy, length, key, expected, ret_reply);
	free(copy);
	return r;
}

/* Signs this content and reads it as the reply to `request`. */
static int parse_content(const struct fixture *fixture, const struct text_buffer *content)
{
	struct text_buffer message = {0};
	struct rndc_reply reply;
	int r;

	rndc_sign(&message, fixture->key, content->data, content->length);
	r = parse(message.data, message.length, fixture->key, &request, &reply);
	text_buffer_done(&message);
	return r;
}

static int parse_answer(const struct fixture *fixture, const struct rndc_answer *answer)
{
	struct text_buffer content = {0};
	int r;

	rndc_answer_append(&content, answer);
	r = parse_content(fixture, &content);
	text_buffer_done(&content);
	return r;
}

static void test_truncated_anywhere(void **state)
{
	const struct fixture *fixture = *state;
	struct rndc_reply reply;

	for (size_t i = 0; i < fixture->count; i++) {
		const struct record *record = &fixture->records[i];

		for (size_t length = 0; length < record->reply_length - RNDC_LENGTH_BYTES; length++)
			assert_true(parse(record->reply + RNDC_LENGTH_BYTES, length, record->key,
					  &record->request, &reply) < 0);
	}
}

static void test_any_byte_changed(void **state)
{
	const struct fixture *fixture = *state;
	struct rndc_reply reply;

	for (size_t i = 0; i < fixture->count; i++) {
		const struct record *record = &fixture->records[i];

		for (size_t at = RNDC_LENGTH_BYTES; at < record->reply_length; at++) {
			record->reply[at] ^= 0x10;
			assert_true(parse(record->reply + RNDC_LENGTH_BYTES,
					  record->reply_length - RNDC_LENGTH_BYTES, record->key,
					  &record->request, &reply) < 0);
			record->reply[at] ^= 0x10;
		}
	}
}

static void test_another_key_or_version(void **state)
{
	const struct fixture *fixture = *state;
	const struct record *record = &fixture->records[0];
	struct hmac_key *other = rndc_test_key(HMAC_SHA256, "b3RoZXI=");
	struct hmac_key *longer = rndc_test_key(HMAC_SHA512, record->secret);
	const char *data = record->reply + RNDC_LENGTH_BYTES;
	size_t length = record->reply_length - RNDC_LENGTH_BYTES;
	struct rndc_reply reply;

	assert_int_equal(parse(data, length, other, &record->request, &reply), ZP_ESIGNATURE);
	assert_int_equal(parse(data, length, longer, &record->request, &reply), ZP_ESIGNATURE);
	record->reply[RNDC_LENGTH_BYTES + 3] = 2;
	assert_int_equal(parse(data, length, record->key, &record->request, &reply), ZP_EVERSION);
	record->reply[RNDC_LENGTH_BYTES + 3] = 1;
	hmac_key_free(other);
	hmac_key_free(longer);
}

static void test_an_auth_of_another_form(void **state)
{
	static const uint8_t version[] = {0, 0, 0, 1};
	const struct fixture *fixture = *state;
	struct text_buffer content = {0}, message = {0}, table = {0};
	struct rndc_reply reply;

	/* HMAC-MD5's, which is shorter, and none at all. */
	rndc_answer_append(&content, &right);
	rndc_append(&table, "hmd5", RNDC_BINARY, "0123456789012345678901", 22);
	assert_int_equal(text_buffer_append(&message, version, sizeof(version)), 0);
	rndc_append(&message, "_auth", RNDC_TABLE, table.data, table.length);
	assert_int_equal(text_buffer_append(&message, content.data, content.length), 0);
	assert_int_equal(parse(message.data, message.length, fixture->key, &request, &reply),
			 ZP_ESIGNATURE);
	text_buffer_done(&message);

	assert_int_equal(text_buffer_append(&message, version, sizeof(version)), 0);
	assert_int_equal(text_buffer_append(&message, content.data, content.length), 0);
	assert_int_equal(parse(message.data, message.length, fixture->key, &request, &reply),
			 ZP_ESYNTAX);
	text_buffer_done(&message);
	text_buffer_done(&table);
	text_buffer_done(&content);
}

/* Rightly signed: named itself, or who knows its key, gone mad. */
static void test_lengths_that_lie(void **state)
{
	const struct fixture *fixture = *state;
	struct text_buffer content = {0};
	static const size_t steps[] = {1, 2, 0x100, 0x10000, 0x7fffffff, 0xffffffff};

	rndc_answer_append(&content, &right);
	for (size_t at = 0; at < content.length; at++) {
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			struct text_buffer changed = {0};
			uint32_t value;

			if (at + sizeof(value) > content.length)
				continue;
			assert_int_equal(text_buffer_append(&changed, content.data, content.length),
					 0);
			memcpy(&value, changed.data + at, sizeof(value));
			value = __builtin_bswap32(__builtin_bswap32(value) + (uint32_t)steps[i]);
			memcpy(changed.data + at, &value, sizeof(value));
			/* Some only change a digit of what isn't looked at. */
			(void)!parse_content(fixture, &changed);
			text_buffer_done(&changed);
		}
	}
	text_buffer_done(&content);
}

static void test_content_cut_anywhere(void **state)
{
	const struct fixture *fixture = *state;
	struct text_buffer content = {0};

	rndc_answer_append(&content, &right);
	while (content.length > 0) {
		content.length--;
		assert_int_equal(parse_content(fixture, &content), ZP_ESYNTAX);
	}
	text_buffer_done(&content);
}

static void test_replies_to_something_else(void **state)
{
	const struct fixture *fixture = *state;
	struct rndc_answer answer = right;

	answer.serial = "8";
	assert_int_equal(parse_answer(fixture, &answer), ZP_EREPLAY);
	answer = right;
	answer.nonce = "8";
	assert_int_equal(parse_answer(fixture, &answer), ZP_EREPLAY);
	answer = right;
	answer.nonce = "0";
	assert_int_equal(parse_answer(fixture, &answer), ZP_ESYNTAX);
	answer = right;
	answer.is_reply = "0";
	assert_int_equal(parse_answer(fixture, &answer), ZP_ESYNTAX);
}

static void test_parts_missing_or_no_numbers(void **state)
{
	static const char *const wrong[] = {NULL, "",		"x",  "-1",
					    "01", "4294967296", "1 ", "99999999999999999999999999"};
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct rndc_answer answers[] = {right, right, right, right};

		answers[0].serial = wrong[i];
		answers[1].nonce = wrong[i];
		answers[2].is_reply = wrong[i];
		answers[3].result = wrong[i];
		for (size_t j = 0; j < sizeof(answers) / sizeof(answers[0]); j++)
			assert_int_equal(parse_answer(fixture, &answers[j]), ZP_ESYNTAX);
	}
}

static void test_entries_twice_or_of_another_type(void **state)
{
	static const char *const keys[] = {"_ctrl", "_data"};
	const struct fixture *fixture = *state;
	struct text_buffer content = {0};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		rndc_answer_append(&content, &right);
		rndc_append(&content, keys[i], RNDC_TABLE, "", 0);
		assert_int_equal(parse_content(fixture, &content), ZP_ESYNTAX);
		text_buffer_done(&content);
		rndc_append_text(&content, keys[i], "text");
		rndc_answer_append(&content, &right);
		assert_int_equal(parse_content(fixture, &content), ZP_ESYNTAX);
		text_buffer_done(&content);
	}
}

static void test_too_much(void **state)
{
	const struct fixture *fixture = *state;
	struct text_buffer content = {0};
	char *filling = calloc(1, RNDC_REPLY_MAX);

	assert_non_null(filling);
	rndc_answer_append(&content, &right);
	for (size_t i = 0; i < RNDC_ENTRIES_MAX - 2; i++)
		rndc_append_text(&content, "x", "");
	assert_int_equal(parse_content(fixture, &content), 0);
	rndc_append_text(&content, "x", "");
	assert_int_equal(parse_content(fixture, &content), ZP_ETOOBIG);
	text_buffer_done(&content);

	rndc_answer_append(&content, &right);
	rndc_append(&content, "x", RNDC_BINARY, filling, RNDC_REPLY_MAX);
	assert_int_equal(parse_content(fixture, &content), ZP_ETOOBIG);
	text_buffer_done(&content);
	free(filling);
}

/* Nobody looks into what isn't known, so its depth means nothing. */
static void test_deeply_nested(void **state)
{
	const struct fixture *fixture = *state;
	struct text_buffer content = {0}, nested = {0};

	for (size_t i = 0; i < 1000; i++) {
		struct text_buffer outer = {0};

		rndc_append(&outer, "x", i % 2 ? RNDC_TABLE : 3, nested.data ? nested.data : "",
			    nested.length);
		text_buffer_done(&nested);
		nested = outer;
	}
	rndc_answer_append(&content, &right);
	assert_int_equal(text_buffer_append(&content, nested.data, nested.length), 0);
	assert_int_equal(parse_content(fixture, &content), 0);
	text_buffer_done(&nested);
	text_buffer_done(&content);
}

static void test_long_words_are_cut(void **state)
{
	const struct fixture *fixture = *state;
	struct text_buffer content = {0}, message = {0};
	struct rndc_answer answer = right;
	char words[2 * RNDC_WORDS_SIZE];
	struct rndc_reply reply;

	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	answer.error = words;
	answer.text = words;
	rndc_answer_append(&content, &answer);
	rndc_sign(&message, fixture->key, content.data, content.length);
	assert_int_equal(parse(message.data, message.length, fixture->key, &request, &reply), 0);
	assert_int_equal(strlen(reply.error), RNDC_WORDS_SIZE - 1);
	assert_int_equal(strlen(reply.text), RNDC_WORDS_SIZE - 1);
	text_buffer_done(&message);
	text_buffer_done(&content);
}

static void test_a_command_too_long(void **state)
{
	const struct fixture *fixture = *state;
	char *command = malloc(RNDC_REQUEST_MAX + 1);
	struct rndc_request huge = request;
	struct text_buffer out = {0};

	assert_non_null(command);
	memset(command, 'c', RNDC_REQUEST_MAX);
	command[RNDC_REQUEST_MAX] = '\0';
	huge.command = command;
	assert_int_equal(rndc_message_render(&huge, fixture->key, &out), ZP_ETOOBIG);
	assert_int_equal(out.length, 0);
	free(command);
}

/* Byte for byte what rndc sent. */
static void test_recorded_requests(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < fixture->count; i++) {
		const struct record *record = &fixture->records[i];
		struct text_buffer out = {0};

		assert_int_equal(rndc_message_render(&record->request, record->key, &out), 0);
		assert_int_equal(out.length, record->sent_length);
		assert_memory_equal(out.data, record->sent, out.length);
		text_buffer_done(&out);
	}
}

static void test_recorded_replies(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < fixture->count; i++) {
		const struct record *record = &fixture->records[i];
		struct rndc_reply reply;

		assert_int_equal(parse(record->reply + RNDC_LENGTH_BYTES,
				       record->reply_length - RNDC_LENGTH_BYTES, record->key,
				       &record->request, &reply),
				 0);
		assert_true(reply.nonce != 0);
		if (strcmp(record->command, "status") == 0)
			assert_non_null(strstr(reply.text, "version: BIND 9."));
		if (strncmp(record->command, "zonestatus", 10) == 0) {
			assert_int_equal(reply.result, 23); /* ISC_R_NOTFOUND */
			assert_string_equal(reply.error, "not found");
			assert_string_equal(reply.text,
					    "no matching zone 'nowhere.example' in any view");
		} else {
			assert_int_equal(reply.result, 0);
			assert_string_equal(reply.error, "");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truncated_anywhere),
		cmocka_unit_test(test_any_byte_changed),
		cmocka_unit_test(test_another_key_or_version),
		cmocka_unit_test(test_an_auth_of_another_form),
		cmocka_unit_test(test_lengths_that_lie),
		cmocka_unit_test(test_content_cut_anywhere),
		cmocka_unit_test(test_replies_to_something_else),
		cmocka_unit_test(test_parts_missing_or_no_numbers),
		cmocka_unit_test(test_entries_twice_or_of_another_type),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_deeply_nested),
		cmocka_unit_test(test_long_words_are_cut),
		cmocka_unit_test(test_a_command_too_long),
		cmocka_unit_test(test_recorded_requests),
		cmocka_unit_test(test_recorded_replies),
	};

	return cmocka_run_group_tests_name("rndc_message", tests, setup, teardown);
}
