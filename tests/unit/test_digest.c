#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/digest.h"
#include "proto/error.h"
#include "tests/unit/vector.h"

#define HELLO	  "{\"hello\": \"world\"}"
#define HELLO_256 "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
#define HELLO_512                                                                                  \
	"sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTH" \
	"WXvJwew==:"
#define EMPTY_256 "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"

/* Of fields for the content HELLO. */
static void test_refusals(void **state)
{
	static const struct {
		const char *field;
		int error;
	} cases[] = {
		{"", ZP_EDIGEST},
		{"md5=:AAAAAAAAAAAAAAAAAAAAAA==:", ZP_EDIGEST},
		{"sha=:AAAA:, unixsum=:AAAA:", ZP_EDIGEST},
		{EMPTY_256, ZP_EDIGEST},
		{"sha-256=::", ZP_EDIGEST},
		{"sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBA==:", ZP_EDIGEST},
		{"sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPEA:", ZP_EDIGEST},
		{"sha-512=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", ZP_EDIGEST},
		{HELLO_256 ", sha-512=:AAAA:", ZP_EDIGEST},
		{"sha-256=:AAAA:, " HELLO_512, ZP_EDIGEST},
		{HELLO_256 ", " HELLO_256, ZP_ESYNTAX},
		{HELLO_256 ",", ZP_ESYNTAX},
		{"SHA-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", ZP_ESYNTAX},
		{"sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=", ZP_ESYNTAX},
		{"sha-256=\"X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=\"", ZP_ESYNTAX},
		{"sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE:", ZP_ESYNTAX},
		{"sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPF=:", ZP_ESYNTAX},
		{"sha-256=(:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:)", ZP_ESYNTAX},
		{"sha-256", ZP_ESYNTAX},
		{HELLO_256 ", other=1", ZP_ESYNTAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (digest_verify(cases[i].field, HELLO, strlen(HELLO)) != cases[i].error)
			fail_msg("%s", cases[i].field);
}

static void test_too_long_a_field_is_malformed(void **state)
{
	char field[20000];

	(void)state;
	memset(field, 'a', sizeof(field) - 1);
	field[sizeof(field) - 1] = '\0';
	assert_int_equal(digest_verify(field, "", 0), ZP_ESYNTAX);
}

static void test_known_ones_count(void **state)
{
	static const char *const fields[] = {
		HELLO_256,
		HELLO_512,
		HELLO_512 "," HELLO_256,
		"md5=:AAAA:, " HELLO_256 ", crc32c=:AAAA:",
		HELLO_256 ";parameter=1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (digest_verify(fields[i], HELLO, strlen(HELLO)) != 0)
			fail_msg("%s", fields[i]);
}

static void test_render(void **state)
{
	char field[DIGEST_FIELD_SIZE];

	(void)state;
	digest_render(HELLO, strlen(HELLO), field);
	assert_string_equal(field, HELLO_256);
	digest_render("", 0, field);
	assert_string_equal(field, EMPTY_256);
	digest_render(NULL, 0, field);
	assert_string_equal(field, EMPTY_256);
}

static void test_hex(void **state)
{
	char text[DIGEST_HEX_SIZE];

	(void)state;
	digest_hex("", 0, text);
	assert_string_equal(text,
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* `\n` in a vector's content is a line feed. */
static size_t unescape(char *content)
{
	char *end = strstr(content, "\\n");

	if (end) {
		end[0] = '\n';
		end[1] = '\0';
	}
	return strlen(content);
}

static void test_vectors(void **state)
{
	char *text = vector_load_text("rfc9530.txt"), *at = text, *line;
	size_t count = 0;

	(void)state;
	for (line = strsep(&at, "\n"); at; line = strsep(&at, "\n")) {
		const char *verdict, *field;
		int r, expected;

		if (*line == '#')
			continue;
		verdict = strsep(&line, "|");
		field = strsep(&line, "|");
		expected = strcmp(verdict, "right") == 0   ? 0
			   : strcmp(verdict, "wrong") == 0 ? ZP_EDIGEST
							   : ZP_ESYNTAX;
		r = digest_verify(field, line, unescape(line));
		if (r != expected)
			fail_msg("%s: %s", field, error_text(r));
		count++;
	}
	assert_int_equal(count, 8);
	free(text);
}

/* RFC 7693: BLAKE2b with 32 bytes of output, without a key. */
static void test_file_hex(void **state)
{
	char text[DIGEST_HEX_SIZE];

	(void)state;
	digest_file_hex("", 0, text);
	assert_string_equal(text,
			    "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
	digest_file_hex("abc", 3, text);
	assert_string_equal(text,
			    "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_too_long_a_field_is_malformed),
		cmocka_unit_test(test_known_ones_count),
		cmocka_unit_test(test_render),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_file_hex),
		cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
