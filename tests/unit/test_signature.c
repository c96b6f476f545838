#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/error.h"
#include "proto/signature.h"
#include "tests/unit/vector.h"

/* A request and its reply, with what makes a signature base go wrong. */
static const struct signature_field request_fields[] = {
	{"Host", "example.com"},    {"X-Two", "first"}, {"@method", "DELETE"},
	{"x-two", "second, third"}, {"X-Empty", ""},	{"X-Binary", "caf\xc3\xa9"},
	{"X-Tab", "a\tb"},
};

static const struct signature_message request = {
	.method = "POST",
	.authority = "example.com",
	.path = "/v1/zones/a.example",
	.query = "?generation=1",
	.fields = request_fields,
	.n_fields = sizeof(request_fields) / sizeof(request_fields[0]),
};

static const struct signature_field reply_fields[] = {{"Content-Type", "text/plain"}};

static const struct signature_message reply = {
	.status = 200,
	.fields = reply_fields,
	.n_fields = 1,
	.request = &request,
};

/* The base for what stands behind `zp=`; *base is to be ended by the caller. */
static int make_base(const struct signature_message *message, const char *covered,
		     struct text_buffer *base)
{
	struct sf_dictionary dictionary;
	char field[1024];
	int r;

	snprintf(field, sizeof(field), "zp=%s", covered);
	assert_int_equal(structured_field_parse(field, &dictionary), 0);
	r = signature_base(message, &dictionary.members[0], base);
	structured_field_done(&dictionary);
	return r;
}

struct refusal {
	const char *covered;
	int error;
};

static void refuse_all(const struct signature_message *message, const struct refusal *refusals,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct text_buffer base = {0};
		int r;

		r = make_base(message, refusals[i].covered, &base);
		if (r != refusals[i].error)
			fail_msg("%s: %s", refusals[i].covered, error_text(r));
		text_buffer_done(&base);
	}
}

static void test_refusals(void **state)
{
	static const struct refusal refusals[] = {
		{"\"@method\"", ZP_ESYNTAX},
		{"1", ZP_ESYNTAX},
		{"(method)", ZP_ESYNTAX},
		{"(1)", ZP_ESYNTAX},
		{"(:AAAA:)", ZP_ESYNTAX},
		{"(\"\")", ZP_ECOMPONENT},
		{"(\"@\")", ZP_ECOMPONENT},
		{"(\"@METHOD\")", ZP_ECOMPONENT},
		{"(\"Host\")", ZP_ECOMPONENT},
		{"(\"x two\")", ZP_ECOMPONENT},
		{"(\"host: a\")", ZP_ECOMPONENT},
		{"(\"x-missing\")", ZP_ECOMPONENT},
		{"(\"x-binary\")", ZP_ECOMPONENT},
		{"(\"x-tab\")", ZP_ECOMPONENT},
		{"(\"@status\")", ZP_ECOMPONENT},
		{"(\"@scheme\")", ZP_ECOMPONENT},
		{"(\"@target-uri\")", ZP_ECOMPONENT},
		{"(\"@request-target\")", ZP_ECOMPONENT},
		{"(\"@query-param\";name=\"generation\")", ZP_ECOMPONENT},
		{"(\"@signature-params\")", ZP_ECOMPONENT},
		{"(\"@method\" \"@method\")", ZP_ECOMPONENT},
		{"(\"host\" \"@path\" \"host\")", ZP_ECOMPONENT},
		{"(\"@method\";req)", ZP_ECOMPONENT},
		{"(\"host\";sf)", ZP_ECOMPONENT},
		{"(\"host\";bs)", ZP_ECOMPONENT},
		{"(\"host\";tr)", ZP_ECOMPONENT},
		{"(\"host\";key=\"a\")", ZP_ECOMPONENT},
		{"(\"host\";unknown=1)", ZP_ECOMPONENT},
		{"(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17)", ZP_ETOOBIG},
	};

	(void)state;
	refuse_all(&request, refusals, sizeof(refusals) / sizeof(refusals[0]));
}

static void test_refusals_of_replies(void **state)
{
	static const struct refusal refusals[] = {
		{"(\"@method\")", ZP_ECOMPONENT},
		{"(\"@path\")", ZP_ECOMPONENT},
		{"(\"@query\")", ZP_ECOMPONENT},
		{"(\"host\")", ZP_ECOMPONENT},
		{"(\"@status\";req)", ZP_ECOMPONENT},
		{"(\"content-type\";req)", ZP_ECOMPONENT},
		{"(\"@method\";req=?0)", ZP_ECOMPONENT},
		{"(\"@method\";req=1)", ZP_ECOMPONENT},
		{"(\"host\";req;sf)", ZP_ECOMPONENT},
		{"(\"@method\";req \"@method\";req)", ZP_ECOMPONENT},
	};

	(void)state;
	refuse_all(&reply, refusals, sizeof(refusals) / sizeof(refusals[0]));
}

static void test_what_a_message_lacks(void **state)
{
	static const struct refusal refusals[] = {
		{"(\"@method\")", ZP_ECOMPONENT}, {"(\"@authority\")", ZP_ECOMPONENT},
		{"(\"@path\")", ZP_ECOMPONENT},	  {"(\"@query\")", ZP_ECOMPONENT},
		{"(\"@status\")", ZP_ECOMPONENT}, {"(\"host\")", ZP_ECOMPONENT},
	};
	static const struct signature_message empty, odd = {.path = "/\xc3\xa4", .status = 1000};

	(void)state;
	refuse_all(&empty, refusals, sizeof(refusals) / sizeof(refusals[0]));
	refuse_all(&odd, refusals, sizeof(refusals) / sizeof(refusals[0]));
}

static void test_too_large_a_base(void **state)
{
	static char value[SIGNATURE_BASE_MAX + 1];
	const struct signature_field field = {"x-large", value};
	const struct signature_message message = {.fields = &field, .n_fields = 1};
	static const struct refusal refusal = {"(\"x-large\")", ZP_ETOOBIG};

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	refuse_all(&message, &refusal, 1);
}

static void test_bases(void **state)
{
	static const struct {
		const struct signature_message *message;
		const char *covered, *base;
	} cases[] = {
		{&request, "()", "\"@signature-params\": ()"},
		{&request, "(\"@method\")",
		 "\"@method\": POST\n\"@signature-params\": (\"@method\")"},
		{&request, "( \"@query\"  \"@path\" ); created=1;  tag=\"x\"",
		 "\"@query\": ?generation=1\n\"@path\": /v1/zones/a.example\n"
		 "\"@signature-params\": (\"@query\" \"@path\");created=1;tag=\"x\""},
		{&request, "(\"x-two\" \"x-empty\" \"@authority\")",
		 "\"x-two\": first, second, third\n\"x-empty\": \n\"@authority\": example.com\n"
		 "\"@signature-params\": (\"x-two\" \"x-empty\" \"@authority\")"},
		{&reply, "(\"@status\" \"content-type\" \"@method\";req \"host\";req)",
		 "\"@status\": 200\n\"content-type\": text/plain\n\"@method\";req: POST\n"
		 "\"host\";req: example.com\n\"@signature-params\": "
		 "(\"@status\" \"content-type\" \"@method\";req \"host\";req)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text_buffer base = {0};

		assert_int_equal(make_base(cases[i].message, cases[i].covered, &base), 0);
		assert_string_equal(base.data, cases[i].base);
		text_buffer_done(&base);
	}
}

static void test_append_field(void **state)
{
	struct text_buffer out = {0};

	(void)state;
	assert_int_equal(signature_append_field(&request, "x-missing", &out), 0);
	assert_null(out.data);
	assert_int_equal(signature_append_field(&request, "X-TWO", &out), 2);
	assert_string_equal(out.data, "first, second, third");
	assert_int_equal(signature_append_field(&request, "x-binary", &out), ZP_ECOMPONENT);
	text_buffer_done(&out);
}

/* Whole messages from proto/vectors/, the key that signed them, and what they reply to. */
static const struct vector {
	const char *message, *base, *key, *request;
} vectors[] = {
	{"rfc9421-b.2.6.http", "rfc9421-b.2.6.base", "rfc9421-b.2.6.pem", NULL},
	{"request.http", "request.base", "master.pem", NULL},
	{"reply.http", "reply.base", "agent.pem", "request.http"},
};

/* A vector, loaded. */
struct subject {
	struct vector_message message, request;
	struct sf_dictionary inputs, values;
	struct key *key;
};

static void load(const struct vector *vector, struct subject *ret_subject)
{
	struct subject *subject = ret_subject;

	memset(subject, 0, sizeof(*subject));
	vector_load_message(vector->message, &subject->message);
	if (vector->request) {
		vector_load_message(vector->request, &subject->request);
		subject->message.message.request = &subject->request.message;
	}
	assert_int_equal(structured_field_parse(vector_get(&subject->message, "Signature-Input"),
						&subject->inputs),
			 0);
	assert_int_equal(structured_field_parse(vector_get(&subject->message, "Signature"),
						&subject->values),
			 0);
	subject->key = vector_load_key(vector->key);
}

static void unload(struct subject *subject)
{
	key_free(subject->key);
	structured_field_done(&subject->values);
	structured_field_done(&subject->inputs);
	vector_message_done(&subject->request);
	vector_message_done(&subject->message);
}

static void test_bases_of_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		char *expected = vector_load_text(vectors[i].base);
		struct text_buffer base = {0};
		struct subject subject;

		load(&vectors[i], &subject);
		assert_int_equal(signature_base(&subject.message.message,
						&subject.inputs.members[0], &base),
				 0);
		assert_string_equal(base.data, expected);
		text_buffer_done(&base);
		unload(&subject);
		free(expected);
	}
}

/* Ed25519 isn't random: the very bytes must come out. */
static void test_signatures_of_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct text_buffer input = {0}, signature = {0};
		struct subject subject;

		load(&vectors[i], &subject);
		assert_int_equal(signature_sign(&subject.message.message,
						&subject.inputs.members[0], subject.key, &input,
						&signature),
				 0);
		assert_string_equal(input.data, vector_get(&subject.message, "Signature-Input"));
		assert_string_equal(signature.data, vector_get(&subject.message, "Signature"));
		text_buffer_done(&input);
		text_buffer_done(&signature);
		unload(&subject);
	}
}

static int verify(const struct subject *subject, const char *signature_field)
{
	struct sf_dictionary values;
	int r;

	assert_int_equal(structured_field_parse(signature_field, &values), 0);
	r = signature_verify(&subject->message.message, &subject->inputs.members[0],
			     &values.members[0], key_get_public(subject->key));
	structured_field_done(&values);
	return r;
}

static void test_verify_refuses(void **state)
{
	static const struct {
		const char *field;
		int error;
	} cases[] = {
		{"zp=::", ZP_ESIGNATURE},
		{"zp=:AAAA:", ZP_ESIGNATURE},
		/* the right one, and a byte behind it */
		{"zp=:"
		 "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5W"
		 "PpBKRCwA=:",
		 ZP_ESIGNATURE},
		{"zp=\"text\"", ZP_ESIGNATURE},
		{"zp", ZP_ESIGNATURE},
		{"zp=()", ZP_ESYNTAX},
		{"zp=(:AAAA:)", ZP_ESYNTAX},
	};
	struct subject subject;

	(void)state;
	load(&vectors[0], &subject);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(verify(&subject, cases[i].field), cases[i].error);
	unload(&subject);
}

static void test_verify_refuses_another_message(void **state)
{
	struct subject subject;
	const char *signature;

	(void)state;
	load(&vectors[0], &subject);
	signature = vector_get(&subject.message, "Signature");
	vector_set(&subject.message, "@method", "PUT");
	assert_int_equal(verify(&subject, signature), ZP_ESIGNATURE);
	vector_set(&subject.message, "@method", NULL);
	assert_int_equal(verify(&subject, signature), ZP_ECOMPONENT);
	unload(&subject);
}

static void test_verify_takes_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct subject subject;

		load(&vectors[i], &subject);
		assert_int_equal(verify(&subject, vector_get(&subject.message, "Signature")), 0);
		unload(&subject);
	}
}

static int setup(void **state)
{
	(void)state;
	return key_library_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_refusals_of_replies),
		cmocka_unit_test(test_what_a_message_lacks),
		cmocka_unit_test(test_too_large_a_base),
		cmocka_unit_test(test_verify_refuses),
		cmocka_unit_test(test_verify_refuses_another_message),
		cmocka_unit_test(test_bases),
		cmocka_unit_test(test_append_field),
		cmocka_unit_test(test_bases_of_the_vectors),
		cmocka_unit_test(test_signatures_of_the_vectors),
		cmocka_unit_test(test_verify_takes_the_vectors),
	};

	return cmocka_run_group_tests_name("signature", tests, setup, NULL);
}
