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

#include "proto/file.h"
#include "slave-agent/culprit.h"
#include "slave-agent/include.h"
#include "slave-agent/publish.h"
#include "tests/unit/scratch.h"

#define CHECKCONF "/usr/bin/named-checkconf"

/* A slave's files, a registry with one master, and the real named-checkconf. */
struct fixture {
	char directory[SCRATCH_PATH_SIZE];
	char include[SCRATCH_PATH_SIZE + 32], data[SCRATCH_PATH_SIZE + 32];
	char named_conf[SCRATCH_PATH_SIZE], rndc_key[SCRATCH_PATH_SIZE + 32];
	struct agent_config config;
	struct registry *registry;
	int64_t master;
};

static const struct named_words *const words = &(struct named_words){"secondary", "primaries"};

static void write_named_conf(struct fixture *fixture, const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "options { directory \"%s\"; recursion no; };\ninclude \"%s\";\n%s",
		 fixture->directory, fixture->include, more);
	scratch_write(fixture->directory, "named.conf", text, fixture->named_conf);
}

static void add_master(struct fixture *fixture)
{
	struct registry_master master = {.name = "plesk1", .has_key = true, .n_primaries = 2};
	struct key *key;

	assert_int_equal(key_generate(&key), 0);
	master.key = *key_get_public(key);
	key_free(key);
	assert_int_equal(address_parse("192.0.2.1", 53, &master.primaries[0], NULL), 0);
	assert_int_equal(address_parse("[2001:db8::1]:5300", 53, &master.primaries[1], NULL), 0);
	assert_int_equal(registry_master_add(fixture->registry, &master), 0);
	assert_int_equal(registry_master_find_name(fixture->registry, "plesk1", &master), 0);
	fixture->master = master.id;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct reason why;

	assert_int_equal(key_library_init(), 0);
	scratch_make(fixture->directory);
	snprintf(fixture->include, sizeof(fixture->include), "%s/include/zones.conf",
		 fixture->directory);
	snprintf(fixture->data, sizeof(fixture->data), "%s/data", fixture->directory);
	snprintf(fixture->rndc_key, sizeof(fixture->rndc_key), "%s/rndc.key", fixture->directory);
	write_named_conf(fixture, "");
	fixture->config = (struct agent_config){
		.include = fixture->include,
		.data = fixture->data,
		.named_conf = fixture->named_conf,
		.named_checkconf = (char *)CHECKCONF,
		.rndc = (char *)"/usr/sbin/rndc",
		.rndc_key = fixture->rndc_key,
		.rndc_address = (char *)"127.0.0.1",
		.rndc_port = 1, /* nobody listens there */
		.rndc_timeout = 10000,
		.group = (gid_t)-1,
	};
	if (registry_open(fixture->directory, &fixture->registry, &why) < 0 ||
	    include_prepare(&fixture->config, &why) < 0)
		fail_msg("%s", why.text);
	add_master(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	registry_free(fixture->registry);
	scratch_remove(fixture->directory);
	free(fixture);
	return 0;
}

static void put_zone(struct fixture *fixture, const char *name, uint64_t made)
{
	struct registry_zone zone = {
		.master = fixture->master, .present = true, .generation = made, .made = made};

	assert_int_equal(zone_name_parse(name, &zone.name, NULL), 0);
	assert_int_equal(registry_zone_put(fixture->registry, &zone), 0);
}

static char *load(const char *path)
{
	char *text = NULL;
	size_t length;

	assert_int_equal(file_load(path, 1 << 20, &text, &length, NULL), 0);
	return text;
}

static enum registry_state state_of(struct fixture *fixture, const char *name, char *error)
{
	struct registry_zone zone;
	struct zone_name parsed;

	assert_int_equal(zone_name_parse(name, &parsed, NULL), 0);
	assert_int_equal(registry_zone_get_owned(fixture->registry, &parsed, &zone), 0);
	if (error)
		snprintf(error, REGISTRY_ERROR_MAX, "%s", zone.error);
	return zone.state;
}

/* What isn't one of our lines names no zone. */
static void test_lines_without_a_zone(void **state)
{
	static const char *const lines[] = {
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
	for (size_t i = 0; i + 1 < sizeof(lines) / sizeof(lines[0]); i++)
		if (include_read_zone(lines[i], &name))
			fail_msg("%s", lines[i]);
	assert_true(include_read_zone("zone \"a.example\" { type secondary; };", &name));
	assert_string_equal(name.text, "a.example");
}

/* Another name, or another time of making: another file; none of them too long for a file system.
 */
static void test_data_paths_differ(void **state)
{
	static const char *const names[] = {
		"a.example",
		"0/25.2.0.192.in-addr.arpa",
		"0-25.2.0.192.in-addr.arpa",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
	};
	enum {
		COUNT = sizeof(names) / sizeof(names[0])
	};
	struct fixture *fixture = *state;
	static char paths[2 * COUNT][PATH_MAX];
	struct zone_name name;

	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(zone_name_parse(names[i], &name, NULL), 0);
		include_data_path(&fixture->config, &name, 1, paths[2 * i]);
		include_data_path(&fixture->config, &name, TEXT_INTEGER_MAX, paths[2 * i + 1]);
	}
	for (size_t i = 0; i < 2 * COUNT; i++) {
		assert_true(strlen(strrchr(paths[i], '/') + 1) + strlen(".jnl") <= 255);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(paths[i], paths[k]);
	}
}

static void test_what_is_rendered(void **state)
{
	struct fixture *fixture = *state;
	struct file_draft *draft;
	char expected[2 * PATH_MAX], *text;

	put_zone(fixture, "0/25.2.0.192.in-addr.arpa", 7);
	assert_int_equal(include_render(&fixture->config, fixture->registry, words, &draft), 0);
	text = load(file_draft_path(draft));
	snprintf(expected, sizeof(expected),
		 "zone \"0/25.2.0.192.in-addr.arpa\" { type secondary; "
		 "file \"%s/0+25.2.0.192.in-addr.arpa.7.db\"; "
		 "primaries { 192.0.2.1 port 53; 2001:db8::1 port 5300; }; }; "
		 "# master=plesk1 made=7\n",
		 fixture->data);
	assert_non_null(strstr(text, expected));
	assert_false(include_is_current(&fixture->config, draft));
	free(text);
	file_draft_free(draft);
}

/* With named down, what is wanted is on disk, and the one before is kept. */
static void test_published_while_named_is_down(void **state)
{
	struct fixture *fixture = *state;
	struct reason why;
	struct stat status;
	bool current = false;
	char kept[PATH_MAX];

	put_zone(fixture, "a.example", 7);
	assert_int_equal(publish_run(&fixture->config, fixture->registry, words, &why),
			 PUBLISH_NAMED_DOWN);
	assert_int_equal(
		publish_is_current(&fixture->config, fixture->registry, words, &current, &why), 0);
	assert_true(current);
	assert_int_equal(stat(fixture->include, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	snprintf(kept, sizeof(kept), "%s.previous", fixture->include);
	assert_int_equal(access(kept, R_OK), 0);
}

/* The administrator's own zone wins; ours fails alone, and says why. */
static void test_a_zone_by_hand_wins(void **state)
{
	struct fixture *fixture = *state;
	char error[REGISTRY_ERROR_MAX], *text;
	struct reason why;

	write_named_conf(fixture, "zone \"B.Example.\" { type primary; file \"b\"; };\n");
	put_zone(fixture, "a.example", 7);
	put_zone(fixture, "b.example", 7);
	put_zone(fixture, "c.example", 7);
	assert_int_equal(publish_run(&fixture->config, fixture->registry, words, &why),
			 PUBLISH_NAMED_DOWN);

	assert_int_equal(state_of(fixture, "a.example", NULL), REGISTRY_WAITING);
	assert_int_equal(state_of(fixture, "b.example", error), REGISTRY_FAILING);
	assert_non_null(strstr(error, "already exists"));
	assert_non_null(strstr(error, fixture->named_conf));
	text = load(fixture->include);
	assert_null(strstr(text, "b.example"));
	assert_non_null(strstr(text, "a.example"));
	assert_non_null(strstr(text, "c.example"));
	free(text);
}

/* A half edit elsewhere: nothing of ours is blamed, nothing is published. */
static void test_broken_elsewhere(void **state)
{
	struct fixture *fixture = *state;
	char *before = load(fixture->include), *after;
	struct reason why;

	write_named_conf(fixture, "zone \"x.example\" { type pri");
	put_zone(fixture, "a.example", 7);
	assert_int_equal(publish_run(&fixture->config, fixture->registry, words, &why),
			 PUBLISH_BROKEN);
	assert_non_null(strstr(why.text, "named-checkconf"));
	assert_int_equal(state_of(fixture, "a.example", NULL), REGISTRY_WAITING);
	after = load(fixture->include);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void test_not_included_at_all(void **state)
{
	struct fixture *fixture = *state;
	char path[SCRATCH_PATH_SIZE];
	struct reason why;

	scratch_write(fixture->directory, "named.conf", "options { };\n", path);
	assert_int_equal(publish_run(&fixture->config, fixture->registry, words, &why),
			 PUBLISH_BROKEN);
	assert_non_null(strstr(why.text, "add the line: include"));
}

static void test_words_of_old_versions(void **state)
{
	(void)state;
	assert_string_equal(named_get_words("9.11.5-P4")->secondary, "slave");
	assert_string_equal(named_get_words("9.15.8")->primaries, "masters");
	assert_string_equal(named_get_words("9.16.0")->secondary, "secondary");
	assert_string_equal(named_get_words("9.18.49-1~deb12u3-Debian")->primaries, "primaries");
	assert_string_equal(named_get_words("10.0")->secondary, "secondary");
	assert_string_equal(named_get_words("?")->secondary, "secondary");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_without_a_zone),
		TEST(test_data_paths_differ),
		TEST(test_what_is_rendered),
		TEST(test_published_while_named_is_down),
		TEST(test_a_zone_by_hand_wins),
		TEST(test_broken_elsewhere),
		TEST(test_not_included_at_all),
		cmocka_unit_test(test_words_of_old_versions),
	};

	return cmocka_run_group_tests_name("include", tests, NULL, NULL);
}
