/* Files that don't say it, then rndc.key and rndc.conf as administrators write them. */

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
#include "slave-agent/rndc_key.h"
#include "tests/unit/scratch.h"

#define KEY(name, algorithm) "key " name " { algorithm " algorithm "; secret \"c2hvcnQ=\"; };\n"
#define A		     KEY("\"a\"", "hmac-sha256")
#define B		     KEY("b", "hmac-sha512")
#define COUNT(array)	     (sizeof(array) / sizeof((array)[0]))

static int setup(void **state)
{
	char *path = malloc(SCRATCH_PATH_SIZE);

	assert_int_equal(key_library_init(), 0);
	scratch_make(path);
	*state = path;
	return 0;
}

static int teardown(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static int load_for(const char *directory, const char *text, const char *server, uint16_t port,
		    struct rndc_key *ret_key, struct reason *why)
{
	char path[SCRATCH_PATH_SIZE];

	scratch_write(directory, "rndc.key", text, path);
	return rndc_key_load(path, server, port, ret_key, why);
}

static int load(const char *directory, const char *text, struct rndc_key *ret_key,
		struct reason *why)
{
	return load_for(directory, text, "", 0, ret_key, why);
}

static void test_files_that_cannot_be_read(void **state)
{
	char path[SCRATCH_PATH_SIZE];
	struct rndc_key key;
	struct reason why;

	assert_int_equal(rndc_key_load("/nowhere/rndc.key", "", 0, &key, &why), ZP_EPROGRAM);
	assert_non_null(strstr(why.text, "/nowhere/rndc.key"));
	assert_int_equal(rndc_key_load(*state, "", 0, &key, &why), ZP_EPROGRAM);

	snprintf(path, sizeof(path), "include \"%s/rndc.key\";", (const char *)*state);
	assert_int_equal(load(*state, path, &key, &why), ZP_EPROGRAM);
	assert_non_null(strstr(why.text, error_text(ZP_ETOOBIG)));
	assert_int_equal(load(*state, "\n\ninclude /nowhere/k;", &key, &why), ZP_EPROGRAM);
	assert_non_null(strstr(why.text, "'/nowhere/k'"));
}

static void test_files_that_are_not_right(void **state)
{
	static const char *const wrong[] = {
		"key",
		"key {",
		"key a",
		"key a {",
		"key a { algorithm hmac-sha256; secret \"c2hvcnQ=\"; }",
		"key a { algorithm hmac-sha256; secret \"c2hvcnQ=\" };",
		"key a { algorithm hmac-sha256; secret \"c2hvcnQ=; };",
		"key a { algorithm hmac-sha256; secret ; };",
		"key a { algorithm hmac-sha256; };",
		"key a { secret \"c2hvcnQ=\"; };",
		"key a { algorithm hmac-sha256; secret \"short\"; };",
		"key a { algorithm hmac-sha256; secret \"\"; };",
		"key \"\" { algorithm hmac-sha256; secret \"c2hvcnQ=\"; };",
		A "}",
		A "options { default-port };",
		A "options { default-port 1; }",
		A "options { { } };",
		A "server ; { };",
		A "other { a { b; }; c",
		A "include ;",
		A "\"string\";",
		A "\"",
		";",
	};
	struct rndc_key key;
	struct reason why;

	for (size_t i = 0; i < COUNT(wrong); i++) {
		if (load(*state, wrong[i], &key, &why) != ZP_EPROGRAM)
			fail_msg("%s", wrong[i]);
		assert_non_null(strstr(why.text, "rndc.key' isn't right from line"));
		assert_null(strstr(why.text, "c2hvcnQ"));
	}
}

static void test_which_key_is_not_said(void **state)
{
	static const char *const wrong[] = {
		"",
		"# key",
		"options { default-key a; };",
		A B,
		A "options { default-key c; };",
		A "server 127.0.0.1 { key c; };",
	};
	struct rndc_key key;
	struct reason why;

	for (size_t i = 0; i < COUNT(wrong); i++) {
		if (load(*state, wrong[i], &key, &why) != ZP_EPROGRAM)
			fail_msg("%s", wrong[i]);
		assert_non_null(strstr(why.text, "default-key"));
	}
}

static void test_ports_that_are_none(void **state)
{
	static const char *const wrong[] = {"0", "65536", "x", "-1"};
	struct rndc_key key;
	struct reason why;
	char text[256];

	for (size_t i = 0; i < COUNT(wrong); i++) {
		snprintf(text, sizeof(text), A "options { default-port %s; };", wrong[i]);
		assert_int_equal(load(*state, text, &key, &why), ZP_EPROGRAM);
		assert_non_null(strstr(why.text, "port"));
	}
}

static void test_too_many(void **state)
{
	char text[(RNDC_KEY_KEYS_MAX + 1) * sizeof(A)] = "";
	struct rndc_key key;
	struct reason why;

	for (size_t i = 0; i <= RNDC_KEY_KEYS_MAX; i++)
		memcpy(text + i * (sizeof(A) - 1), A, sizeof(A));
	assert_int_equal(load(*state, text, &key, &why), ZP_EPROGRAM);
	assert_non_null(strstr(why.text, error_text(ZP_ETOOBIG)));
}

/* What only the program can do: said, and which. */
static void test_beyond(void **state)
{
	static const char *const cases[][2] = {
		{KEY("a", "hmac-sha1"), "'hmac-sha1'"},
		{KEY("a", "hmac-md5"), "'hmac-md5'"},
		{KEY("a", "hmac-sha384"), "'hmac-sha384'"},
		{KEY("a", "hmac-sha256-128"), "'hmac-sha256-128'"},
		{A "options { default-server localhost; };", "'localhost'"},
		{A "server 127.0.0.1 { addresses { 127.0.0.1 port 5; }; };", "addresses"},
		{A "server 127.0.0.1 { source-address 127.0.0.2; };", "addresses"},
		{A "options { default-source-address-v6 ::1; };", "addresses"},
	};
	struct rndc_key key;
	struct reason why;

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(load(*state, cases[i][0], &key, &why), 0);
		if (!strstr(key.beyond, cases[i][1]))
			fail_msg("%s: %s", cases[i][0], key.beyond);
		assert_string_equal(key.name, "a");
		assert_null(key.secret);
		rndc_key_done(&key);
	}
}

struct expected {
	const char *text, *server; /* the file, and the administrator's own */
	uint16_t own_port;
	const char *name, *host;
	uint16_t port;
};

static void test_what_is_taken(void **state)
{
	static const struct expected cases[] = {
		{A, "", 0, "a", "127.0.0.1", 953},
		{A, "::1", 1953, "a", "::1", 1953},
		{"/* c */ KEY b{SECRET c2hvcnQ=;Algorithm \"HMAC-SHA512\";};", "", 0, "b",
		 "127.0.0.1", 953},
		{"# made by rndc-confgen\n" A "options {\n\tdefault-key \"a\";\n\tdefault-server "
		 "127.0.0.2;\n\tdefault-port 954;\n};\n",
		 "", 0, "a", "127.0.0.2", 954},
		{A B "options { default-key b; default-server ::1; default-port 954; };",
		 "127.0.0.1", 955, "b", "127.0.0.1", 955},
		{A B "options { default-key b; default-port 954; };\n"
		     "server 127.0.0.1 { key a; port 956; };",
		 "", 0, "a", "127.0.0.1", 956},
		{A B "options { default-key b; };\nserver ::1 { key a; port 956; };", "", 0, "b",
		 "127.0.0.1", 953},
		{A "statistics { x { y; }; z; };", "", 0, "a", "127.0.0.1", 953},
	};
	struct rndc_key key;
	struct reason why;

	for (size_t i = 0; i < COUNT(cases); i++) {
		if (load_for(*state, cases[i].text, cases[i].server, cases[i].own_port, &key, &why))
			fail_msg("%s", why.text);
		assert_string_equal(key.beyond, "");
		assert_string_equal(key.name, cases[i].name);
		assert_string_equal(key.server, cases[i].host);
		assert_string_equal(key.address.host, cases[i].host);
		assert_int_equal(key.port, cases[i].port);
		assert_int_equal(key.address.port, cases[i].port);
		assert_int_equal(hmac_key_get_algorithm(key.secret),
				 cases[i].name[0] == 'a' ? HMAC_SHA256 : HMAC_SHA512);
		rndc_key_done(&key);
	}
}

static void test_an_include(void **state)
{
	char text[2 * SCRATCH_PATH_SIZE], inner[SCRATCH_PATH_SIZE];
	struct rndc_key key;
	struct reason why;

	scratch_write(*state, "inner.key", A, inner);
	snprintf(text, sizeof(text), "include \"%s\";\noptions { default-port 954; };\n", inner);
	assert_int_equal(load(*state, text, &key, &why), 0);
	assert_string_equal(key.name, "a");
	assert_int_equal(key.address.port, 954);
	rndc_key_done(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_that_cannot_be_read),
		cmocka_unit_test(test_files_that_are_not_right),
		cmocka_unit_test(test_which_key_is_not_said),
		cmocka_unit_test(test_ports_that_are_none),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_beyond),
		cmocka_unit_test(test_what_is_taken),
		cmocka_unit_test(test_an_include),
	};

	return cmocka_run_group_tests_name("rndc_key", tests, setup, teardown);
}
