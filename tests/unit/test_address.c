#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/address.h"

static void test_what_is_no_address(void **state)
{
	static const char *const texts[] = {
		"",
		":",
		":53",
		"localhost",
		"ns1.example.com:53",
		"192.0.2",
		"192.0.2.256",
		"192.0.2.01",
		"192.0.2.1.",
		"192.0.2.1 ",
		" 192.0.2.1",
		"192.0.2.1/24",
		"192.0.2.1#53",
		"192.0.2.1:",
		"192.0.2.1:0",
		"192.0.2.1:65536",
		"192.0.2.1:053",
		"192.0.2.1:+53",
		"192.0.2.1:dns",
		"[192.0.2.1]",
		"[192.0.2.1]:53",
		"[]",
		"[]:53",
		"[2001:db8::1",
		"[2001:db8::1]53",
		"[2001:db8::1]:",
		"[2001:db8::1]:0",
		"2001:db8::1]:53",
		"[[2001:db8::1]]",
		"2001:db8:::1",
		"2001:db8::g",
		"fe80::1%eth0",
		"[fe80::1%1]:53",
		"1:2:3:4:5:6:7:8:9",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
	};
	struct address address = {.port = 42};
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		why = (struct reason){0};
		if (address_parse(texts[i], 53, &address, &why) != ZP_ESYNTAX || !*why.text)
			fail_msg("'%s'", texts[i]);
	}
	assert_int_equal(address.port, 42);
	assert_int_equal(address_parse("x", 53, &address, NULL), ZP_ESYNTAX);
}

static void test_parse_and_render(void **state)
{
	static const struct {
		const char *text, *rendered;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1:53"},
		{"192.0.2.1:1", "192.0.2.1:1"},
		{"192.0.2.1:65535", "192.0.2.1:65535"},
		{"::", "[::]:53"},
		{"2001:DB8:0:0:0:0:0:1", "[2001:db8::1]:53"},
		{"[2001:db8::1]", "[2001:db8::1]:53"},
		{"[2001:0db8::0001]:8353", "[2001:db8::1]:8353"},
		{"2001:db8::1:53", "[2001:db8::1:53]:53"}, /* without brackets it is all address */
		{"2001:db8:aaaa:bbbb:cccc:dddd:255.255.255.255",
		 "[2001:db8:aaaa:bbbb:cccc:dddd:ffff:ffff]:53"},
		{"[::ffff:255.255.255.255]:65535", "[::ffff:255.255.255.255]:65535"},
	};
	char text[ADDRESS_SIZE];
	struct address address, again;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(address_parse(cases[i].text, 53, &address, NULL), 0);
		address_render(&address, text);
		assert_string_equal(text, cases[i].rendered);
		assert_int_equal(address_parse(text, 1, &again, NULL), 0);
		assert_string_equal(again.host, address.host);
		assert_int_equal(again.port, address.port);
		assert_int_equal(again.family, address.family);
	}
}

static void test_what_is_no_primary(void **state)
{
	static const char *const texts[] = {
		"0.0.0.0",	    "0.1.2.3", "224.0.0.1", "239.255.255.255", "255.255.255.255",
		"240.0.0.1",	    "::",      "ff02::1",   "fe80::1",	       "febf::1",
		"::ffff:192.0.2.1", "::1:53",
	};
	struct address address;
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(address_parse(texts[i], 53, &address, NULL), 0);
		why = (struct reason){0};
		if (address_check_primary(&address, &why) != ZP_ESYNTAX ||
		    !strstr(why.text, address.host))
			fail_msg("'%s'", texts[i]);
	}
}

static void test_primaries(void **state)
{
	static const char *const texts[] = {
		"192.0.2.1",   "10.0.0.1", "127.0.0.1", "223.255.255.255",
		"2001:db8::1", "::1",	   "fd00::1",
	};
	struct address address;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(address_parse(texts[i], 53, &address, NULL), 0);
		assert_int_equal(address_check_primary(&address, NULL), 0);
	}
}

static void test_to_socket(void **state)
{
	struct sockaddr_storage storage;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&storage;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&storage;
	struct address address;

	(void)state;
	assert_int_equal(address_parse("192.0.2.1:8353", 53, &address, NULL), 0);
	assert_int_equal(address_to_socket(&address, &storage), sizeof(*v4));
	assert_int_equal(v4->sin_family, AF_INET);
	assert_int_equal(ntohs(v4->sin_port), 8353);
	assert_int_equal(ntohl(v4->sin_addr.s_addr), 0xc0000201);

	assert_int_equal(address_parse("[::1]:8353", 53, &address, NULL), 0);
	assert_int_equal(address_to_socket(&address, &storage), sizeof(*v6));
	assert_int_equal(v6->sin6_family, AF_INET6);
	assert_int_equal(ntohs(v6->sin6_port), 8353);
	assert_memory_equal(&v6->sin6_addr, &in6addr_loopback, sizeof(in6addr_loopback));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_no_address), cmocka_unit_test(test_parse_and_render),
		cmocka_unit_test(test_what_is_no_primary), cmocka_unit_test(test_primaries),
		cmocka_unit_test(test_to_socket),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
