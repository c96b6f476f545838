#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/config.h"
#include "tests/unit/scratch.h"

struct program {
	char *word;
	char *path;
	uint64_t number;
	uint64_t wait;
	bool is_on;
	struct config_list list;
};

static int check_word(const char *text, struct reason *why)
{
	return strcmp(text, "bad") == 0 ? reason_fail(why, ZP_EUNKNOWN, "is no good word") : 0;
}

#define MEMBER(name) offsetof(struct program, name)

static const struct config_key keys[] = {
	{"word", CONFIG_STRING, "", MEMBER(word), 0, 0, check_word},
	{"path", CONFIG_PATH, "/standard", MEMBER(path), 0, 0, NULL},
	{"the-number", CONFIG_INTEGER, "5", MEMBER(number), 1, 10, NULL},
	{"wait", CONFIG_SECONDS, "1.5", MEMBER(wait), 100, 60000, NULL},
	{"is-on", CONFIG_BOOLEAN, "yes", MEMBER(is_on), 0, 0, NULL},
	{"list", CONFIG_LIST, "a, b", MEMBER(list), 0, 0, NULL},
	{NULL, CONFIG_STRING, NULL, 0, 0, 0, NULL},
};

static int setup(void **state)
{
	*state = malloc(SCRATCH_PATH_SIZE);
	scratch_make(*state);
	return 0;
}

static int teardown(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static int load(const char *directory, const char *text, struct program *program,
		struct reason *why)
{
	char path[SCRATCH_PATH_SIZE];

	*program = (struct program){0};
	*why = (struct reason){0};
	scratch_write(directory, "p.conf", text, path);
	return config_load(path, keys, program, why);
}

/* What is wrong, and how the reason goes on behind the file's name. */
static const struct {
	const char *text, *reason;
} bad[] = {
	{"nonsense\n", ":1: there must be `key = value`"},
	{"# one\n\nword : two\n", ":3: there must be `key = value`"},
	{"word ;= x\nis-on = no\n", ":1: there must be `key = value`"},
	{"[section]\n", ":1: there are no sections in this file"},
	{"word = a\n  and = more\n", ":2: a line must not begin with a blank"},
	{"\tword = a\n", ":1: a line must not begin with a blank"},
	{"= a\n", ":1: there is no such key"},
	{"colour = red\n", ":1: colour: there is no such key"},
	{"the_number = 3\n", ":1: the_number: there is no such key; did you mean 'the-number'?"},
	{"Word = a\n", ":1: Word: there is no such key; did you mean 'word'?"},
	{"word = a\nis-on = no\nword = a\n", ":3: word: stands twice"},
	{"word = bad\n", ":1: word: is no good word"},
	{"word = a\x1b[2J\n", ":1: word: holds a control character"},
	{"path =\n", ":1: path: '' must be an absolute path without '\"'"},
	{"path = here\n", ":1: path: 'here' must be an absolute path without '\"'"},
	{"path = /a\"b\n", ":1: path: '/a\"b' must be an absolute path without '\"'"},
	{"the-number = 0\n", ":1: the-number: '0' isn't an integer from 1 to 10"},
	{"the-number = 11\n", ":1: the-number: '11' isn't an integer from 1 to 10"},
	{"the-number = 5 # five\n", ":1: the-number: '5 # five' isn't an integer from 1 to 10"},
	{"wait = 0.099\n", ":1: wait: '0.099' isn't a number of seconds from 0.1 to 60"},
	{"wait = 60.001\n", ":1: wait: '60.001' isn't a number of seconds from 0.1 to 60"},
	{"wait = 1.\n", ":1: wait: '1.' isn't a number of seconds from 0.1 to 60"},
	{"wait = .5\n", ":1: wait: '.5' isn't a number of seconds from 0.1 to 60"},
	{"wait = 1.0001\n", ":1: wait: '1.0001' isn't a number of seconds from 0.1 to 60"},
	{"wait = 1.-5\n", ":1: wait: '1.-5' isn't a number of seconds from 0.1 to 60"},
	{"wait = 3s\n", ":1: wait: '3s' isn't a number of seconds from 0.1 to 60"},
	{"is-on = true\n", ":1: is-on: 'true' must be yes or no"},
	{"is-on =\n", ":1: is-on: '' must be yes or no"},
	{"list = a,,b\n", ":1: list: must be a list with commas between its parts"},
	{"list = ,a\n", ":1: list: must be a list with commas between its parts"},
	{"list = a,\n", ":1: list: must be a list with commas between its parts"},
	{"the-number = 0\nnonsense\n", ":1: the-number: '0' isn't an integer"},
};

static void test_bad_lines(void **state)
{
	struct program program;
	struct reason why;
	const char *after;
	int r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r = load(*state, bad[i].text, &program, &why);
		after = strstr(why.text, "p.conf");
		if (r >= 0 || !after ||
		    strncmp(after + strlen("p.conf"), bad[i].reason, strlen(bad[i].reason)) != 0)
			fail_msg("%s: %d, %s", bad[i].text, r, why.text);
		/* Nothing is left to free: what was set before the bad line is gone again. */
		assert_null(program.word);
		assert_null(program.path);
		assert_null(program.list.items);
	}
}

static void test_the_errors_are_told_apart(void **state)
{
	struct program program = {0};
	struct reason why;

	assert_int_equal(config_load("/nowhere/p.conf", keys, &program, &why), -ENOENT);
	assert_non_null(strstr(why.text, "'/nowhere/p.conf' (No such file or directory)"));
	assert_int_equal(config_load("/", keys, &program, NULL), -EINVAL);
	assert_int_equal(load(*state, "word\n", &program, &why), ZP_ESYNTAX);
	assert_int_equal(load(*state, "word = bad\n", &program, &why), ZP_EUNKNOWN);
}

static void test_file_with_a_nul(void **state)
{
	char path[SCRATCH_PATH_SIZE];
	struct program program = {0};
	struct reason why;
	FILE *file;

	scratch_write(*state, "p.conf", "", path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite("word = a\n\0is-on = no\n", 1, 21, file), 21);
	fclose(file);
	assert_int_equal(config_load(path, keys, &program, &why), ZP_ESYNTAX);
	assert_non_null(strstr(why.text, "isn't a text file"));
}

/* inih would cut what is over its buffer's size: here it is all or nothing. */
static void test_long_lines(void **state)
{
	struct program program;
	char text[1024];
	struct reason why;
	int r;

	for (int length = 150; length < 1000; length++) {
		snprintf(text, sizeof(text), "is-on = no\nword = %0*d\n", length, 1);
		r = load(*state, text, &program, &why);
		if (r == 0)
			assert_int_equal(strlen(program.word), length);
		else
			assert_non_null(strstr(why.text, "p.conf:2: the line is too long"));
		assert_int_equal(r == 0, strlen("word = ") + (size_t)length <= 198);
		config_done(keys, &program);
	}
	snprintf(text, sizeof(text), "# %0*d\nword = a", 900, 1);
	assert_int_equal(load(*state, text, &program, &why), 0);
	assert_string_equal(program.word, "a");
	config_done(keys, &program);
}

static void test_standards(void **state)
{
	struct program program;
	struct reason why;

	assert_int_equal(load(*state, "", &program, &why), 0);
	assert_string_equal(program.word, "");
	assert_string_equal(program.path, "/standard");
	assert_int_equal(program.number, 5);
	assert_int_equal(program.wait, 1500);
	assert_true(program.is_on);
	assert_int_equal(program.list.count, 2);
	assert_string_equal(program.list.items[0], "a");
	assert_string_equal(program.list.items[1], "b");
	config_done(keys, &program);
	config_done(keys, &program);
}

static void test_values(void **state)
{
	struct program program;
	struct reason why;

	assert_int_equal(load(*state,
			      "; comment\n  # comment\r\n \t \n"
			      "word=a = b: \xc3\xa9 ; comment\n"
			      "path   =   /a b/c\r\n"
			      "the-number = 10\n"
			      "wait = 60\n"
			      "is-on = no\n"
			      "list = x ,  y z,0.0.0.0:53, [::]:53",
			      &program, &why),
			 0);
	assert_string_equal(program.word, "a = b: \xc3\xa9");
	assert_string_equal(program.path, "/a b/c");
	assert_int_equal(program.number, 10);
	assert_int_equal(program.wait, 60000);
	assert_false(program.is_on);
	assert_int_equal(program.list.count, 4);
	assert_string_equal(program.list.items[0], "x");
	assert_string_equal(program.list.items[1], "y z");
	assert_string_equal(program.list.items[3], "[::]:53");
	config_done(keys, &program);
}

static void test_empty_list_and_fractions(void **state)
{
	static const struct {
		const char *text;
		uint64_t wait;
	} cases[] = {{"0.1", 100}, {"0.25", 250}, {"1.005", 1005}, {"59.999", 59999}};
	struct program program;
	struct reason why;
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "list =\nwait = %s\n", cases[i].text);
		assert_int_equal(load(*state, text, &program, &why), 0);
		assert_int_equal(program.wait, cases[i].wait);
		assert_int_equal(program.list.count, 0);
		config_done(keys, &program);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bad_lines),
		TEST(test_the_errors_are_told_apart),
		TEST(test_file_with_a_nul),
		TEST(test_long_lines),
		TEST(test_standards),
		TEST(test_values),
		TEST(test_empty_list_and_fractions),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
