/* Replies: PROTOCOL.md §4. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/envelope.h"
#include "tests/unit/vector.h"

/* What the signature of reply.http must have, exactly. */
#define STATUS	      " \"@status\""
#define TYPE	      " \"content-type\""
#define DIGEST	      " \"content-digest\""
#define STATE	      " \"zonepush-state\""
#define OWN	      STATUS TYPE DIGEST STATE
#define METHOD	      " \"@method\";req"
#define PATH	      " \"@path\";req"
#define QUERY	      " \"@query\";req"
#define SENT	      " \"content-digest\";req"
#define AGENT	      " \"zonepush-agent\";req"
#define COVERED	      "(" OWN METHOD PATH QUERY SENT AGENT ")"
#define CREATED	      ";created=1760000001"
#define NONCE	      ";nonce=\"" REQUEST_NONCE "\""
#define KEYID	      ";keyid=\"" AGENT_ID "\""
#define TAG	      ";tag=\"zonepush-v1\""
#define ALL	      CREATED NONCE KEYID TAG

#define REQUEST_NONCE "0123456789abcdef0123456789abcdef"
#define AGENT_ID      "o75O6DSEogStvhpLmOYYERIpV4OtI1oxe02lXdlq3Xs"
#define MASTER_ID     "PzNNMZp9hld6-EreVJmUTTX3f5_c5uybY8qZT-2ZDQk"
#define INSTANCE      "00112233445566778899aabbccddeeff"

struct fixture {
	struct vector_message request, reply;
	struct key *agent, *master;
	const char *body;
	struct envelope_state state;
	struct reason why;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_int_equal(key_library_init(), 0);
	vector_load_message("request.http", &fixture->request);
	vector_load_message("reply.http", &fixture->reply);
	fixture->reply.message.request = &fixture->request.message;
	fixture->body = fixture->reply.body;
	fixture->agent = vector_load_key("agent.pem");
	fixture->master = vector_load_key("master.pem");
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	vector_message_done(&fixture->request);
	vector_message_done(&fixture->reply);
	key_free(fixture->agent);
	key_free(fixture->master);
	free(fixture);
	return 0;
}

static int open_reply(struct fixture *fixture)
{
	fixture->why.text[0] = '\0';
	return envelope_open_reply(&fixture->reply.message, key_get_public(fixture->agent),
				   REQUEST_NONCE, fixture->body, strlen(fixture->body),
				   &fixture->state, &fixture->why);
}

/* The reply must be refused so, with a reason, and tell nothing of the agent's state. */
static void refuse(struct fixture *fixture, const char *what, int error)
{
	static const struct envelope_state untouched;
	int r;

	memset(&fixture->state, 0, sizeof(fixture->state));
	r = open_reply(fixture);
	if (r != error)
		fail_msg("%s: %s (%s)", what, error_text(r), fixture->why.text);
	assert_string_not_equal(fixture->why.text, "");
	assert_memory_equal(&fixture->state, &untouched, sizeof(untouched));
}

struct signed_case {
	const char *signature; /* rightly signed by the agent, wherever it can be signed */
	int error;
};

static void refuse_signed(struct fixture *fixture, const struct signed_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		vector_sign_anew(&fixture->reply, cases[i].signature, fixture->agent);
		refuse(fixture, cases[i].signature, cases[i].error);
	}
}

/* The list must be this one: nothing less, nothing more, in this order. */
static void test_components(void **state)
{
	static const struct signed_case cases[] = {
		{"()" ALL, ZP_ECOMPONENT},
		{"(" TYPE DIGEST STATE METHOD PATH QUERY SENT AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" STATUS DIGEST STATE METHOD PATH QUERY SENT AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" STATUS TYPE STATE METHOD PATH QUERY SENT AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" STATUS TYPE DIGEST METHOD PATH QUERY SENT AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" OWN PATH QUERY SENT AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" OWN METHOD QUERY SENT AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" OWN METHOD PATH SENT AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" OWN METHOD PATH QUERY AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" OWN METHOD PATH QUERY SENT ")" ALL, ZP_ECOMPONENT},
		{"(" OWN METHOD PATH QUERY SENT AGENT " \"cache-control\")" ALL, ZP_ECOMPONENT},
		{"(" OWN METHOD PATH SENT QUERY AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" METHOD PATH QUERY SENT AGENT OWN ")" ALL, ZP_ECOMPONENT},
		{"(" OWN METHOD PATH QUERY DIGEST AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" STATUS TYPE ";req" DIGEST STATE METHOD PATH QUERY SENT AGENT ")" ALL,
		 ZP_ECOMPONENT},
		{"(" OWN METHOD PATH QUERY SENT " zonepush-agent;req)" ALL, ZP_ECOMPONENT},
		{"(" OWN METHOD PATH QUERY SENT " \"zonepush-agent\";sf)" ALL, ZP_ECOMPONENT},
	};

	refuse_signed(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_parameters(void **state)
{
	static const struct signed_case cases[] = {
		{COVERED CREATED NONCE KEYID, ZP_EUNSIGNED},
		{COVERED CREATED NONCE KEYID ";tag=\"other\"", ZP_EUNSIGNED},
		{COVERED NONCE KEYID TAG, ZP_ECOMPONENT},
		{COVERED CREATED KEYID TAG, ZP_ECOMPONENT},
		{COVERED CREATED NONCE TAG, ZP_ECOMPONENT},
		{COVERED ALL ";expires=1760000060", ZP_ECOMPONENT},
		{COVERED ALL ";other", ZP_ECOMPONENT},
		{COVERED ALL ";alg=\"hmac-sha256\"", ZP_ECOMPONENT},
		{COVERED CREATED ";nonce=\"0123456789abcdef0123456789abcdeF\"" KEYID TAG,
		 ZP_EREPLAY},
		{COVERED CREATED ";nonce=\"\"" KEYID TAG, ZP_EREPLAY},
		{COVERED CREATED NONCE ";keyid=\"" MASTER_ID "\"" TAG, ZP_EUNKNOWN},
		{COVERED CREATED NONCE ";keyid=\"\"" TAG, ZP_EUNKNOWN},
	};

	refuse_signed(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_a_signature_of_another_key(void **state)
{
	struct fixture *fixture = *state;

	vector_sign_anew(&fixture->reply, COVERED ALL, fixture->master);
	refuse(fixture, "another key", ZP_ESIGNATURE);
}

static void test_no_signature(void **state)
{
	struct fixture *fixture = *state;

	vector_set(&fixture->reply, "Signature", "");
	refuse(fixture, "no Signature", ZP_EUNSIGNED);
	fixture->reply.message.n_fields = 0;
	refuse(fixture, "no fields", ZP_EUNSIGNED);
}

static void test_altered_parts(void **state)
{
	static const struct {
		const char *part, *value;
		bool of_request;
		int error;
	} cases[] = {
		{"Content-Type", "text/html", false, ZP_ESIGNATURE},
		{"Content-Digest", "sha-256=:AAAA:", false, ZP_ESIGNATURE},
		{"Zonepush-State", "instance=\"" INSTANCE "\", applied-seq=43", false,
		 ZP_ESIGNATURE},
		{"@method", "GET", true, ZP_ESIGNATURE},
		{"@path", "/v1/zones/example.org", true, ZP_ESIGNATURE},
		{"@query", "?generation=2", true, ZP_ESIGNATURE},
		{"@query", NULL, true, ZP_ECOMPONENT},
		{"Content-Digest", "sha-256=:AAAA:", true, ZP_ESIGNATURE},
		{"Zonepush-Agent", MASTER_ID, true, ZP_ESIGNATURE},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vector_message *altered =
			cases[i].of_request ? &fixture->request : &fixture->reply;
		const struct vector_message before = *altered;

		vector_set(altered, cases[i].part, cases[i].value);
		refuse(fixture, cases[i].part, cases[i].error);
		altered->message = before.message;
		memcpy(altered->fields, before.fields, sizeof(before.fields));
	}
	fixture->reply.message.status = 202;
	refuse(fixture, "@status", ZP_ESIGNATURE);
	fixture->reply.message.status = 200;
	assert_int_equal(open_reply(fixture), 0);
}

static void test_fields_that_stand_twice(void **state)
{
	static const char *const names[] = {"content-type", "content-digest", "zonepush-state"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		vector_add(&fixture->reply, names[i], vector_get(&fixture->reply, names[i]));
		vector_sign_anew(&fixture->reply, COVERED ALL, fixture->agent);
		refuse(fixture, names[i], ZP_ECOMPONENT);
		fixture->reply.message.n_fields--;
	}
}

/* Somebody on the way sends the master its own request back. */
static void test_a_request_given_back(void **state)
{
	struct fixture *fixture = *state;

	memcpy(fixture->reply.fields, fixture->request.fields, sizeof(fixture->reply.fields));
	fixture->reply.message.n_fields = fixture->request.message.n_fields;
	fixture->body = fixture->request.body;
	refuse(fixture, "the request", ZP_ECOMPONENT);
}

static void test_an_altered_body(void **state)
{
	struct fixture *fixture = *state;

	fixture->body = "";
	refuse(fixture, "no body", ZP_EDIGEST);
	fixture->body = "{\"zone\":\"example.com\",\"result\":\"applied\",\"generation\":2}";
	refuse(fixture, "another body", ZP_EDIGEST);
}

static void test_bad_states(void **state)
{
	static const char *const fields[] = {
		"",
		"instance=\"" INSTANCE "\"",
		"applied-seq=42",
		"instance=\"" INSTANCE "\", applied-seq=-1",
		"instance=\"" INSTANCE "\", applied-seq=\"42\"",
		"instance=\"" INSTANCE "\", applied-seq=1.5",
		"instance=\"" INSTANCE "\", applied-seq=(1)",
		"instance=\"" INSTANCE "0\", applied-seq=1",
		"instance=\"0011\", applied-seq=1",
		"instance=\"00112233445566778899AABBCCDDEEFF\", applied-seq=1",
		"instance=a0112233445566778899aabbccddeeff, applied-seq=1",
		"instance=(\"" INSTANCE "\"), applied-seq=1",
		"instance=\"" INSTANCE "\" applied-seq=1",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		vector_set(&fixture->reply, "Zonepush-State", fields[i]);
		vector_sign_anew(&fixture->reply, COVERED ALL, fixture->agent);
		refuse(fixture, fields[i], ZP_ESYNTAX);
	}
}

static void test_a_request_without_what_a_reply_covers(void **state)
{
	static const struct envelope_state agent_state = {.instance = INSTANCE};
	const struct fixture *fixture = *state;
	const struct signature_message request = {.method = "GET", .path = "/v1/status"};
	struct envelope_headers headers;

	assert_int_equal(envelope_sign_reply(fixture->agent, &request, REQUEST_NONCE, 200,
					     ENVELOPE_CONTENT_TYPE, "{}", 2, &agent_state, 1,
					     &headers),
			 ZP_ECOMPONENT);
}

static void test_the_vector(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(open_reply(fixture), 0);
	assert_string_equal(fixture->state.instance, INSTANCE);
	assert_int_equal(fixture->state.applied_seq, 42);
}

/* No randomness in a reply: ours must be the vector to the byte. */
static void test_signing_makes_the_vector(void **state)
{
	const struct fixture *fixture = *state;
	static const struct envelope_state agent_state = {.instance = INSTANCE, .applied_seq = 42};
	struct envelope_headers headers;
	char field[ENVELOPE_STATE_SIZE];

	assert_int_equal(envelope_sign_reply(fixture->agent, &fixture->request.message,
					     REQUEST_NONCE, 200, ENVELOPE_CONTENT_TYPE,
					     fixture->body, strlen(fixture->body), &agent_state,
					     1760000001, &headers),
			 0);
	assert_string_equal(headers.content_digest, vector_get(&fixture->reply, "Content-Digest"));
	assert_string_equal(headers.signature_input,
			    vector_get(&fixture->reply, "Signature-Input"));
	assert_string_equal(headers.signature, vector_get(&fixture->reply, "Signature"));
	envelope_state_render(&agent_state, field);
	assert_string_equal(field, vector_get(&fixture->reply, "Zonepush-State"));
	envelope_headers_done(&headers);
	envelope_headers_done(&headers);
}

static void test_without_query(void **state)
{
	struct fixture *fixture = *state;

	vector_set(&fixture->request, "@query", NULL);
	vector_sign_anew(&fixture->reply, "(" OWN METHOD PATH SENT AGENT ")" ALL, fixture->agent);
	if (open_reply(fixture) != 0)
		fail_msg("%s", fixture->why.text);
}

static void test_the_longest_state(void **state)
{
	static const struct envelope_state agent_state = {.instance = INSTANCE,
							  .applied_seq = UINT64_MAX};
	char field[ENVELOPE_STATE_SIZE];

	(void)state;
	envelope_state_render(&agent_state, field);
	assert_string_equal(field, "instance=\"" INSTANCE "\", applied-seq=18446744073709551615");
}

/* Each test has a request and a reply of its own. */
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_components),
		TEST(test_parameters),
		TEST(test_a_signature_of_another_key),
		TEST(test_no_signature),
		TEST(test_altered_parts),
		TEST(test_fields_that_stand_twice),
		TEST(test_a_request_given_back),
		TEST(test_an_altered_body),
		TEST(test_bad_states),
		TEST(test_a_request_without_what_a_reply_covers),
		TEST(test_the_vector),
		TEST(test_signing_makes_the_vector),
		TEST(test_without_query),
		TEST(test_the_longest_state),
	};

	return cmocka_run_group_tests_name("envelope_reply", tests, NULL, NULL);
}
