#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/digest.h"
#include "proto/error.h"

#define HELLO	    "{\"hello\": \"world\"}"
#define HELLO_FIELD "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
#define EMPTY_FIELD "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
/* RFC 9530 appendix B, of HELLO with a final LF. */
#define LINE_FIELD "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
#define HELLO_SHA_512                                                                              \
	"sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTH" \
	"WXvJwew==:"

static void test_refused(void **state)
{
	static const struct {
		const char *field;
		int error;
	} cases[] = {
		{"", ZP_EDIGEST},
		{EMPTY_FIELD, ZP_EDIGEST},
		{LINE_FIELD, ZP_EDIGEST},
		{"md5=:XrY7u+Ae7tCTyyK7j1rNww==:", ZP_EDIGEST},
		{HELLO_FIELD ", sha-512=:AAAA:", ZP_EDIGEST},
		{"sha-256=:AAAA:", ZP_EDIGEST},
		{HELLO_FIELD ", " HELLO_FIELD, ZP_ESYNTAX},
		{"sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=", ZP_ESYNTAX},
		{"sha-256=\"x\"", ZP_ESYNTAX},
		{"sha-256=(:AAAA:)", ZP_ESYNTAX},
		{"sha-256", ZP_ESYNTAX},
		{"SHA-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", ZP_ESYNTAX},
		{HELLO_FIELD ",", ZP_ESYNTAX},
		/* As four places of RFC 9530 print it: not base64. */
		{"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg==:", ZP_ESYNTAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = digest_verify(cases[i].field, HELLO, strlen(HELLO));

		if (r != cases[i].error)
			fail_msg("%s: %d", cases[i].field, r);
	}
}

static void test_public_vectors(void **state)
{
	char field[DIGEST_FIELD_SIZE];

	(void)state;
	digest_render(HELLO, strlen(HELLO), field);
	assert_string_equal(field, HELLO_FIELD);
	digest_render(HELLO "\n", strlen(HELLO) + 1, field);
	assert_string_equal(field, LINE_FIELD);
	digest_render(NULL, 0, field);
	assert_string_equal(field, EMPTY_FIELD);

	assert_int_equal(digest_verify(HELLO_FIELD, HELLO, strlen(HELLO)), 0);
	assert_int_equal(digest_verify(HELLO_SHA_512, HELLO, strlen(HELLO)), 0);
	assert_int_equal(digest_verify(EMPTY_FIELD, "", 0), 0);
}

static void test_several(void **state)
{
	(void)state;
	assert_int_equal(digest_verify(HELLO_FIELD ", " HELLO_SHA_512, HELLO, strlen(HELLO)), 0);
	assert_int_equal(digest_verify("crc32c=:AAAA:, " HELLO_FIELD ";x=1", HELLO, strlen(HELLO)),
			 0);
}

static void test_hex(void **state)
{
	char text[DIGEST_HEX_SIZE];

	(void)state;
	digest_hex("abc", 3, text);
	assert_string_equal(text,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_public_vectors),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_hex),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
