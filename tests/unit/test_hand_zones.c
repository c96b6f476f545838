#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "slave-agent/hand_zones.h"

static int parse(const char *text, const char *view, struct hand_zones *ret_zones)
{
	struct reason why;

	return hand_zones_parse(text, strlen(text), view, ret_zones, &why);
}

/* What named wouldn't take either. */
static void test_broken(void **state)
{
	static const char *const broken[] = {
		"zone",
		"zone {",
		"zone \"a.example\" {",
		"zone \"a.example\" { type secondary; }",
		"zone \"a.example\" { type secondary };",
		"zone \"a.example\" { primaries 192.0.2.1; };",
		"zone \"a.example\" { primaries { 192.0.2.1 };",
		"zone \"a.example\" { primaries port x { 192.0.2.1; }; };",
		"zone \"a.example\" { file; };",
		"};",
		"options { directory \"/\"; ",
		"view x { zone \"a.example\" { type primary; }; ",
		"zone \"a.example { type secondary; };",
	};
	struct hand_zones zones;

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		if (parse(broken[i], "", &zones) == 0)
			fail_msg("%s", broken[i]);
}

static void test_reasons(void **state)
{
	static const struct {
		const char *body, *reason;
	} cases[] = {
		{"type primary; file \"x\";", "it is of type 'primary', not secondary"},
		{"type secondary;", "it has no primaries"},
		{"type secondary; primaries { list; };", "'list' among its primaries"},
		{"type secondary; primaries { 192.0.2.1 tls t; };", "'tls' among its primaries"},
		{"type secondary; primaries { 192.0.2.1 key a; 192.0.2.2 key b; };",
		 "different keys"},
		{"type secondary; primaries { 192.0.2.1; }; allow-query { any; };",
		 "the option 'allow-query'"},
		{"type secondary; primaries { 192.0.2.1; }; masterfile-format text;",
		 "'masterfile-format'"},
		{"primaries { 1.1.1.1; 1.1.1.2; 1.1.1.3; 1.1.1.4; 1.1.1.5; 1.1.1.6; 1.1.1.7; "
		 "1.1.1.8; 1.1.1.9; };",
		 "too many primaries"},
	};
	struct hand_zones zones;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "zone \"a.example\" { %s };", cases[i].body);
		assert_int_equal(parse(text, "", &zones), 0);
		assert_int_equal(zones.count, 1);
		if (!strstr(zones.items[0].reason, cases[i].reason))
			fail_msg("%s: '%s'", cases[i].body, zones.items[0].reason);
		hand_zones_done(&zones);
	}
}

static void test_names_classes_views(void **state)
{
	static const struct {
		const char *text, *view;
		bool is_good;
	} cases[] = {
		{"zone A.Example. {%s};", "", true},
		{"zone \"a.example\" IN {%s};", "", true},
		{"zone \"a.example\" CH {%s};", "", false},
		{"zone \"a b.example\" {%s};", "", false},
		{"zone \"a\\.b.example\" {%s};", "", false},
		{"view v { zone \"a.example\" {%s}; };", "v", true},
		{"view v in { match-clients { any; }; zone \"a.example\" {%s}; };", "v", true},
		{"view v { zone \"a.example\" {%s}; };", "", false},
		{"zone \"a.example\" {%s};", "v", false},
	};
	struct hand_zones zones;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *at = strstr(cases[i].text, "%s");

		snprintf(text, sizeof(text), "%.*s type secondary; primaries { 192.0.2.1; }; %s",
			 (int)(at - cases[i].text), cases[i].text, at + 2);
		assert_int_equal(parse(text, cases[i].view, &zones), 0);
		assert_int_equal(zones.count, 1);
		if ((*zones.items[0].reason == '\0') != cases[i].is_good)
			fail_msg("%s: '%s'", text, zones.items[0].reason);
		hand_zones_done(&zones);
	}
}

static void test_everything(void **state)
{
	static const char text[] =
		"// a comment with zone \"x\" {\n"
		"options { directory \"/x\"; };\n"
		"/* more\n */ zone \"one.example\" {\n"
		"\ttype slave; # old words\n"
		"\tmasters port 5300 { 192.0.2.1; 2001:db8::1 port 53; };\n"
		"\tfile \"one.db\";\n"
		"};\n"
		"acl x { any; };\n"
		"zone two.example { type secondary; masterfile-format raw;\n"
		"primaries { 192.0.2.1 key \"k\"; 192.0.2.2 port 5 key k; }; };\n";
	struct hand_zones zones;

	(void)state;
	assert_int_equal(parse(text, "", &zones), 0);
	assert_int_equal(zones.count, 2);
	assert_string_equal(zones.items[0].name.text, "one.example");
	assert_string_equal(zones.items[0].reason, "");
	assert_string_equal(zones.items[0].file, "one.db");
	assert_int_equal(zones.items[0].first_line, 4);
	assert_int_equal(zones.items[0].last_line, 8);
	assert_int_equal(zones.items[0].n_primaries, 2);
	assert_int_equal(zones.items[0].primaries[0].port, 5300);
	assert_string_equal(zones.items[0].primaries[1].host, "2001:db8::1");
	assert_int_equal(zones.items[0].primaries[1].port, 53);
	assert_string_equal(zones.items[1].reason, "");
	assert_string_equal(zones.items[1].tsig, "k");
	assert_int_equal(zones.items[1].primaries[1].port, 5);
	assert_null(zones.items[1].file);
	hand_zones_done(&zones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_names_classes_views),
		cmocka_unit_test(test_everything),
	};

	return cmocka_run_group_tests_name("hand_zones", tests, NULL, NULL);
}
