/* Secrets that are none; then RFC 4231 §4.2, §4.3 and §4.7, in base64. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/error.h"
#include "proto/hmac.h"
#include "proto/key.h"

struct vector {
	const char *secret, *data, *sha256, *sha512;
};

static const struct vector vectors[] = {
	{"CwsLCwsLCwsLCwsLCwsLCwsLCws=", "Hi There", "sDRMYdjbOFNcqK/OrwvxK4gdwgDJgz2nJuk3bC4yz/c=",
	 "h6p83qXvYZ1P8LQkGh1ssCN59OLOTsJ4etCzBUXhfN7aqDO31rinAgOLJ06uo/"
	 "Tkvp2RTuth8XAuaWwgOhJoVA=="},
	{" Sm VmZQ==\n", "what do ya want for nothing?",
	 "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
	 "Fkt6e/z4GeLjlfvnO1bgo4e9ZCIugx/"
	 "WECcM1+olBVSXWL91wFqZSm0DT2X48Ob9yuqxo01Ka0tjbgcKOLznNw=="},
	{"qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
	 "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=",
	 "Test Using Larger Than Block-Size Key - Hash Key First",
	 "YOQxWR7gtn8Niiaqy/W3f44LxiE3KMUUBUYEDw7jf1Q=",
	 "gLJCY8fBo+u3FJPB3XvotJtG0fQbSu7BEhsBN4P481JrVtA34F8lmL0P0iFdah5SleZPc/Y/"
	 "CuyLkVqYXXhlmA=="},
};

static int setup(void **state)
{
	(void)state;
	return key_library_init();
}

static void test_no_secrets(void **state)
{
	static const char *const wrong[] = {
		"", " ", "=", "AA", "AA=", "AAA", "A-_A", "AA==AA==", "AA.=", "\xc3\xa9\xc3\xa9",
	};
	struct hmac_key *key = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (hmac_key_parse(HMAC_SHA256, wrong[i], strlen(wrong[i]), &key) != ZP_ESYNTAX)
			fail_msg("'%s' is taken", wrong[i]);
	assert_null(key);
}

static void test_a_secret_too_long(void **state)
{
	char text[3 * HMAC_SECRET_MAX];
	struct hmac_key *key = NULL;

	(void)state;
	memset(text, 'A', sizeof(text));
	assert_int_equal(hmac_key_parse(HMAC_SHA256, text, sizeof(text), &key), ZP_ETOOBIG);
	assert_int_equal(hmac_key_parse(HMAC_SHA256, text, 4 * (HMAC_SECRET_MAX / 3 + 1), &key),
			 ZP_ESYNTAX);
	assert_null(key);
}

static void check(enum hmac_algorithm algorithm, const struct vector *vector, const char *expected)
{
	char padded[HMAC_TEXT_LENGTH] = {0}, text[HMAC_TEXT_LENGTH];
	size_t length = strlen(vector->data);
	struct hmac_key *key;

	memcpy(padded, expected, strlen(expected));
	assert_int_equal(hmac_key_parse(algorithm, vector->secret, strlen(vector->secret), &key),
			 0);
	assert_int_equal(hmac_key_get_algorithm(key), algorithm);
	hmac_render(key, vector->data, length, text);
	assert_memory_equal(text, padded, sizeof(text));

	assert_int_equal(hmac_verify(key, vector->data, length - 1, padded), ZP_ESIGNATURE);
	for (size_t i = 0; i < sizeof(padded); i++) {
		padded[i] ^= 1;
		assert_int_equal(hmac_verify(key, vector->data, length, padded), ZP_ESIGNATURE);
		padded[i] ^= 1;
	}
	assert_int_equal(hmac_verify(key, vector->data, length, padded), 0);
	hmac_key_free(key);
}

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		check(HMAC_SHA256, &vectors[i], vectors[i].sha256);
		check(HMAC_SHA512, &vectors[i], vectors[i].sha512);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_secrets),
		cmocka_unit_test(test_a_secret_too_long),
		cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests_name("hmac", tests, setup, NULL);
}
