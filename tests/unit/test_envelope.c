/* Requests: PROTOCOL.md §3, and what §5 calls fresh. Replies: test_envelope_reply.c. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/digest.h"
#include "proto/envelope.h"
#include "tests/unit/vector.h"

/* What a signature of request.http must have: six components and five parameters. */
#define METHOD	" \"@method\""
#define PATH	" \"@path\""
#define QUERY	" \"@query\""
#define TYPE	" \"content-type\""
#define DIGEST	" \"content-digest\""
#define AGENT	" \"zonepush-agent\""
#define SIX	METHOD PATH QUERY TYPE DIGEST AGENT
#define COVERED "(" SIX ")"
#define CREATED ";created=1760000000"
#define EXPIRES ";expires=1760000060"
#define NONCE	";nonce=\"0123456789abcdef\""
#define KEYID	";keyid=\"PzNNMZp9hld6-EreVJmUTTX3f5_c5uybY8qZT-2ZDQk\""
#define TAG	";tag=\"zonepush-v1\""
#define ALL	CREATED EXPIRES NONCE KEYID TAG

struct fixture {
	struct vector_message request;
	struct key *master, *agent;
	int lookup_error; /* what the search for a key says, unless 0 */
	struct envelope_parameters parameters;
	struct reason why;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_int_equal(key_library_init(), 0);
	vector_load_message("request.http", &fixture->request);
	fixture->master = vector_load_key("master.pem");
	fixture->agent = vector_load_key("agent.pem");
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	vector_message_done(&fixture->request);
	key_free(fixture->master);
	key_free(fixture->agent);
	free(fixture);
	return 0;
}

static int find_key(void *context, const char *key_id, struct key_public *ret_key)
{
	const struct fixture *fixture = context;
	const struct key_public *master = key_get_public(fixture->master);

	if (fixture->lookup_error)
		return fixture->lookup_error;
	if (strcmp(key_id, master->id) != 0)
		return ZP_EUNKNOWN;
	*ret_key = *master;
	return 0;
}

static int open_request(struct fixture *fixture)
{
	fixture->why.text[0] = '\0';
	return envelope_open_request(&fixture->request.message, key_get_public(fixture->agent),
				     find_key, fixture, &fixture->parameters, &fixture->why);
}

/* The request must be refused so, with a reason, and leave the parameters alone. */
static void refuse(struct fixture *fixture, const char *what, int error)
{
	static const struct envelope_parameters untouched;
	int r;

	memset(&fixture->parameters, 0, sizeof(fixture->parameters));
	r = open_request(fixture);
	if (r != error)
		fail_msg("%s: %s (%s)", what, error_text(r), fixture->why.text);
	assert_string_not_equal(fixture->why.text, "");
	assert_memory_equal(&fixture->parameters, &untouched, sizeof(untouched));
}

struct signed_case {
	const char *signature; /* rightly signed by the master, wherever it can be signed */
	int error;
};

static void refuse_signed(struct fixture *fixture, const struct signed_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		vector_sign_anew(&fixture->request, cases[i].signature, fixture->master);
		refuse(fixture, cases[i].signature, cases[i].error);
	}
}

static void test_components(void **state)
{
	static const struct signed_case cases[] = {
		{"()" ALL, ZP_ECOMPONENT},
		{"(" PATH QUERY TYPE DIGEST AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" METHOD QUERY TYPE DIGEST AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" METHOD PATH TYPE DIGEST AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" METHOD PATH QUERY DIGEST AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" METHOD PATH QUERY TYPE AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" METHOD PATH QUERY TYPE DIGEST ")" ALL, ZP_ECOMPONENT},
		{"(" METHOD PATH QUERY ";req" TYPE DIGEST AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" METHOD PATH QUERY TYPE DIGEST ";key=\"sha-256\"" AGENT ")" ALL, ZP_ECOMPONENT},
		{"(" METHOD PATH QUERY TYPE DIGEST " zonepush-agent)" ALL, ZP_ECOMPONENT},
		{"(" SIX PATH ")" ALL, ZP_ECOMPONENT},
		{"(" SIX " \"@status\")" ALL, ZP_ECOMPONENT},
		{"(" SIX " \"@nonsense\")" ALL, ZP_ECOMPONENT},
		{"(" SIX " \"x-missing\")" ALL, ZP_ECOMPONENT},
		{"(" SIX " \"Host\")" ALL, ZP_ECOMPONENT},
		{"(" SIX " \"host\";sf)" ALL, ZP_ECOMPONENT},
		{"(" SIX " host)" ALL, ZP_ESYNTAX},
		{"(" SIX " 7 8 9 10 11 12 13 14 15 16 17)" ALL, ZP_ETOOBIG},
	};

	refuse_signed(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_a_covered_query_that_is_not_there(void **state)
{
	struct fixture *fixture = *state;

	vector_set(&fixture->request, "@query", NULL);
	vector_sign_anew(&fixture->request, COVERED ALL, fixture->master);
	refuse(fixture, "without query", ZP_ECOMPONENT);
}

static void test_parameters(void **state)
{
	static const struct signed_case cases[] = {
		{COVERED, ZP_EUNSIGNED},
		{COVERED CREATED EXPIRES NONCE KEYID, ZP_EUNSIGNED},
		{COVERED CREATED EXPIRES NONCE KEYID ";tag=\"zonepush-v2\"", ZP_EUNSIGNED},
		{COVERED CREATED EXPIRES NONCE KEYID ";tag=zonepush-v1", ZP_EUNSIGNED},
		{COVERED EXPIRES NONCE KEYID TAG, ZP_ECOMPONENT},
		{COVERED CREATED NONCE KEYID TAG, ZP_ECOMPONENT},
		{COVERED CREATED EXPIRES KEYID TAG, ZP_ECOMPONENT},
		{COVERED CREATED EXPIRES NONCE TAG, ZP_ECOMPONENT},
		{COVERED ";created=\"1760000000\"" EXPIRES NONCE KEYID TAG, ZP_ECOMPONENT},
		{COVERED CREATED ";expires" NONCE KEYID TAG, ZP_ECOMPONENT},
		{COVERED CREATED EXPIRES ";nonce=aaaaaaaaaaaaaaaa" KEYID TAG, ZP_ECOMPONENT},
		{COVERED CREATED EXPIRES NONCE ";keyid=1" TAG, ZP_ECOMPONENT},
		{COVERED ALL ";alg=\"rsa-pss-sha512\"", ZP_ECOMPONENT},
		{COVERED ALL ";alg=ed25519", ZP_ECOMPONENT},
		{COVERED ALL ";other=1", ZP_ECOMPONENT},
		{COVERED CREATED ";expires=1759999999" NONCE KEYID TAG, ZP_ECOMPONENT},
		{COVERED CREATED ";expires=1760000301" NONCE KEYID TAG, ZP_ECOMPONENT},
		{COVERED ";created=-1;expires=1" NONCE KEYID TAG, ZP_ECOMPONENT},
		{COVERED CREATED EXPIRES ";nonce=\"0123456789abcde\"" KEYID TAG, ZP_ECOMPONENT},
		{COVERED CREATED EXPIRES ";nonce=\"0123456789abcdef0123456789abcdef0123456789abcdef"
					 "0123456789abcdef0\"" KEYID TAG,
		 ZP_ECOMPONENT},
		{COVERED CREATED EXPIRES NONCE ";keyid=\"master\"" TAG, ZP_EUNKNOWN},
		{COVERED CREATED EXPIRES NONCE
		 ";keyid=\"o75O6DSEogStvhpLmOYYERIpV4OtI1oxe02lXdlq3Xs\"" TAG,
		 ZP_EUNKNOWN},
	};

	refuse_signed(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

/* Copies the pattern, with `ours` in the place of each `$`. */
static char *expand(const char *pattern, const char *ours)
{
	struct text_buffer text = {0};

	assert_int_equal(text_buffer_append(&text, "", 0), 0);
	for (; *pattern; pattern++)
		assert_int_equal(text_buffer_append(&text, *pattern == '$' ? ours : pattern,
						    *pattern == '$' ? strlen(ours) : 1),
				 0);
	return text.data;
}

static void test_labels(void **state)
{
	static const struct {
		const char *input, *signature; /* `$` is what request.http has */
		int error;
	} cases[] = {
		{"", "$", ZP_EUNSIGNED},
		{"$", "", ZP_EUNSIGNED},
		{"", "", ZP_EUNSIGNED},
		{"$", "other=:AAAA:", ZP_EUNSIGNED},
		{"zp=1" TAG, "$", ZP_EUNSIGNED},
		{"a=()" ALL ";tag=\"other\"", "$", ZP_ESYNTAX},
		{"zp=();tag=\"other\"", "$", ZP_EUNSIGNED},
		{"garbage(", "$", ZP_ESYNTAX},
		{"$,", "$", ZP_ESYNTAX},
		{"$", ":AAAA:", ZP_ESYNTAX},
		{"\xc3\xa4", "$", ZP_ESYNTAX},
		{"$, $", "$", ZP_ESYNTAX},
		{"$, b=()" TAG, "$, b=:AAAA:", ZP_ESYNTAX},
		{"b=()" TAG ", $", "$", ZP_ESYNTAX},
		{"a=(), b=(), c=(), d=(), $", "$", ZP_ESYNTAX},
		{"$", "a=:AA==:, b=:AA==:, c=:AA==:, d=:AA==:, $", ZP_ESYNTAX},
		{"a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1,l=1,m=1,n=1,o=1,p=1,$", "$",
		 ZP_ESYNTAX},
		{"$", "zp=()", ZP_ESYNTAX},
		{"$", "zp=::", ZP_ESIGNATURE},
		{"$", "zp=1", ZP_ESIGNATURE},
	};
	struct fixture *fixture = *state;
	const char *input = vector_get(&fixture->request, "Signature-Input");
	const char *signature = vector_get(&fixture->request, "Signature");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *new_input = expand(cases[i].input, input);
		char *new_signature = expand(cases[i].signature, signature);

		vector_set(&fixture->request, "Signature-Input", new_input);
		vector_set(&fixture->request, "Signature", new_signature);
		refuse(fixture, cases[i].input, cases[i].error);
		free(new_input);
		free(new_signature);
	}
}

static void test_altered_parts(void **state)
{
	static const struct {
		const char *part, *value;
		int error;
	} cases[] = {
		{"@method", "DELETE", ZP_ESIGNATURE},
		{"@path", "/v1/zones/example.org", ZP_ESIGNATURE},
		{"@query", "?generation=1760000000000002", ZP_ESIGNATURE},
		{"@query", "?", ZP_ESIGNATURE},
		{"@query", NULL, ZP_ECOMPONENT},
		{"Content-Type", "application/jso", ZP_ESIGNATURE},
		{"Content-Digest",
		 "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", ZP_ESIGNATURE},
		{"Zonepush-Agent", "PzNNMZp9hld6-EreVJmUTTX3f5_c5uybY8qZT-2ZDQk", ZP_ESIGNATURE},
		{"Zonepush-Agent", "\xc3\xa4", ZP_ECOMPONENT},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vector_message *request = &fixture->request;
		const struct vector_message before = *request;

		vector_set(request, cases[i].part, cases[i].value);
		refuse(fixture, cases[i].part, cases[i].error);
		request->message = before.message;
		memcpy(request->fields, before.fields, sizeof(before.fields));
	}
	assert_int_equal(open_request(fixture), 0);
}

/* Even if both are signed: who reads one must not be told by the other. */
static void test_fields_that_stand_twice(void **state)
{
	static const char *const names[] = {"content-type", "content-digest", "zonepush-agent"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		vector_add(&fixture->request, names[i], vector_get(&fixture->request, names[i]));
		vector_sign_anew(&fixture->request, COVERED ALL, fixture->master);
		refuse(fixture, names[i], ZP_ECOMPONENT);
		fixture->request.message.n_fields--;
	}
}

static void test_a_field_with_the_name_of_a_derived_component(void **state)
{
	struct fixture *fixture = *state;

	vector_set(&fixture->request, "@method", "DELETE");
	vector_add(&fixture->request, "@method", "PUT");
	refuse(fixture, "@method", ZP_ESIGNATURE);
}

static void test_a_signature_of_another_key(void **state)
{
	struct fixture *fixture = *state;

	vector_sign_anew(&fixture->request, COVERED ALL, fixture->agent);
	refuse(fixture, "another key", ZP_ESIGNATURE);
}

static void test_a_key_that_cannot_be_looked_up(void **state)
{
	struct fixture *fixture = *state;

	fixture->lookup_error = ZP_EDATABASE;
	refuse(fixture, "lookup", ZP_EDATABASE);
	fixture->lookup_error = -EIO;
	refuse(fixture, "lookup", -EIO);
}

static void check_parameters(const struct envelope_parameters *parameters)
{
	assert_int_equal(parameters->created, 1760000000);
	assert_int_equal(parameters->expires, 1760000060);
	assert_string_equal(parameters->nonce, "0123456789abcdef0123456789abcdef");
	assert_string_equal(parameters->key_id, "PzNNMZp9hld6-EreVJmUTTX3f5_c5uybY8qZT-2ZDQk");
}

static void test_another_recipient(void **state)
{
	struct fixture *fixture = *state;
	int r;

	r = envelope_open_request(&fixture->request.message, key_get_public(fixture->master),
				  find_key, fixture, &fixture->parameters, &fixture->why);
	assert_int_equal(r, -EXDEV);
	check_parameters(&fixture->parameters);
	assert_non_null(strstr(fixture->why.text, key_get_public(fixture->agent)->id));
}

static void test_the_vector(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(open_request(fixture), 0);
	check_parameters(&fixture->parameters);
	assert_int_equal(digest_verify(vector_get(&fixture->request, "content-digest"),
				       fixture->request.body, strlen(fixture->request.body)),
			 0);
}

/* Any order, more components, more fields, and every length that is allowed. */
static void test_freedoms(void **state)
{
	static const char *const signatures[] = {
		COVERED ALL,
		"(" AGENT QUERY DIGEST TYPE PATH METHOD ")" TAG KEYID NONCE EXPIRES CREATED,
		"(\"host\"" SIX " \"@authority\")" ALL,
		COVERED ALL ";alg=\"ed25519\"",
		COVERED CREATED ";expires=1760000000" NONCE KEYID TAG,
		COVERED CREATED ";expires=1760000300" NONCE KEYID TAG,
		COVERED CREATED EXPIRES ";nonce=\"0123456789abcdef0123456789abcdef0123456789abcdef"
					"0123456789abcdef\"" KEYID TAG,
		COVERED CREATED EXPIRES ";nonce=\"\\\"\\\\ 3456789abcdef\"" KEYID TAG,
	};
	struct fixture *fixture = *state;

	vector_add(&fixture->request, "X-Not-Covered", "anything \xc3\xa4");
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		vector_sign_anew(&fixture->request, signatures[i], fixture->master);
		if (open_request(fixture) != 0)
			fail_msg("%s: %s", signatures[i], fixture->why.text);
	}
}

static void test_signatures_of_others(void **state)
{
	struct fixture *fixture = *state;
	char *input = expand("a=(\"@nonsense\" \"x-missing\");tag=\"other\", b=1, $",
			     vector_get(&fixture->request, "Signature-Input"));

	vector_set(&fixture->request, "Signature-Input", input);
	vector_add(&fixture->request, "signature-input", "c=();unknown=?0");
	vector_add(&fixture->request, "signature", "c=:AAAA:, unannounced=:AAAA:");
	if (open_request(fixture) != 0)
		fail_msg("%s", fixture->why.text);
	free(input);
}

static void test_targets_that_are_not_signed(void **state)
{
	const struct fixture *fixture = *state;
	const struct key_public *agent = key_get_public(fixture->agent);
	struct envelope_parameters parameters;
	struct envelope_headers headers;
	char target[ENVELOPE_TARGET_MAX + 2];

	memset(target, 'a', sizeof(target) - 1);
	target[sizeof(target) - 1] = '\0';
	assert_int_equal(envelope_sign_request(fixture->master, agent, "GET", target, "", 0, 1,
					       &headers, &parameters),
			 ZP_ETOOBIG);
	assert_int_equal(envelope_sign_request(fixture->master, agent, "GET", "/\xc3\xa4", "", 0, 1,
					       &headers, &parameters),
			 ZP_ECOMPONENT);
	target[ENVELOPE_TARGET_MAX] = '\0';
	assert_int_equal(envelope_sign_request(fixture->master, agent, "GET", target, "", 0, 1,
					       &headers, &parameters),
			 0);
	envelope_headers_done(&headers);
}

/* Signs a request, sends it in thought, and opens it. */
static void check_round_trip(struct fixture *fixture, const char *path, const char *query,
			     const char *body)
{
	const struct key_public *agent = key_get_public(fixture->agent);
	struct envelope_parameters parameters;
	struct envelope_headers headers;
	char target[128], last_nonce[ENVELOPE_NONCE_MAX + 1];

	memcpy(last_nonce, fixture->parameters.nonce, sizeof(last_nonce));
	snprintf(target, sizeof(target), "%s%s", path, query ? query : "");
	assert_int_equal(envelope_sign_request(fixture->master, agent, "POST", target, body,
					       strlen(body), 1760000000, &headers, &parameters),
			 0);
	vector_set(&fixture->request, "@method", "POST");
	vector_set(&fixture->request, "@path", path);
	vector_set(&fixture->request, "@query", query);
	vector_set(&fixture->request, "Content-Digest", headers.content_digest);
	vector_set(&fixture->request, "Signature-Input", headers.signature_input);
	vector_set(&fixture->request, "Signature", headers.signature);
	if (open_request(fixture) != 0)
		fail_msg("%s: %s", target, fixture->why.text);
	assert_int_equal(fixture->parameters.created, 1760000000);
	assert_int_equal(fixture->parameters.expires, parameters.expires);
	assert_string_equal(fixture->parameters.nonce, parameters.nonce);
	assert_string_not_equal(fixture->parameters.nonce, last_nonce);
	assert_string_equal(fixture->parameters.key_id, key_get_public(fixture->master)->id);
	assert_int_equal(digest_verify(headers.content_digest, body, strlen(body)), 0);
	envelope_headers_done(&headers);
}

static void test_round_trips(void **state)
{
	check_round_trip(*state, "/v1/changes", NULL, "{\"changes\":[]}");
	check_round_trip(*state, "/v1/zones/a.example", "?generation=1", "");
	check_round_trip(*state, "/v1/zones/0%2F25.2.0.192.in-addr.arpa", "?a?b", "{}");
	check_round_trip(*state, "/", "?", "");
}

#define NOW	 INT64_C(1760000000)
#define LONG_AGO 1000

static void test_fresh(void **state)
{
	static const struct {
		int64_t created, expires, started;
		int result;
	} cases[] = {
		{NOW + 61, NOW + 100, LONG_AGO, ZP_ENOTFRESH},
		{NOW - 301, NOW, LONG_AGO, ZP_ENOTFRESH},
		{NOW - 300, NOW - 1, LONG_AGO, ZP_ENOTFRESH},
		{NOW, NOW + 60, NOW, ZP_ENOTFRESH},
		{NOW - 5, NOW + 60, NOW - 4, ZP_ENOTFRESH},
		{0, 300, -1, ZP_ENOTFRESH},
		{999999999999999, 999999999999999, LONG_AGO, ZP_ENOTFRESH},
		{NOW + 60, NOW + 60, LONG_AGO, 0},
		{NOW - 300, NOW, LONG_AGO, 0},
		{NOW, NOW, NOW - 1, 0},
		{NOW + 1, NOW + 60, NOW, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct envelope_parameters parameters = {.created = cases[i].created,
							       .expires = cases[i].expires};

		if (envelope_check_fresh(&parameters, NOW, cases[i].started) != cases[i].result)
			fail_msg("case %zu", i);
	}
}

/* Each test has a request of its own. */
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_components),
		TEST(test_a_covered_query_that_is_not_there),
		TEST(test_parameters),
		TEST(test_labels),
		TEST(test_altered_parts),
		TEST(test_fields_that_stand_twice),
		TEST(test_a_field_with_the_name_of_a_derived_component),
		TEST(test_a_signature_of_another_key),
		TEST(test_a_key_that_cannot_be_looked_up),
		TEST(test_another_recipient),
		TEST(test_the_vector),
		TEST(test_freedoms),
		TEST(test_signatures_of_others),
		TEST(test_targets_that_are_not_signed),
		TEST(test_round_trips),
		TEST(test_fresh),
	};

	return cmocka_run_group_tests_name("envelope", tests, NULL, NULL);
}
