#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "master-hook/client.h"

static void test_urls_that_are_refused(void **state)
{
	static const char *const urls[] = {
		"",
		"ns2.example",
		"ns2.example:8353",
		"//ns2.example",
		"http://",
		"ftp://ns2.example",
		"file:///etc/passwd",
		"http://ns2.example:99999",
		"http://ns2.example/zonepush",
		"http://ns2.example/?a=b",
		"http://ns2.example?",
		"http://ns2.example/#a",
		"http://me@ns2.example",
		"http://me:secret@ns2.example",
		"http://ns2 example",
		"http://ns2.example\r\nX: y",
	};
	char url[300] = "untouched";
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (client_parse_url(urls[i], url, sizeof(url), &why) != ZP_ESYNTAX ||
		    !strstr(why.text, "http://HOST:PORT") || strcmp(url, "untouched") != 0)
			fail_msg("'%s': %s", urls[i], why.text);
	assert_int_equal(client_parse_url("http://ns2.example:8353", url, 23, &why), ZP_ESYNTAX);
	assert_string_equal(why.text, "the URL is longer than 22 characters");
}

static void test_urls(void **state)
{
	static const char *const urls[][2] = {
		{"http://192.0.2.53:8353", "http://192.0.2.53:8353"},
		{"http://192.0.2.53:8353/", "http://192.0.2.53:8353"},
		{"HTTP://ns2.example:80", "http://ns2.example:80"},
		{"https://ns2.example", "https://ns2.example"},
		{"http://[2001:db8::1]:8353", "http://[2001:db8::1]:8353"},
	};
	char url[300];
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		if (client_parse_url(urls[i][0], url, sizeof(url), &why) < 0)
			fail_msg("'%s': %s", urls[i][0], why.text);
		assert_string_equal(url, urls[i][1]);
	}
	assert_int_equal(client_parse_url("http://ns2.example:8353", url, 24, &why), 0);
}

static void test_hosts(void **state)
{
	static const char *const urls[][2] = {
		{"http://192.0.2.53:8353", "192.0.2.53"},
		{"https://ns2.example", "ns2.example"},
		{"http://[2001:db8::1]:8353", "2001:db8::1"},
	};
	char host[16];

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		client_get_host(urls[i][0], host, sizeof(host));
		assert_string_equal(host, urls[i][1]);
	}
	client_get_host("http://sixteen-letters-.example", host, sizeof(host));
	assert_string_equal(host, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls_that_are_refused),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
