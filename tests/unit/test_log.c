#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
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

#include "proto/log.h"
#include "tests/unit/capture.h"

#define THREADS 4
#define LINES	100
#define LONG	8000
#define CUT_MAX 2200

static void assert_logged(struct capture *capture, const char *expected)
{
	char *text = capture_end(capture);

	assert_string_equal(text, expected);
	free(text);
}

/* First of all tests: nothing has called log_init() yet. */
static void test_before_init(void **state)
{
	struct capture capture;

	(void)state;
	capture_start(&capture, STDERR_FILENO);
	log_info("not said");
	log_notice("said");
	assert_logged(&capture, "said\n");
}

static void test_less_important_is_left_out(void **state)
{
	struct capture capture;

	(void)state;
	capture_start(&capture, STDERR_FILENO);
	log_init("prog", LOG_LEVEL_WARNING);
	log_debug("d");
	log_info("i");
	log_notice("n");
	log_warning("w");
	log_error("e");
	assert_logged(&capture, "prog: w\nprog: e\n");
}

static void test_a_message_is_one_line(void **state)
{
	struct capture capture;

	(void)state;
	capture_start(&capture, STDERR_FILENO);
	log_init("prog", LOG_LEVEL_DEBUG);
	log_debug("zone '%s'", "a\nprog: all is well\x1b[2J");
	assert_logged(&capture, "prog: zone 'a\\x0aprog: all is well\\x1b[2J'\n");
}

static void test_long_message_is_cut_visibly(void **state)
{
	char message[LONG + 1], *text;
	struct capture capture;

	(void)state;
	memset(message, 'x', LONG);
	message[LONG] = '\0';
	capture_start(&capture, STDERR_FILENO);
	log_error("%s", message);
	text = capture_end(&capture);
	assert_true(strlen(text) < CUT_MAX);
	assert_string_equal(text + strlen(text) - 5, "x...\n");
	free(text);
}

static void test_errno_is_kept(void **state)
{
	struct capture capture;

	(void)state;
	capture_start(&capture, STDERR_FILENO);
	close(STDERR_FILENO);
	errno = ENOTTY;
	log_error("nobody hears it");
	assert_int_equal(errno, ENOTTY);
	assert_logged(&capture, "");
}

static void set_journal_stream(ino_t distance)
{
	struct stat status;
	char stream[64];

	fstat(STDERR_FILENO, &status);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev,
		 (uintmax_t)(status.st_ino + distance));
	setenv("JOURNAL_STREAM", stream, 1);
}

static void test_journal_is_of_another_stream(void **state)
{
	struct capture capture;

	(void)state;
	capture_start(&capture, STDERR_FILENO);
	set_journal_stream(1);
	log_init("prog", LOG_LEVEL_NOTICE);
	log_error("e");
	unsetenv("JOURNAL_STREAM");
	assert_logged(&capture, "prog: e\n");
}

static void test_journal(void **state)
{
	struct capture capture;

	(void)state;
	capture_start(&capture, STDERR_FILENO);
	set_journal_stream(0);
	log_init("prog", LOG_LEVEL_DEBUG);
	log_error("e");
	log_debug("d");
	unsetenv("JOURNAL_STREAM");
	assert_logged(&capture, "<3>e\n<7>d\n");
}

static void *write_lines(void *letter)
{
	char word[101];

	memset(word, *(const char *)letter, sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	for (int i = 0; i < LINES; i++)
		log_notice("%s", word);
	return NULL;
}

static void test_threads_do_not_mix_lines(void **state)
{
	static const char letters[THREADS] = "abcd";
	pthread_t threads[THREADS];
	struct capture capture;
	size_t count = 0;
	char *text;

	(void)state;
	capture_start(&capture, STDERR_FILENO);
	log_init(NULL, LOG_LEVEL_NOTICE);
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, write_lines, (void *)&letters[i]);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	text = capture_end(&capture);

	for (const char *line = text; *line; line += 101, count++) {
		assert_int_equal(strcspn(line, "\n"), 100);
		for (size_t i = 1; i < 100; i++)
			assert_int_equal(line[i], line[0]);
	}
	assert_int_equal(count, THREADS * LINES);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_init),
		cmocka_unit_test(test_less_important_is_left_out),
		cmocka_unit_test(test_a_message_is_one_line),
		cmocka_unit_test(test_long_message_is_cut_visibly),
		cmocka_unit_test(test_errno_is_kept),
		cmocka_unit_test(test_journal_is_of_another_stream),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_threads_do_not_mix_lines),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
