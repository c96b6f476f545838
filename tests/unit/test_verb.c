#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/log.h"
#include "proto/verb.h"
#include "tests/unit/capture.h"

#define WORDS_MAX 16

/* What the last verb saw. */
static struct {
	const char *verb, *config_path, *key;
	bool as_json, parsed;
	int argc;
	char arguments[100]; /* with a blank behind each */
} seen;

static int run(struct verb_call *call, int least, int most)
{
	const struct verb_option options[] = {
		{"--json", &seen.as_json, NULL},
		{"--key", NULL, &seen.key},
		{NULL, NULL, NULL},
	};

	seen.verb = call->verb->name;
	seen.config_path = call->config_path;
	seen.parsed = verb_parse(call, options, least, most);
	if (!seen.parsed)
		return VERB_USAGE;
	seen.argc = call->argc;
	for (int i = 0; i < call->argc; i++) {
		strncat(seen.arguments, call->argv[i], 20);
		strncat(seen.arguments, " ", 2);
	}
	log_debug("so it is");
	return VERB_FAILED;
}

static int run_status(struct verb_call *call)
{
	return run(call, 0, 0);
}

static int run_add(struct verb_call *call)
{
	return run(call, 1, 2);
}

static int run_print(struct verb_call *call)
{
	(void)call;
	printf("something\n");
	return VERB_OK;
}

static const struct verb verbs[] = {
	{"status", "[--json]", "how things are", "prog status", run_status},
	{"slave add", "NAME --key KEY [URL]", "makes a slave known", "prog slave add s1 --key K",
	 run_add},
	{"slave", "", "all slaves", "prog slave", run_status},
	{"print", "", "prints", "prog print", run_print},
	{NULL, NULL, NULL, NULL, NULL},
};

static const struct verb_program program = {"prog", "does things", "/etc/prog.conf", verbs};

/* Runs a command line, split at blanks (`''` is an empty word); gives what stood on standard error
 * or output, to be freed. */
static int run_line(const char *line, int descriptor, char **ret_text)
{
	char copy[200], *rest = copy, *argv[WORDS_MAX + 1] = {0};
	struct capture capture;
	int argc = 0, code;

	memset(&seen, 0, sizeof(seen));
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strsep(&rest, " "); word && argc < WORDS_MAX; word = strsep(&rest, " "))
		argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	capture_start(&capture, descriptor);
	code = verb_main(&program, argc, argv);
	*ret_text = capture_end(&capture);
	return code;
}

static const struct {
	const char *line, *error;
} wrong[] = {
	{"prog", "prog: what is to be done? `prog --help` lists the verbs\n"},
	{"prog -x status", "prog: '-x' can't stand before the verb; -c FILE and -v can\n"},
	{"prog -c", "prog: '-c' can't stand before the verb; -c FILE and -v can\n"},
	{"prog ''", "prog: there is no verb ''\n`prog --help` lists them all.\n"},
	{"prog frobnicate --x",
	 "prog: there is no verb 'frobnicate'\n`prog --help` lists them all.\n"},
	{"prog statu", "prog: there is no verb 'statu'\n    prog status [--json]\n"},
	{"prog statuses x", "prog: there is no verb 'statuses x'\n    prog status [--json]\n"},
	{"prog sl\x1b", "prog: there is no verb 'sl\\x1b'\n`prog --help` lists them all.\n"},
	{"prog status --xml",
	 "prog: status: there is no option '--xml' here; the arguments must be: [--json]\n"},
	{"prog status -v",
	 "prog: status: there is no option '-v' here; the arguments must be: [--json]\n"},
	{"prog status --jso",
	 "prog: status: there is no option '--jso' here; the arguments must be: [--json]\n"},
	{"prog status --json=yes", "prog: status: --json takes no value\n"},
	{"prog slave add s1 --key", "prog: slave add: --key needs a value\n"},
	{"prog status x", "prog: status: the arguments must be: [--json]\n"
			  "for example: prog status\n"},
	{"prog slave add", "prog: slave add: the arguments must be: NAME --key KEY [URL]\n"
			   "for example: prog slave add s1 --key K\n"},
	{"prog slave add a b c", "prog: slave add: the arguments must be: NAME --key KEY [URL]\n"
				 "for example: prog slave add s1 --key K\n"},
	{"prog slave s1", "prog: slave: the arguments must be: none\n"
			  "for example: prog slave\n"},
};

static void test_wrong_lines(void **state)
{
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(run_line(wrong[i].line, STDERR_FILENO, &text), VERB_USAGE);
		assert_string_equal(text, wrong[i].error);
		assert_false(seen.parsed);
		free(text);
	}
}

static void test_output_that_cannot_be_written(void **state)
{
	char name[] = "prog", print[] = "print", *argv[] = {name, print, NULL};
	struct capture capture;
	FILE *full, *saved = stdout;
	char *text;
	int code;

	(void)state;
	full = fopen("/dev/full", "we");
	assert_non_null(full);
	capture_start(&capture, STDERR_FILENO);
	stdout = full;
	code = verb_main(&program, 2, argv);
	stdout = saved;
	text = capture_end(&capture);
	fclose(full);
	assert_int_equal(code, VERB_FAILED);
	assert_string_equal(text,
			    "prog: can't write all of the output (No space left on device)\n");
	free(text);
}

static void assert_seen(const char *line, const char *verb, const char *arguments)
{
	char *text;

	assert_int_equal(run_line(line, STDERR_FILENO, &text), VERB_FAILED);
	assert_string_equal(text, "");
	assert_string_equal(seen.verb, verb);
	assert_string_equal(seen.arguments, arguments);
	free(text);
}

static void test_verbs(void **state)
{
	(void)state;
	assert_seen("prog status", "status", "");
	assert_string_equal(seen.config_path, "/etc/prog.conf");
	assert_false(seen.as_json);
	assert_null(seen.key);
	assert_seen("prog -c /x status --json", "status", "");
	assert_string_equal(seen.config_path, "/x");
	assert_true(seen.as_json);
	assert_seen("prog slave", "slave", "");
	assert_seen("prog slave add s1", "slave add", "s1 ");
}

static void test_options_and_arguments_in_any_order(void **state)
{
	(void)state;
	assert_seen("prog slave add --key K s1 url", "slave add", "s1 url ");
	assert_string_equal(seen.key, "K");
	assert_seen("prog slave add s1 --key=K= --json url", "slave add", "s1 url ");
	assert_string_equal(seen.key, "K=");
	assert_true(seen.as_json);
	assert_seen("prog slave add s1 --key --json", "slave add", "s1 ");
	assert_string_equal(seen.key, "--json");
	assert_seen("prog slave add --key= s1", "slave add", "s1 ");
	assert_string_equal(seen.key, "");
	assert_seen("prog slave add -- --key --help", "slave add", "--key --help ");
	assert_null(seen.key);
}

static void test_say_more(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(run_line("prog -v status", STDERR_FILENO, &text), VERB_FAILED);
	assert_string_equal(text, "prog: so it is\n");
	free(text);
}

static void assert_help(const char *line, const char *expected)
{
	char *text;

	assert_int_equal(run_line(line, STDOUT_FILENO, &text), VERB_OK);
	assert_string_equal(text, expected);
	assert_null(seen.verb);
	free(text);
}

static void test_help(void **state)
{
	static const char all[] =
		"prog " ZP_VERSION ": does things\n\n"
		"usage: prog [-c FILE] [-v] VERB ...\n\n"
		"  status [--json]\n      how things are\n"
		"  slave add NAME --key KEY [URL]\n      makes a slave known\n"
		"  slave\n      all slaves\n"
		"  print\n      prints\n\n"
		"  -c FILE  the configuration, /etc/prog.conf where it isn't given\n"
		"  -v       say more\n\n"
		"`prog VERB --help` has an example; prog(8) has it all.\n";
	static const char add[] = "usage: prog slave add NAME --key KEY [URL]\n\n"
				  "makes a slave known\n\n"
				  "example:\n    prog slave add s1 --key K\n";

	(void)state;
	assert_help("prog --help", all);
	assert_help("prog -v -h", all);
	assert_help("prog help", all);
	assert_help("prog slave add --help", add);
	assert_help("prog slave add s1 --key K -h", add);
	assert_help("prog --version", "prog " ZP_VERSION "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_lines),
		cmocka_unit_test(test_output_that_cannot_be_written),
		cmocka_unit_test(test_verbs),
		cmocka_unit_test(test_options_and_arguments_in_any_order),
		cmocka_unit_test(test_say_more),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests_name("verb", tests, NULL, NULL);
}
