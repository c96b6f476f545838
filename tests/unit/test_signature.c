#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "proto/signature.h"
#include "tests/unit/scratch.h"

/* RFC 9421 B.1.4, B.2, B.2.6: Ed25519 is deterministic, so it must come out byte for byte. */
#define RFC_PRIVATE                                                                                \
	"-----BEGIN PRIVATE KEY-----\n"                                                            \
	"MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"                       \
	"-----END PRIVATE KEY-----\n"
#define RFC_COVERED                                                                                \
	"(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")"      \
	";created=1618884473;keyid=\"test-key-ed25519\""
#define RFC_BASE                                                                                   \
	"\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n"                                                \
	"\"@method\": POST\n"                                                                      \
	"\"@path\": /foo\n"                                                                        \
	"\"@authority\": example.com\n"                                                            \
	"\"content-type\": application/json\n"                                                     \
	"\"content-length\": 18\n"                                                                 \
	"\"@signature-params\": " RFC_COVERED
#define RFC_SIGNATURE                                                                              \
	"sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5"  \
	"WPpBKRCw==:"

static const struct signature_field rfc_fields[] = {
	{"Host", "example.com"},
	{"Date", "Tue, 20 Apr 2021 02:07:55 GMT"},
	{"Content-Type", "application/json"},
	{"Content-Digest", "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7"
			   "BNNyealdVLvRwEmTHWXvJwew==:"},
	{"Content-Length", "18"},
	{"Cache-Control", "max-age=60"},
	{"cache-control", "must-revalidate"},
	{"X-Bytes", "a\xc3\xa4"},
	{"@method", "GET"},
};

static const struct signature_message rfc_message = {
	.method = "POST",
	.authority = "example.com",
	.path = "/foo",
	.query = "?param=Value&Pet=dog",
	.fields = rfc_fields,
	.n_fields = sizeof(rfc_fields) / sizeof(rfc_fields[0]),
};

static int base_of(const struct signature_message *message, const char *covered,
		   struct text_buffer *base)
{
	struct sf_dictionary dictionary;
	char field[1024];
	int r;

	snprintf(field, sizeof(field), "s=%s", covered);
	assert_int_equal(structured_field_parse(field, &dictionary), 0);
	r = signature_base(message, &dictionary.members[0], base);
	structured_field_done(&dictionary);
	return r;
}

static void test_refused_components(void **state)
{
	static const struct {
		const char *covered;
		int error;
	} cases[] = {
		{"(\"x-missing\")", ZP_ECOMPONENT},
		{"(\"@nothing\")", ZP_ECOMPONENT},
		{"(\"@\")", ZP_ECOMPONENT},
		{"(\"\")", ZP_ECOMPONENT},
		{"(\"Date\")", ZP_ECOMPONENT},
		{"(\"date \")", ZP_ECOMPONENT},
		{"(\"date\" \"date\")", ZP_ECOMPONENT},
		{"(\"date\";sf)", ZP_ECOMPONENT},
		{"(\"date\";bs)", ZP_ECOMPONENT},
		{"(\"date\";tr)", ZP_ECOMPONENT},
		{"(\"cache-control\";key=\"max-age\")", ZP_ECOMPONENT},
		{"(\"@query-param\";name=\"Pet\")", ZP_ECOMPONENT},
		{"(\"date\";req)", ZP_ECOMPONENT},
		{"(\"date\";req=?0)", ZP_ECOMPONENT},
		{"(\"@status\")", ZP_ECOMPONENT},
		{"(\"@target-uri\")", ZP_ECOMPONENT},
		{"(\"@signature-params\")", ZP_ECOMPONENT},
		{"(\"x-bytes\")", ZP_ECOMPONENT},
		{"(date)", ZP_ESYNTAX},
		{"(1)", ZP_ESYNTAX},
		{"\"date\"", ZP_ESYNTAX},
	};
	struct text_buffer base = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = base_of(&rfc_message, cases[i].covered, &base);

		if (r != cases[i].error)
			fail_msg("%s: %d", cases[i].covered, r);
		text_buffer_done(&base);
	}
}

/* A header field of that name is never taken for the method. */
static void test_derived_components_are_no_fields(void **state)
{
	struct signature_message message = rfc_message;
	struct text_buffer base = {0};

	(void)state;
	message.method = NULL;
	assert_int_equal(base_of(&message, "(\"@method\")", &base), ZP_ECOMPONENT);
	text_buffer_done(&base);
	message.query = NULL;
	assert_int_equal(base_of(&message, "(\"@query\")", &base), ZP_ECOMPONENT);
	text_buffer_done(&base);
}

static void test_bases(void **state)
{
	const struct signature_message reply = {.status = 503, .request = &rfc_message};
	struct text_buffer base = {0};

	(void)state;
	assert_int_equal(base_of(&rfc_message, RFC_COVERED, &base), 0);
	assert_string_equal(base.data, RFC_BASE);
	text_buffer_done(&base);

	assert_int_equal(base_of(&rfc_message, "(\"@query\" \"cache-control\")", &base), 0);
	assert_string_equal(base.data, "\"@query\": ?param=Value&Pet=dog\n"
				       "\"cache-control\": max-age=60, must-revalidate\n"
				       "\"@signature-params\": (\"@query\" \"cache-control\")");
	text_buffer_done(&base);

	assert_int_equal(base_of(&reply, "(\"@status\" \"@method\";req \"date\";req);a=1", &base),
			 0);
	assert_string_equal(
		base.data, "\"@status\": 503\n\"@method\";req: POST\n"
			   "\"date\";req: Tue, 20 Apr 2021 02:07:55 GMT\n"
			   "\"@signature-params\": (\"@status\" \"@method\";req \"date\";req);a=1");
	text_buffer_done(&base);

	assert_int_equal(base_of(&rfc_message, "()", &base), 0);
	assert_string_equal(base.data, "\"@signature-params\": ()");
	text_buffer_done(&base);
}

static struct key *load_rfc_key(void)
{
	char directory[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE];
	struct reason why;
	struct key *key;

	assert_int_equal(key_library_init(), 0);
	scratch_make(directory);
	scratch_write(directory, "key.pem", RFC_PRIVATE, path);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(key_load(path, &key, &why), 0);
	scratch_remove(directory);
	return key;
}

static void test_the_rfc_signs_so(void **state)
{
	struct text_buffer input = {0}, signature = {0};
	struct key *key = load_rfc_key();
	struct sf_dictionary covered;

	(void)state;
	assert_int_equal(structured_field_parse("sig-b26=" RFC_COVERED, &covered), 0);
	assert_int_equal(signature_sign(&rfc_message, &covered.members[0], key, &input, &signature),
			 0);
	assert_string_equal(input.data, "sig-b26=" RFC_COVERED);
	assert_string_equal(signature.data, RFC_SIGNATURE);
	text_buffer_done(&input);
	text_buffer_done(&signature);
	structured_field_done(&covered);
	key_free(key);
}

static int verify(const struct signature_message *message, const char *covered,
		  const char *signature, const struct key_public *key)
{
	struct sf_dictionary inputs, signatures;
	int r;

	assert_int_equal(structured_field_parse(covered, &inputs), 0);
	assert_int_equal(structured_field_parse(signature, &signatures), 0);
	r = signature_verify(message, &inputs.members[0], &signatures.members[0], key);
	structured_field_done(&inputs);
	structured_field_done(&signatures);
	return r;
}

static void test_verified(void **state)
{
	struct signature_message message = rfc_message;
	struct key *key = load_rfc_key(), *other;
	const struct key_public *public = key_get_public(key);

	(void)state;
	assert_int_equal(verify(&message, "s=" RFC_COVERED, RFC_SIGNATURE, public), 0);
	assert_int_equal(verify(&message, "s=" RFC_COVERED ";x", RFC_SIGNATURE, public),
			 ZP_ESIGNATURE);
	assert_int_equal(verify(&message, "s=(\"date\")", RFC_SIGNATURE, public), ZP_ESIGNATURE);
	assert_int_equal(verify(&message, "s=" RFC_COVERED, "s=:AAAA:", public), ZP_ESIGNATURE);
	assert_int_equal(verify(&message, "s=" RFC_COVERED, "s=\"x\"", public), ZP_ESIGNATURE);
	message.path = "/foO";
	assert_int_equal(verify(&message, "s=" RFC_COVERED, RFC_SIGNATURE, public), ZP_ESIGNATURE);
	message.path = "/foo";
	assert_int_equal(key_generate(&other), 0);
	assert_int_equal(verify(&message, "s=" RFC_COVERED, RFC_SIGNATURE, key_get_public(other)),
			 ZP_ESIGNATURE);
	key_free(other);
	key_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_components),
		cmocka_unit_test(test_derived_components_are_no_fields),
		cmocka_unit_test(test_bases),
		cmocka_unit_test(test_the_rfc_signs_so),
		cmocka_unit_test(test_verified),
	};

	return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}
