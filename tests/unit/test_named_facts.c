#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/text.h"
#include "slave-agent/named_facts.h"
#include "tests/unit/site.h"

#define TEXT_SIZE 8192

/* In the configurations below: OURS is our include, HERE the directory of the test. */
static void write_conf(struct site *site, const char *text)
{
	struct text_buffer whole = {0};
	int r = 0;

	while (r == 0 && *text) {
		if (strncmp(text, "OURS", 4) == 0)
			r = text_buffer_printf(&whole, "include \"%s\";", site->include);
		else if (strncmp(text, "HERE", 4) == 0)
			r = text_buffer_printf(&whole, "%s", site->directory);
		else
			r = text_buffer_append(&whole, text, 1);
		text += strncmp(text, "OURS", 4) == 0 || strncmp(text, "HERE", 4) == 0 ? 4 : 1;
	}
	assert_int_equal(r, 0);
	scratch_write(site->directory, "named.conf", whole.data ? whole.data : "",
		      site->named_conf);
	text_buffer_done(&whole);
}

static struct named_facts *load(struct site *site)
{
	struct named_facts *facts;
	struct reason why;

	if (named_facts_load(&site->config, &facts, &why) < 0)
		fail_msg("%s", why.text);
	return facts;
}

static struct named_facts *load_text(struct site *site, const char *text)
{
	write_conf(site, text);
	return load(site);
}

static bool has_zone(const struct named_facts *facts, const char *name)
{
	struct zone_name zone = site_name(name);

	return named_facts_has_zone(facts, &zone);
}

static bool has_runtime_zone(const struct named_facts *facts, const char *name)
{
	struct zone_name zone = site_name(name);

	return named_facts_has_runtime_zone(facts, &zone);
}

/* What is wrong is told in named-checkconf's words, with the administrator's file. */
static void test_broken(void **state)
{
	static const struct {
		const char *text;
		int expected;
		const char *words;
	} cases[] = {
		{"options { directory \"HERE\"; };", ZP_EUNKNOWN, "doesn't include our zones"},
		{"", ZP_EUNKNOWN, "named.conf"},
		{"OURS\nzone \"a.example\" { type primary", ZP_ENAMED, "named.conf:"},
		{"OURS\nnonsense;", ZP_ENAMED, "nonsense"},
		{"OURS\nzone \"a.example\" { type primary; };", ZP_ENAMED, "'a.example'"},
		{"OURS\nzone \"a.example\" { type hint; file \"x\"; };\n"
		 "zone \"A.Example.\" { type hint; file \"y\"; };",
		 ZP_ENAMED, "already exists"},
		{"OURS\ninclude \"HERE/not-there\";", ZP_ENAMED, "named.conf:3: "},
		{"OURS\nview \"v\" { };\nzone \"a.example\" { type forward; };", ZP_ENAMED, "view"},
	};
	struct site *site = *state;
	struct named_facts *facts = NULL;
	struct reason why;
	int r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_conf(site, cases[i].text);
		r = named_facts_load(&site->config, &facts, &why);
		if (r != cases[i].expected || !strstr(why.text, cases[i].words) || facts)
			fail_msg("%s: %d, %s", cases[i].text, r, why.text);
	}
}

static void test_programs_that_fail(void **state)
{
	struct site *site = *state;
	struct named_facts *facts = NULL;
	struct reason why;

	site->config.named_checkconf = (char *)"/nowhere/named-checkconf";
	assert_true(named_facts_load(&site->config, &facts, &why) < 0);
	assert_non_null(strstr(why.text, "/nowhere/named-checkconf"));
	/* Says nothing, with success. */
	site->config.named_checkconf = (char *)"/bin/true";
	assert_int_equal(named_facts_load(&site->config, &facts, &why), ZP_EUNKNOWN);
	assert_non_null(strstr(why.text, "/bin/true"));
	site->config.named_checkconf = (char *)"/bin/false";
	assert_int_equal(named_facts_load(&site->config, &facts, &why), ZP_ENAMED);
	assert_null(facts);
	assert_int_equal(access(site->include, F_OK), 0);
}

/* Every way to write a zone that is ours when written plainly, and what isn't it. */
static void test_spellings(void **state)
{
	static const struct {
		const char *head;
		bool is_there;
	} cases[] = {
		{"zone \"other.example\"", false},
		{"zone \"shop.example.com\"", false},
		{"zone \"www.shop.example\"", false},
		{"zone \"shop\\.example\"", false},
		{"zone \"s\\046hop.example\"", false},
		{"/* zone \"shop.example\" { type forward; }; */ zone \"x.example\"", false},
		{"# zone \"shop.example\" { type forward; };\nzone \"x.example\"", false},
		{"zone \"zone \\\"shop.example\\\"\"", false},
		{"zone \"shop.example\"", true},
		{"zone shop.example", true},
		{"ZONE \"SHOP.Example\"", true},
		{"zone \"shop.example.\"", true},
		{"zone shop.example. in", true},
		{"zone \"shop.example\" IN", true},
		{"zone \"\\115hop.example\"", true},
		{"zone \"\\083HOP.example\"", true},
		{"zone \"sh\\op.example\"", true},
		{"zone\t\"shop.example\"/* ours? */", true},
		{"zone // a\n \"shop.example\" # b\n", true},
		{"zone \"x.example\" { type forward; forwarders { 192.0.2.1; }; };"
		 "zone \"shop.example\"",
		 true},
	};
	struct named_facts *facts;
	char text[TEXT_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "options { recursion no; };\nOURS\n%s { %s; };\n",
			 cases[i].head, "type forward");
		facts = load_text(*state, text);
		if (has_zone(facts, "shop.example") != cases[i].is_there)
			fail_msg("%s", cases[i].head);
		named_facts_free(facts);
	}
}

/* Types, names of another kind, and what else stands in braces. */
static void test_what_a_zone_is(void **state)
{
	struct named_facts *facts;

	facts = load_text(
		*state, "acl \"zone\" { { 192.0.2.1; ! { 192.0.2.2; }; }; };\n"
			"options { directory \"HERE\"; version \"zone \\\"v.example\\\" { };\";\n"
			"  allow-query { \"zone\"; }; };\n"
			"logging { channel \"zone\" { file \"HERE/log\"; }; };\n"
			"OURS\n"
			"zone \".\" { type hint; file \"root\"; };\n"
			"zone \"_tcp.under.example\" { type primary; file \"u\"; };\n"
			"zone \"0/25.2.0.192.in-addr.arpa\" { type forward; };\n"
			"zone \"*.wild.example\" { type forward; };\n"
			"zone \"secondary.example\" { type secondary; primaries {192.0.2.1;}; };\n"
			"zone \"stub.example\" { type stub; file \"s\"; primaries {192.0.2.1;};"
			" allow-query { zone; }; };\n"
			"zone \"last.example\" { type forward; };");
	assert_true(has_zone(facts, "_tcp.under.example"));
	assert_true(has_zone(facts, "0/25.2.0.192.in-addr.arpa"));
	assert_true(has_zone(facts, "secondary.example"));
	assert_true(has_zone(facts, "stub.example"));
	assert_true(has_zone(facts, "last.example"));
	assert_false(has_zone(facts, "v.example"));
	assert_false(has_zone(facts, "wild.example"));
	assert_string_equal(named_facts_get_view(facts), "");
	named_facts_free(facts);
}

/* Warnings are printed before the configuration. */
static void test_warnings(void **state)
{
	struct site *site = *state;
	struct named_facts *facts;
	char program[SCRATCH_PATH_SIZE];

	scratch_write(site->directory, "checkconf",
		      "#!/bin/sh\necho \"named.conf:1: option 'old' is deprecated\"\n"
		      "echo\n"
		      "echo \"named.conf:2: zone 'shop.example': odd { but\" true\n"
		      "exec /usr/bin/named-checkconf \"$@\"\n",
		      program);
	assert_int_equal(chmod(program, 0700), 0);
	site->config.named_checkconf = program;
	facts = load_text(site, "options { max-ixfr-ratio 100%; };\nOURS\n"
				"zone \"w.example\" { type forward; };\n"
				"zone \"s.example\" { type slave; masters { 192.0.2.1; };\n"
				"  file \"s\"; };\n");
	assert_true(has_zone(facts, "w.example"));
	assert_true(has_zone(facts, "s.example"));
	assert_false(has_zone(facts, "shop.example"));
	named_facts_free(facts);
}

/* Wherever it is written; ours in the middle of it. */
static void test_includes(void **state)
{
	struct site *site = *state;
	char path[SCRATCH_PATH_SIZE], text[TEXT_SIZE];
	struct named_facts *facts;

	scratch_write(site->directory, "hand.conf", "zone \"hand.example\" { type forward; };",
		      path);
	scratch_write(site->directory, "a.part", "zone \"a.example\" { type forward; };", path);
	scratch_write(site->directory, "b.part", "zone \"b.example\" { type forward; };", path);
	snprintf(text, sizeof(text),
		 "zone \"in.example\" { type forward; };\ninclude \"%s\";\n"
		 "zone \"behind.example\" { type forward; };",
		 site->include);
	scratch_write(site->directory, "local.conf", text, path);
	facts = load_text(site, "include \"HERE/hand.conf\";\ninclude \"HERE/local.conf\";\n"
				"include \"HERE/*.part\";\n");
	assert_true(has_zone(facts, "hand.example"));
	assert_true(has_zone(facts, "in.example"));
	assert_true(has_zone(facts, "behind.example"));
	assert_true(has_zone(facts, "a.example"));
	assert_true(has_zone(facts, "b.example"));
	named_facts_free(facts);
}

/* Our own zones, in force and damaged or not, are no zones by hand. */
static void test_ours_are_not_by_hand(void **state)
{
	struct site *site = *state;
	struct named_facts *facts;
	char path[SCRATCH_PATH_SIZE];

	scratch_write(site->directory, "include/zones.conf",
		      "zone \"shop.example\" { type forward; };\nbroken {\n", path);
	facts = load(site);
	assert_false(has_zone(facts, "shop.example"));
	named_facts_free(facts);
}

/* A zone counts in the view that our include stands in; so do keys, and all those outside. */
static void test_views(void **state)
{
	static const char conf[] =
		"key \"all.\" { algorithm hmac-sha256; secret \"c2hvcnQ=\"; };\n"
		"view \"inside\" { match-clients { 127.0.0.1; };\n"
		"  key \"inside\" { algorithm hmac-sha256; secret \"c2hvcnQ=\"; };\n"
		"  zone \"inside.example\" { type primary; file \"HERE/x\"; };\n"
		"  zone \"shared.example\" { type primary; file \"HERE/y\"; }; };\n"
		"view outside IN { match-clients { any; };\n"
		"  zone \"before.example\" IN { type forward; };\n"
		"  OURS\n"
		"  key Outside.Key { algorithm hmac-sha256; secret \"c2hvcnQ=\"; };\n"
		"  zone \"shared.example\" { in-view \"inside\"; };\n"
		"  zone \"behind.example\" { type forward; }; };\n"
		"view \"bind\" CH { zone \"chaos.example\" { type forward; }; };\n"
		"key last { algorithm hmac-sha256; secret \"c2hvcnQ=\"; };\n";
	struct named_facts *facts;

	facts = load_text(*state, conf);
	assert_string_equal(named_facts_get_view(facts), "outside");
	assert_true(has_zone(facts, "before.example"));
	assert_true(has_zone(facts, "shared.example"));
	assert_true(has_zone(facts, "behind.example"));
	assert_false(has_zone(facts, "inside.example"));
	assert_false(has_zone(facts, "chaos.example"));
	assert_true(named_facts_has_key(facts, "outside.KEY"));
	assert_true(named_facts_has_key(facts, "all"));
	assert_true(named_facts_has_key(facts, "ALL."));
	assert_true(named_facts_has_key(facts, "last."));
	assert_false(named_facts_has_key(facts, "inside"));
	assert_false(named_facts_has_key(facts, ""));
	assert_false(named_facts_has_key(facts, "."));
	assert_false(named_facts_has_key(facts, "al"));
	named_facts_free(facts);
}

static void put_file(struct site *site, const char *name, const char *text, mode_t mode)
{
	char path[SCRATCH_PATH_SIZE];

	scratch_write(site->directory, name, text, path);
	assert_int_equal(chmod(path, mode), 0);
}

/* Stands in for BIND's own program: the database is text. */
static void use_plain_databases(struct site *site)
{
	static char program[SCRATCH_PATH_SIZE];

	scratch_write(site->directory, "nzd2nzf", "#!/bin/sh\nexec cat \"$1\"\n", program);
	assert_int_equal(chmod(program, 0700), 0);
	site->config.nzd2nzf = program;
}

#define ALLOWED "options { directory \"HERE\"; allow-new-zones yes; };\n"

#define RUNTIME                                                                                    \
	"zone \"tool.example\" { type secondary; file \"t4\"; primaries { 127.0.0.1; }; };\n"      \
	"zone \"a\\.y.example\" { type primary; file \"}; zone \\\"no.example\\\" {\"; };\n"       \
	"zone \"eq.example\" IN Outside { type secondary; };\n"

/* Without runtime zones: what is in a database that named won't read doesn't count. */
static void test_no_runtime_zones(void **state)
{
	struct site *site = *state;
	struct named_facts *facts;

	use_plain_databases(site);
	put_file(site, "_default.nzd", RUNTIME, 0600);
	facts = load_text(site, "options { directory \"HERE\"; };\nOURS\n");
	assert_true(named_facts_knows_runtime(facts));
	assert_false(named_facts_may_have_runtime_zones(facts));
	assert_false(has_runtime_zone(facts, "tool.example"));
	named_facts_free(facts);

	facts = load_text(site,
			  "options { directory \"HERE/include\"; allow-new-zones yes; };\nOURS\n");
	assert_true(named_facts_knows_runtime(facts));
	assert_false(named_facts_may_have_runtime_zones(facts));
	named_facts_free(facts);
}

/* What can't be read may hold anything. */
static void test_unreadable_database(void **state)
{
	static const char conf[] = ALLOWED "OURS\n";
	struct site *site = *state;
	struct named_facts *facts;

	put_file(site, "_default.nzd", "not a database", 0600);
	facts = load_text(site, conf);
	assert_false(named_facts_knows_runtime(facts));
	assert_true(named_facts_may_have_runtime_zones(facts));
	named_facts_free(facts);

	site->config.nzd2nzf = (char *)"/nowhere/named-nzd2nzf";
	facts = load_text(site, conf);
	assert_false(named_facts_knows_runtime(facts));
	named_facts_free(facts);

	/* One that can't even be looked for. */
	put_file(site, "file", "", 0600);
	facts = load_text(site, "options { directory \"HERE\"; allow-new-zones yes;\n"
				"  new-zones-directory \"file\"; };\nOURS\n");
	assert_false(named_facts_knows_runtime(facts));
	named_facts_free(facts);
}

static void check_runtime(struct site *site, const char *conf, bool expected)
{
	struct named_facts *facts = load_text(site, conf);

	if (!named_facts_knows_runtime(facts) ||
	    has_runtime_zone(facts, "tool.example") != expected ||
	    has_runtime_zone(facts, "eq.example") != expected ||
	    has_runtime_zone(facts, "no.example") || has_zone(facts, "tool.example"))
		fail_msg("%s", conf);
	named_facts_free(facts);
}

static void test_where_the_database_is(void **state)
{
	/* The file that it is in, and configurations that name it or another. */
	static const struct {
		const char *file, *conf;
		bool is_there;
	} cases[] = {
		{"other.nzd", ALLOWED "OURS", false},
		{"_default.nzd", ALLOWED "OURS", true},
		{"_default.nzf", ALLOWED "OURS", true},
		{"include/_default.nzd",
		 "options { directory \"HERE\"; allow-new-zones yes;\n"
		 "  new-zones-directory \"include\"; };\nOURS",
		 true},
		{"_default.nzd",
		 "options { directory \"HERE/include\"; allow-new-zones yes;\n"
		 "  new-zones-directory \"HERE\"; };\nOURS",
		 true},
		{"outside.nzd", ALLOWED "view \"inside\" { };\nview \"outside\" { OURS };", true},
		{"inside.nzd", ALLOWED "view \"inside\" { };\nview \"outside\" { OURS };", false},
		{"_default.nzd", ALLOWED "view \"outside\" { OURS };", false},
		{"outside.nzd", ALLOWED "view \"outside\" { allow-new-zones no; OURS };", false},
		{"include/outside.nzd",
		 "options { directory \"HERE\"; allow-new-zones no;\n"
		 "  new-zones-directory \"HERE\"; };\n"
		 "view \"inside\" { new-zones-directory \"HERE\"; };\n"
		 "view \"outside\" { OURS allow-new-zones yes;\n"
		 "  new-zones-directory \"HERE/include\"; };",
		 true},
		/* SHA-256 of `Outside`, cut and whole. */
		{"dacf15163a11c489.nzd", ALLOWED "view \"Outside\" { OURS };", true},
		{"dacf15163a11c48924e5fa1a6c3a84ea6df1d0dd44111986c8a5163678bdb48a.nzd",
		 ALLOWED "view \"Outside\" { OURS };", true},
	};
	struct site *site = *state;
	char path[2 * SCRATCH_PATH_SIZE];

	use_plain_databases(site);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_file(site, cases[i].file, RUNTIME, 0600);
		check_runtime(site, cases[i].conf, cases[i].is_there);
		snprintf(path, sizeof(path), "%s/%s", site->directory, cases[i].file);
		assert_int_equal(unlink(path), 0);
	}
}

/* What was written while it was read counts as changed, until it was read once more. */
static struct named_facts *settle(struct site *site)
{
	struct named_facts *facts = load(site);

	while (named_facts_get_change(facts) != NAMED_FACTS_SAME) {
		named_facts_free(facts);
		facts = load(site);
	}
	return facts;
}

static void expect_change(struct named_facts *facts, enum named_facts_change expected)
{
	assert_int_equal(named_facts_get_change(facts), expected);
	named_facts_free(facts);
}

/* Files that were changed, that came and that went. */
static void test_changes(void **state)
{
	struct site *site = *state;
	struct named_facts *facts;
	char path[2 * SCRATCH_PATH_SIZE];

	put_file(site, "hand.conf", "zone \"hand.example\" { type forward; };", 0600);
	write_conf(site, "options { directory \"HERE\"; allow-new-zones yes; };\n"
			 "OURS\ninclude \"HERE/hand.conf\";\n");
	facts = settle(site);
	assert_int_equal(named_facts_get_change(facts), NAMED_FACTS_SAME);
	put_file(site, "hand.conf", "zone \"dnah.example\" { type forward; };", 0600);
	expect_change(facts, NAMED_FACTS_CONFIGURATION);

	facts = settle(site);
	put_file(site, "_default.nzf", "", 0600);
	expect_change(facts, NAMED_FACTS_RUNTIME);

	facts = settle(site);
	snprintf(path, sizeof(path), "%s/_default.nzf", site->directory);
	assert_int_equal(unlink(path), 0);
	expect_change(facts, NAMED_FACTS_RUNTIME);

	facts = settle(site);
	assert_int_equal(unlink(site->named_conf), 0);
	expect_change(facts, NAMED_FACTS_CONFIGURATION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_broken, site_setup, site_teardown),
		cmocka_unit_test_setup_teardown(test_programs_that_fail, site_setup, site_teardown),
		cmocka_unit_test_setup_teardown(test_spellings, site_setup, site_teardown),
		cmocka_unit_test_setup_teardown(test_what_a_zone_is, site_setup, site_teardown),
		cmocka_unit_test_setup_teardown(test_warnings, site_setup, site_teardown),
		cmocka_unit_test_setup_teardown(test_includes, site_setup, site_teardown),
		cmocka_unit_test_setup_teardown(test_ours_are_not_by_hand, site_setup,
						site_teardown),
		cmocka_unit_test_setup_teardown(test_views, site_setup, site_teardown),
		cmocka_unit_test_setup_teardown(test_no_runtime_zones, site_setup, site_teardown),
		cmocka_unit_test_setup_teardown(test_unreadable_database, site_setup,
						site_teardown),
		cmocka_unit_test_setup_teardown(test_where_the_database_is, site_setup,
						site_teardown),
		cmocka_unit_test_setup_teardown(test_changes, site_setup, site_teardown),
	};

	return cmocka_run_group_tests_name("named_facts", tests, NULL, NULL);
}
