#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/zone_name.h"

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NAME_253                                                                                   \
	LABEL_63 "." LABEL_63 "." LABEL_63                                                         \
		 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_no_names(void **state)
{
	static const char *const texts[] = {
		"",
		".",
		"..",
		".a",
		"a..b",
		"a..",
		"*.a",
		"*",
		"@",
		"a@b",
		"a b",
		" a",
		"a ",
		"a\tb",
		"a\nb",
		"a\\.b",
		"a\\046b",
		"a\"b",
		"a;b",
		"a{b",
		"a/b.example",
		"a/b.in-addr.arpa.example",
		"a/b.xin-addr.arpa",
		"m\xc3\xbcnchen.example",
		"a\x7f",
		"a\x01",
		LABEL_63 "a",
		NAME_253 "a",
		"a.com\" { type primary; file \"/etc/passwd\"; }; zone \"b.com",
	};
	struct zone_name name;
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (zone_name_parse(texts[i], &name, &why) != ZP_ENAME || !*why.text)
			fail_msg("%s", texts[i]);
}

static void test_names(void **state)
{
	static const struct {
		const char *text, *canonical;
	} cases[] = {
		{"example.com", "example.com"},
		{"EXAMPLE.Com.", "example.com"},
		{"com", "com"},
		{"_dmarc.a-b.example", "_dmarc.a-b.example"},
		{"-a.example", "-a.example"},
		{"1.2.3.4", "1.2.3.4"},
		{"xn--mnchen-3ya.example", "xn--mnchen-3ya.example"},
		{"0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa"},
		{"0/4.8.b.d.0.1.0.0.2.IP6.ARPA.", "0/4.8.b.d.0.1.0.0.2.ip6.arpa"},
		{LABEL_63 ".a", LABEL_63 ".a"},
		{NAME_253, NAME_253},
		{NAME_253 ".", NAME_253},
	};
	struct zone_name name, again;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (zone_name_parse(cases[i].text, &name, NULL) != 0)
			fail_msg("%s", cases[i].text);
		assert_string_equal(name.text, cases[i].canonical);
		assert_int_equal(zone_name_parse(name.text, &again, NULL), 0);
		assert_string_equal(name.text, again.text);
	}
}

static void test_paths(void **state)
{
	static const char *const bad[] = {"a%",	   "a%2", "a%2g.example", "a%00.example", "%2525",
					  "a%20b", "",	  "a%2Fb.example"};
	char path[ZONE_NAME_PATH_SIZE];
	struct zone_name name;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (zone_name_parse_path(bad[i], &name, NULL) != ZP_ENAME)
			fail_msg("%s", bad[i]);
	assert_int_equal(zone_name_parse_path("0%2f25.2.0.192.in-addr.arpa", &name, NULL), 0);
	assert_string_equal(name.text, "0/25.2.0.192.in-addr.arpa");
	zone_name_render_path(&name, path);
	assert_string_equal(path, "0%2F25.2.0.192.in-addr.arpa");
	assert_int_equal(zone_name_parse_path("%65xample.com", &name, NULL), 0);
	assert_string_equal(name.text, "example.com");
}

static struct zone_name make(const char *text)
{
	struct zone_name name;

	assert_int_equal(zone_name_parse(text, &name, NULL), 0);
	return name;
}

static void test_within(void **state)
{
	const struct zone_name ancestor = make("example.com");
	const struct zone_name inside = make("a.example.com"), beside = make("aexample.com");
	const struct zone_name above = make("com");

	(void)state;
	assert_true(zone_name_is_within(&ancestor, &ancestor));
	assert_true(zone_name_is_within(&inside, &ancestor));
	assert_false(zone_name_is_within(&beside, &ancestor));
	assert_false(zone_name_is_within(&above, &ancestor));
}

static void test_reserved(void **state)
{
	static const char *const reserved[] = {
		"com",
		"localhost",
		"a.localhost",
		"printer.local",
		"a.b.test",
		"x.invalid",
		"x.onion",
		"127.in-addr.arpa",
		"1.0.0.127.in-addr.arpa",
		"10.in-addr.arpa",
		"16.172.in-addr.arpa",
		"31.172.in-addr.arpa",
		"168.192.in-addr.arpa",
		"64.100.in-addr.arpa",
		"127.100.in-addr.arpa",
		"2.0.192.in-addr.arpa",
		"255.255.255.255.in-addr.arpa",
		"d.f.ip6.arpa",
		"home.arpa",
		"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
	};
	static const char *const free_ones[] = {
		"example.com",
		"test.example",
		"localhost.example",
		"1.168.192.in-addr.arpa",
		"0/25.2.0.192.in-addr.arpa",
		"15.172.in-addr.arpa",
		"32.172.in-addr.arpa",
		"63.100.in-addr.arpa",
		"128.100.in-addr.arpa",
		"0.10.in-addr.arpa",
		"a.home.arpa",
	};
	struct zone_name name;
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		name = make(reserved[i]);
		if (zone_name_check_reserved(&name, NULL, 0, &why) != ZP_ERESERVED)
			fail_msg("%s", reserved[i]);
		assert_non_null(strstr(why.text, "allow-reserved"));
	}
	for (size_t i = 0; i < sizeof(free_ones) / sizeof(free_ones[0]); i++) {
		name = make(free_ones[i]);
		if (zone_name_check_reserved(&name, NULL, 0, &why) != 0)
			fail_msg("%s", why.text);
	}
}

static void test_allowed(void **state)
{
	const struct zone_name allowed[] = {make("test"), make("10.in-addr.arpa")};
	const struct zone_name below = make("a.test"), other = make("a.local");
	const struct zone_name ten = make("10.in-addr.arpa");

	(void)state;
	assert_int_equal(zone_name_check_reserved(&below, allowed, 2, NULL), 0);
	assert_int_equal(zone_name_check_reserved(&ten, allowed, 2, NULL), 0);
	assert_int_equal(zone_name_check_reserved(&other, allowed, 2, NULL), ZP_ERESERVED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_names), cmocka_unit_test(test_names),
		cmocka_unit_test(test_paths),	 cmocka_unit_test(test_within),
		cmocka_unit_test(test_reserved), cmocka_unit_test(test_allowed),
	};

	return cmocka_run_group_tests_name("zone_name", tests, NULL, NULL);
}
