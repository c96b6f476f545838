#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/text.h"
#include "slave-agent/clause.h"

#define LABEL "012345678901234567890123456789012345678901234567890123456789"
#define LONG  LABEL "." LABEL "." LABEL "." LABEL ".example"

static const struct agent_config config = {.data = (char *)"/var/cache/bind/zonepush"};
static const struct named_words words = {"secondary", "primaries"};
static const struct named_words old_words = {"slave", "masters"};

static const char line[] =
	"zone \"shop.example\" { type secondary; file \"/var/cache/bind/zonepush/"
	"shop.example.17.db\"; primaries { 192.0.2.1 port 53; 2001:db8::1 port 5300; }; }; # "
	"master=plesk1 generation=19 made=17\n";

static struct registry_zone make_zone(const char *name, uint64_t made, uint64_t begun)
{
	struct registry_zone zone = {.made = made, .begun = begun, .generation = begun + 5};

	assert_int_equal(zone_name_parse(name, &zone.name, NULL), 0);
	return zone;
}

static struct registry_master make_master(const char *tsig, size_t n_primaries, ...)
{
	struct registry_master master = {.name = "plesk1", .n_primaries = n_primaries};
	va_list arguments;

	snprintf(master.tsig, sizeof(master.tsig), "%s", tsig);
	va_start(arguments, n_primaries);
	for (size_t i = 0; i < n_primaries; i++)
		assert_int_equal(address_parse(va_arg(arguments, const char *), 53,
					       &master.primaries[i], NULL),
				 0);
	va_end(arguments);
	return master;
}

static void render(const struct named_words *spelling, const struct registry_zone *zone,
		   const struct registry_master *master, struct text_buffer *ret_text)
{
	*ret_text = (struct text_buffer){0};
	assert_int_equal(clause_render(&config, spelling, zone, master, ret_text), 0);
}

static bool parses(const char *text, size_t length)
{
	struct registry_master master;
	struct registry_zone zone;

	return clause_parse(text, length, &zone, &master) == 0;
}

/* However a line is cut, it isn't one; nor with anything behind it. */
static void test_cut_lines(void **state)
{
	const size_t length = strlen(line) - 1;
	char more[sizeof(line) + 1];

	(void)state;
	assert_true(parses(line, length));
	for (size_t i = 0; i < length; i++)
		if (parses(line, i) &&
		    strncmp(line + i - 1, "1", 1) != 0) /* a shorter number is one, too */
			fail_msg("%.*s", (int)i, line);
	for (const char *c = " ;#\n}\"x"; *c; c++) {
		snprintf(more, sizeof(more), "%.*s%c", (int)length, line, *c);
		assert_false(parses(more, length + 1));
	}
}

/* A sign that is changed makes no line, unless it is one of the path's. */
static void test_changed_lines(void **state)
{
	const size_t length = strlen(line) - 1;
	const size_t path = (size_t)(strchr(line, '/') - line);
	const size_t path_end = (size_t)(strstr(line, ".db") + 3 - line);
	char text[sizeof(line)];

	(void)state;
	for (size_t i = 0; i < length; i++) {
		memcpy(text, line, sizeof(line));
		text[i] = '\x01';
		if ((i < path || i >= path_end) && parses(text, length))
			fail_msg("%.*s", (int)length, text);
	}
	for (size_t i = 0; i < length; i++) {
		memcpy(text, line, sizeof(line));
		text[i] = '"';
		if (text[i] != line[i] && parses(text, length))
			fail_msg("%.*s", (int)length, text);
	}
}

static void test_wrong_lines(void **state)
{
	static const char *const wrong[] = {
		"",
		"zone",
		"# zones=0 blake2b=00",
		"zone \"\" { type secondary; file \"f\"; primaries { 192.0.2.1 port 53; }; }; # "
		"master=a generation=1 made=1",
		"zone \"a.example\" { type secondary; file \"f\"; primaries { }; }; # master=a "
		"generation=1 made=1",
		"zone \"a.example\" { type secondary; file \"f\"; primaries { 192.0.2.1 port 53; "
		"}; "
		"}; # master=a generation=1 made=-1",
		"zone \"a.example\" { type secondary; file \"f\"; primaries { 192.0.2.1 port 53; "
		"}; "
		"}; # master=a generation=1 made=9007199254740992",
		"zone \"a.example\" { type secondary; file \"f\"; primaries { 192.0.2.1 port 0; }; "
		"}; # master=a generation=1 made=1",
		"zone \"a.example\" { type secondary; file \"f\"; primaries { host.example port "
		"53; "
		"}; }; # master=a generation=1 made=1",
		"zone \"a.example\" { type secondary; file \"f\"; primaries { 192.0.2.1 port 53; "
		"}; "
		"}; # master=A! generation=1 made=1",
		"zone \"a.example\" { type secondary; file \"f\"; primaries { 192.0.2.1 port 53 "
		"key "
		"\"\"; }; }; # master=a generation=1 made=1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (parses(wrong[i], strlen(wrong[i])))
			fail_msg("%s", wrong[i]);
}

static void test_names_alone(void **state)
{
	static const char *const without[] = {
		"",
		"# zone \"a.example\"",
		"zone a.example { };",
		" zone \"a.example\" { };",
		"zone \"\" { };",
		"zone \"a example\" { };",
		"zone \"a.example",
	};
	struct zone_name name;

	(void)state;
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (clause_parse_name(without[i], strlen(without[i]), &name) == 0)
			fail_msg("%s", without[i]);
	assert_int_equal(clause_parse_name(line, strlen(line), &name), 0);
	assert_string_equal(name.text, "shop.example");
}

static void test_rendered(void **state)
{
	struct registry_zone zone = make_zone("shop.example", 17, 19);
	struct registry_master master = make_master("", 2, "192.0.2.1", "[2001:db8::1]:5300");
	struct text_buffer text;

	(void)state;
	render(&words, &zone, &master, &text);
	assert_string_equal(text.data, line);
	text_buffer_done(&text);
	render(&old_words, &zone, &master, &text);
	assert_non_null(strstr(text.data, "type slave;"));
	assert_non_null(strstr(text.data, "; masters { 192.0.2.1 port 53;"));
	text_buffer_done(&text);
}

/* What is rendered is read back, whatever the names are. */
static void test_there_and_back(void **state)
{
	static const char *const names[] = {"a", "shop.example", "0/25.2.0.192.in-addr.arpa",
					    "_x.example", LONG};
	static const char *const keys[] = {"", "plesk1-key", LABEL};
	struct registry_master master, read_master;
	struct registry_zone zone, read_zone;
	struct text_buffer text;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) * 3; i++) {
		zone = make_zone(names[i / 3], TEXT_INTEGER_MAX, TEXT_INTEGER_MAX - 7);
		master = make_master(keys[i % 3], 8, "192.0.2.1", "192.0.2.2:5353", "[2001:db8::]",
				     "[2001:db8:1:2:3:4:5:6]:65535", "192.0.2.5", "192.0.2.6",
				     "192.0.2.7", "192.0.2.8");
		render(&words, &zone, &master, &text);
		assert_true(text.length < CLAUSE_SIZE_MAX);
		if (clause_parse(text.data, text.length - 1, &read_zone, &read_master) < 0)
			fail_msg("%s", text.data);
		assert_string_equal(read_zone.name.text, zone.name.text);
		assert_true(read_zone.begun == zone.begun && read_zone.made == zone.made);
		assert_true(read_zone.generation == zone.begun);
		assert_string_equal(read_master.name, master.name);
		assert_string_equal(read_master.tsig, master.tsig);
		assert_int_equal(read_master.n_primaries, 8);
		assert_memory_equal(read_master.primaries, master.primaries,
				    sizeof(master.primaries));
		text_buffer_done(&text);
	}
}

static void test_data_paths(void **state)
{
	char path[PATH_MAX], other[PATH_MAX], name[512];
	struct registry_zone zone;

	(void)state;
	zone = make_zone("0/25.2.0.192.in-addr.arpa", 1, 1);
	clause_data_path(&config, &zone.name, 5, path);
	assert_string_equal(path, "/var/cache/bind/zonepush/0+25.2.0.192.in-addr.arpa.5.db");

	/* Names too long for a file's are told apart all the same. */
	zone = make_zone(LONG, 1, 1);
	clause_data_path(&config, &zone.name, 5, path);
	assert_true(strlen(strrchr(path, '/') + 1) + strlen(".jnl") < 256);
	snprintf(name, sizeof(name), "%s", LONG);
	name[strlen(name) - 1] = 'f';
	zone = make_zone(name, 1, 1);
	clause_data_path(&config, &zone.name, 5, other);
	assert_string_not_equal(path, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_lines),   cmocka_unit_test(test_changed_lines),
		cmocka_unit_test(test_wrong_lines), cmocka_unit_test(test_names_alone),
		cmocka_unit_test(test_rendered),    cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_data_paths),
	};

	return cmocka_run_group_tests_name("clause", tests, NULL, NULL);
}
