#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "proto/subprocess.h"
#include "slave-agent/culprit.h"
#include "slave-agent/named.h"
#include "tests/unit/site.h"

#define ZONES 40
#define FOUND 16

/* What was shown. */
struct found {
	struct zone_name zones[FOUND];
	enum problem_type problems[FOUND];
	char words[FOUND][CULPRIT_WORDS_SIZE];
	size_t count;
};

static int note(void *context, const struct zone_name *zone, enum problem_type problem,
		const char *words)
{
	struct found *found = context;

	assert_true(found->count < FOUND);
	found->zones[found->count] = *zone;
	found->problems[found->count] = problem;
	snprintf(found->words[found->count++], CULPRIT_WORDS_SIZE, "%s", words);
	return 0;
}

/* z00 … z39, those in `bad` of a type that doesn't exist. */
static void write_candidate(struct site *site, const int bad[], size_t n_bad,
			    char ret_path[static SCRATCH_PATH_SIZE])
{
	char text[ZONES * 160];
	size_t used = 0;

	for (int i = 0; i < ZONES; i++) {
		const char *type = "secondary";

		for (size_t k = 0; k < n_bad; k++)
			if (bad[k] == i)
				type = "secondhand";
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "zone \"z%02d.example\" { type %s; file \"%s/z%02d\"; "
					 "primaries { 192.0.2.1; }; };\n",
					 i, type, site->data, i);
	}
	scratch_write(site->directory, "candidate.conf", text, ret_path);
}

/* From here on named-checkconf says that something is wrong, but not what or where. */
static void silence_checkconf(struct site *site)
{
	static char path[SCRATCH_PATH_SIZE];

	scratch_write(site->directory, "checkconf",
		      "#!/bin/sh\n/usr/bin/named-checkconf \"$@\" >/dev/null 2>&1 && exit 0\n"
		      "echo something is wrong\nexit 1\n",
		      path);
	assert_int_equal(chmod(path, 0700), 0);
	site->config.named_checkconf = path;
}

static size_t find(struct site *site, const char *candidate, struct found *found)
{
	struct subprocess_output complaint;
	struct reason why;
	size_t count = 0;

	*found = (struct found){0};
	assert_int_equal(named_check(&site->config, candidate, &complaint, &why), ZP_ENAMED);
	assert_int_equal(
		culprit_find(&site->config, candidate, complaint.text, note, found, &count), 0);
	subprocess_output_done(&complaint);
	assert_int_equal(count, found->count);
	return count;
}

static size_t search(struct site *site, const char *candidate, struct found *found)
{
	struct reason why;
	size_t count = 0;

	*found = (struct found){0};
	if (culprit_search(&site->config, candidate, note, found, &count, &why) < 0)
		fail_msg("%s", why.text);
	assert_int_equal(count, found->count);
	return count;
}

static void test_elsewhere(void **state)
{
	struct site *site = *state;
	char candidate[SCRATCH_PATH_SIZE];
	struct found found;

	write_candidate(site, NULL, 0, candidate);
	site_write_named_conf(site, "zone \"half.example\" {\n");
	assert_int_equal(find(site, candidate, &found), 0);
	assert_int_equal(search(site, candidate, &found), 0);
}

static void test_pointed_at(void **state)
{
	struct site *site = *state;
	static const int bad[] = {7};
	char candidate[SCRATCH_PATH_SIZE];
	struct found found;

	write_candidate(site, bad, 1, candidate);
	assert_int_equal(find(site, candidate, &found), 1);
	assert_string_equal(found.zones[0].text, "z07.example");
	assert_int_equal(found.problems[0], PROBLEM_NAMED_REFUSED);
	/* An administrator must not be sent to a temporary file. */
	assert_null(strstr(found.words[0], "candidate.conf"));
}

static void test_by_hand(void **state)
{
	struct site *site = *state;
	char candidate[SCRATCH_PATH_SIZE];
	struct found found;

	write_candidate(site, NULL, 0, candidate);
	site_write_named_conf(site, "zone \"Z03.example.\" { type primary; file \"/x/3\"; };\n"
				    "zone \"z11.example\" { type primary; file \"/x/11\"; };\n");
	assert_int_equal(find(site, candidate, &found), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(found.problems[i], PROBLEM_BY_HAND);
		assert_non_null(strstr(found.words[i], "named.conf:"));
	}
	assert_string_equal(found.zones[0].text, "z03.example");
	assert_string_equal(found.zones[1].text, "z11.example");
}

static void test_searched(void **state)
{
	struct site *site = *state;
	static const struct {
		int bad[4];
		size_t count;
	} cases[] = {{{0}, 1}, {{39}, 1}, {{0, 1}, 2}, {{5, 20, 21, 39}, 4}};
	char candidate[SCRATCH_PATH_SIZE], name[32];
	struct found found;

	silence_checkconf(site);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_candidate(site, cases[i].bad, cases[i].count, candidate);
		assert_int_equal(find(site, candidate, &found), 0);
		assert_int_equal(search(site, candidate, &found), cases[i].count);
		for (size_t k = 0; k < cases[i].count; k++) {
			snprintf(name, sizeof(name), "z%02d.example", cases[i].bad[k]);
			assert_string_equal(found.zones[k].text, name);
		}
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, site_setup, site_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_elsewhere),
		TEST(test_pointed_at),
		TEST(test_by_hand),
		TEST(test_searched),
	};

	return cmocka_run_group_tests_name("culprit", tests, NULL, NULL);
}
