#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/envelope.h"

#define NOW    1760000000
#define TARGET "/v1/zones/a.example?generation=7"
#define BODY   "{\"serial\":17}"
#define OK     "{\"result\":\"applied\"}"

/* A master, an agent, a request of the one and the reply of the other. */
struct fixture {
	struct key *master, *agent;
	struct envelope_headers request_headers, reply_headers;
	struct envelope_parameters parameters;
	struct signature_field request_fields[8], reply_fields[8];
	struct signature_message request, reply;
	struct envelope_state state;
	char state_field[ENVELOPE_STATE_SIZE];
};

static void make_request(struct fixture *fixture)
{
	assert_int_equal(envelope_sign_request(fixture->master, key_get_public(fixture->agent),
					       "PUT", TARGET, BODY, strlen(BODY), NOW,
					       &fixture->request_headers, &fixture->parameters),
			 0);
	fixture->request_fields[0] = (struct signature_field){"Content-Type", "application/json"};
	fixture->request_fields[1] =
		(struct signature_field){"Content-Digest", fixture->request_headers.content_digest};
	fixture->request_fields[2] =
		(struct signature_field){"Zonepush-Agent", key_get_public(fixture->agent)->id};
	fixture->request_fields[3] =
		(struct signature_field){"Signature-Input",
					 fixture->request_headers.signature_input};
	fixture->request_fields[4] =
		(struct signature_field){"Signature", fixture->request_headers.signature};
	fixture->request = (struct signature_message){
		.method = "PUT",
		.path = "/v1/zones/a.example",
		.query = "?generation=7",
		.fields = fixture->request_fields,
		.n_fields = 5,
	};
}

static void make_reply(struct fixture *fixture)
{
	key_random_hex(fixture->state.instance);
	fixture->state.applied_seq = 42;
	envelope_state_render(&fixture->state, fixture->state_field);
	assert_int_equal(envelope_sign_reply(fixture->agent, &fixture->request,
					     fixture->parameters.nonce, 200, "application/json", OK,
					     strlen(OK), &fixture->state, NOW,
					     &fixture->reply_headers),
			 0);
	fixture->reply_fields[0] = (struct signature_field){"Content-Type", "application/json"};
	fixture->reply_fields[1] =
		(struct signature_field){"Content-Digest", fixture->reply_headers.content_digest};
	fixture->reply_fields[2] = (struct signature_field){"Zonepush-State", fixture->state_field};
	fixture->reply_fields[3] =
		(struct signature_field){"Signature-Input", fixture->reply_headers.signature_input};
	fixture->reply_fields[4] =
		(struct signature_field){"Signature", fixture->reply_headers.signature};
	fixture->reply = (struct signature_message){
		.status = 200,
		.fields = fixture->reply_fields,
		.n_fields = 5,
		.request = &fixture->request,
	};
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_int_equal(key_library_init(), 0);
	assert_int_equal(key_generate(&fixture->master), 0);
	assert_int_equal(key_generate(&fixture->agent), 0);
	make_request(fixture);
	make_reply(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	envelope_headers_done(&fixture->request_headers);
	envelope_headers_done(&fixture->reply_headers);
	key_free(fixture->master);
	key_free(fixture->agent);
	free(fixture);
	return 0;
}

static int find_key(void *context, const char *key_id, struct key_public *ret_key)
{
	struct fixture *fixture = context;

	if (strcmp(key_id, key_get_public(fixture->master)->id) != 0)
		return ZP_EUNKNOWN;
	*ret_key = *key_get_public(fixture->master);
	return 0;
}

static int open_request(struct fixture *fixture)
{
	struct envelope_parameters parameters;
	struct reason why = {""};
	int r;

	r = envelope_open_request(&fixture->request, key_get_public(fixture->agent), find_key,
				  fixture, &parameters, &why);
	if (r == 0)
		assert_string_equal(parameters.nonce, fixture->parameters.nonce);
	else
		assert_string_not_equal(why.text, "");
	return r;
}

static int open_reply(struct fixture *fixture, const char *body)
{
	struct envelope_state state;
	struct reason why = {""};
	int r;

	r = envelope_open_reply(&fixture->reply, key_get_public(fixture->agent),
				fixture->parameters.nonce, body, strlen(body), &state, &why);
	if (r == 0) {
		assert_string_equal(state.instance, fixture->state.instance);
		assert_int_equal(state.applied_seq, 42);
	} else {
		assert_string_not_equal(why.text, "");
	}
	return r;
}

static void test_right_ones_are_taken(void **state)
{
	assert_int_equal(open_request(*state), 0);
	assert_int_equal(open_reply(*state, OK), 0);
}

static void test_requests_changed_on_the_way(void **state)
{
	struct fixture *fixture = *state;
	const struct signature_message right = fixture->request;

	fixture->request.method = "DELETE";
	assert_int_equal(open_request(fixture), ZP_ESIGNATURE);
	fixture->request = right;
	fixture->request.path = "/v1/zones/b.example";
	assert_int_equal(open_request(fixture), ZP_ESIGNATURE);
	fixture->request = right;
	fixture->request.query = "?generation=8";
	assert_int_equal(open_request(fixture), ZP_ESIGNATURE);
	fixture->request.query = NULL;
	assert_int_equal(open_request(fixture), ZP_ECOMPONENT);
	fixture->request = right;
	fixture->request_fields[0].value = "text/plain";
	assert_int_equal(open_request(fixture), ZP_ESIGNATURE);
	fixture->request_fields[0].value = "application/json";

	/* A second field line changes the value, too. */
	fixture->request_fields[5] = fixture->request_fields[2];
	fixture->request.n_fields = 6;
	assert_int_equal(open_request(fixture), ZP_ESIGNATURE);
}

static void test_fields_that_are_missing(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 5; i++) {
		const struct signature_field right = fixture->request_fields[i];

		fixture->request_fields[i].name = "X-Other";
		assert_int_equal(open_request(fixture), i < 3 ? ZP_ECOMPONENT : ZP_EUNSIGNED);
		fixture->request_fields[i] = right;
	}
	assert_int_equal(open_request(fixture), 0);
}

static void test_meant_for_another_agent(void **state)
{
	struct fixture *fixture = *state;
	struct key *right = fixture->agent;

	assert_int_equal(key_generate(&fixture->agent), 0);
	assert_int_equal(open_request(fixture), -EXDEV);
	key_free(fixture->agent);
	fixture->agent = right;
}

static void test_unknown_key(void **state)
{
	struct fixture *fixture = *state;
	struct key *right = fixture->master;

	assert_int_equal(key_generate(&fixture->master), 0);
	assert_int_equal(open_request(fixture), ZP_EUNKNOWN);
	key_free(fixture->master);
	fixture->master = right;
}

/* Signatures of others are no business of ours, but their number is bounded. */
static void test_other_labels(void **state)
{
	struct fixture *fixture = *state;
	char input[4096], signature[4096];
	const char *right_input = fixture->request_headers.signature_input;
	const char *right = fixture->request_headers.signature;

	fixture->request_fields[3].value = input;
	fixture->request_fields[4].value = signature;
	snprintf(input, sizeof(input), "a=(\"@nothing\");tag=\"x\", b=(), %s", right_input);
	snprintf(signature, sizeof(signature), "b=:AAAA:, %s", right);
	assert_int_equal(open_request(fixture), 0);

	snprintf(input, sizeof(input), "a=(), b=(), c=(), d=(), %s", right_input);
	assert_int_equal(open_request(fixture), ZP_ESYNTAX);
	snprintf(input, sizeof(input), "a=();tag=\"zonepush-v1\", %s", right_input);
	assert_int_equal(open_request(fixture), ZP_ESYNTAX);
	snprintf(input, sizeof(input), "a=()");
	assert_int_equal(open_request(fixture), ZP_EUNSIGNED);
	snprintf(input, sizeof(input), "%s,", right_input);
	assert_int_equal(open_request(fixture), ZP_ESYNTAX);
	snprintf(input, sizeof(input), "%s", right_input);
	snprintf(signature, sizeof(signature), "other%s", strchr(right, '='));
	assert_int_equal(open_request(fixture), ZP_EUNSIGNED);
}

static void test_freshness(void **state)
{
	const struct envelope_parameters parameters = {.created = NOW, .expires = NOW + 300};

	(void)state;
	assert_int_equal(envelope_check_fresh(&parameters, NOW, NOW - 1000), 0);
	assert_int_equal(envelope_check_fresh(&parameters, NOW - ENVELOPE_AHEAD_MAX, 0), 0);
	assert_int_equal(envelope_check_fresh(&parameters, NOW - ENVELOPE_AHEAD_MAX - 1, 0),
			 ZP_ENOTFRESH);
	assert_int_equal(envelope_check_fresh(&parameters, NOW + ENVELOPE_BEHIND_MAX, 0), 0);
	assert_int_equal(envelope_check_fresh(&parameters, NOW + ENVELOPE_BEHIND_MAX + 1, 0),
			 ZP_ENOTFRESH);
	assert_int_equal(envelope_check_fresh(&parameters, NOW, NOW), ZP_ENOTFRESH);
	assert_int_equal(envelope_check_fresh(&(struct envelope_parameters){.created = NOW,
									    .expires = NOW + 9},
					      NOW + 10, 0),
			 ZP_ENOTFRESH);
}

static void test_replies_changed_on_the_way(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(open_reply(fixture, "{\"result\":\"refused\"}"), ZP_EDIGEST);
	fixture->reply.status = 202;
	assert_int_equal(open_reply(fixture, OK), ZP_ESIGNATURE);
	fixture->reply.status = 200;
	for (size_t i = 0; i < 5; i++) {
		const struct signature_field right = fixture->reply_fields[i];

		fixture->reply_fields[i].name = "X-Other";
		assert_int_equal(open_reply(fixture, OK), i < 3 ? ZP_ECOMPONENT : ZP_EUNSIGNED);
		fixture->reply_fields[i] = right;
	}
	fixture->reply_fields[2].value = "instance=\"x\", applied-seq=42";
	assert_int_equal(open_reply(fixture, OK), ZP_ESIGNATURE);
}

static void test_replies_to_others(void **state)
{
	struct fixture *fixture = *state;
	const struct signature_message right = fixture->request;
	struct key *agent = fixture->agent;

	fixture->request.path = "/v1/zones/b.example";
	assert_int_equal(open_reply(fixture, OK), ZP_ESIGNATURE);
	fixture->request = right;
	fixture->request.query = NULL;
	assert_int_equal(open_reply(fixture, OK), ZP_ECOMPONENT);
	fixture->request = right;

	fixture->parameters.nonce[0] ^= 1;
	assert_int_equal(open_reply(fixture, OK), ZP_EREPLAY);
	fixture->parameters.nonce[0] ^= 1;

	assert_int_equal(key_generate(&fixture->agent), 0);
	assert_int_equal(open_reply(fixture, OK), ZP_EUNKNOWN);
	key_free(fixture->agent);
	fixture->agent = agent;
	assert_int_equal(open_reply(fixture, OK), 0);
}

/* A request can't be given back as its own reply, nor a reply as a request. */
static void test_directions(void **state)
{
	struct fixture *fixture = *state;

	memcpy(fixture->reply_fields, fixture->request_fields, sizeof(fixture->reply_fields));
	assert_int_equal(open_reply(fixture, BODY), ZP_ECOMPONENT);
}

static void test_long_target(void **state)
{
	struct fixture *fixture = *state;
	char target[ENVELOPE_TARGET_MAX + 2];
	struct envelope_headers headers;
	struct envelope_parameters parameters;

	memset(target, 'a', sizeof(target) - 1);
	target[sizeof(target) - 1] = '\0';
	assert_int_equal(envelope_sign_request(fixture->master, key_get_public(fixture->agent),
					       "GET", target, NULL, 0, NOW, &headers, &parameters),
			 ZP_ETOOBIG);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_requests_changed_on_the_way),
		TEST(test_fields_that_are_missing),
		TEST(test_meant_for_another_agent),
		TEST(test_unknown_key),
		TEST(test_other_labels),
		TEST(test_freshness),
		TEST(test_replies_changed_on_the_way),
		TEST(test_replies_to_others),
		TEST(test_directions),
		TEST(test_long_target),
		TEST(test_right_ones_are_taken),
	};

	return cmocka_run_group_tests_name("envelope", tests, NULL, NULL);
}
