#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/error.h"
#include "proto/subprocess.h"
#include "tests/unit/scratch.h"

#define LIMIT_MS 30000
#define SHORT_MS 200
#define THREADS	 4
#define RUNS	 20

/* The shell is only here to be the program that is run. */
static int run_script(const char *script, int input, unsigned int limit_ms,
		      struct subprocess_output *ret_output)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};

	return subprocess_run(argv, input, limit_ms, ret_output);
}

static void assert_output(const char *script, int status, const char *expected)
{
	struct subprocess_output output;

	assert_int_equal(run_script(script, -1, LIMIT_MS, &output), 0);
	assert_string_equal(output.text, expected);
	assert_int_equal(output.length, strlen(expected));
	assert_int_equal(output.status, status);
	subprocess_output_done(&output);
}

static void test_what_cannot_be_started(void **state)
{
	static const char *const missing[] = {"/nowhere/program", NULL};
	static const char *const relative[] = {"sh", "-c", "true", NULL};
	static const char *const not_executable[] = {"/etc/passwd", NULL};
	struct subprocess_output output = {.status = 42};

	(void)state;
	assert_int_equal(subprocess_run(missing, -1, LIMIT_MS, &output), -ENOENT);
	assert_int_equal(subprocess_run(relative, -1, LIMIT_MS, &output), -ENOENT);
	assert_int_equal(subprocess_run(not_executable, -1, LIMIT_MS, &output), -EACCES);
	assert_int_equal(output.status, 42);
	assert_null(output.text);
}

static void test_ended_by_a_signal(void **state)
{
	struct subprocess_output output;

	(void)state;
	assert_int_equal(run_script("echo before; kill -TERM $$", -1, LIMIT_MS, &output),
			 ZP_EPROGRAM);
	assert_string_equal(output.text, "before\n");
	subprocess_output_done(&output);
}

/* A pipe's writing end is held by the child and its children; its end tells theirs. */
static void test_limit_reaches_grandchildren(void **state)
{
	struct subprocess_output output;
	struct pollfd held;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(run_script("exec 5<&0; sleep 600 <&5 & sleep 600", ends[1], SHORT_MS,
				    &output),
			 -ETIMEDOUT);
	assert_non_null(output.text);
	subprocess_output_done(&output);

	close(ends[1]);
	held = (struct pollfd){.fd = ends[0]};
	assert_int_equal(poll(&held, 1, LIMIT_MS), 1);
	assert_true(held.revents & POLLHUP);
	close(ends[0]);
}

static void test_limit_holds_without_output(void **state)
{
	struct subprocess_output output;

	(void)state;
	assert_int_equal(run_script("exec >&- 2>&-; exec sleep 600", -1, SHORT_MS, &output),
			 -ETIMEDOUT);
	assert_string_equal(output.text, "");
	subprocess_output_done(&output);
}

static void test_output_beyond_the_limit_is_dropped(void **state)
{
	struct subprocess_output output;

	(void)state;
	assert_int_equal(run_script("head -c 1000000 /dev/zero | tr '\\0' x; exit 7", -1, LIMIT_MS,
				    &output),
			 0);
	assert_int_equal(output.status, 7);
	assert_int_equal(output.length, SUBPROCESS_OUTPUT_MAX);
	assert_int_equal(strspn(output.text, "x"), SUBPROCESS_OUTPUT_MAX);
	subprocess_output_done(&output);
}

static void test_grandchild_does_not_keep_us(void **state)
{
	struct subprocess_output output;
	long pid;

	(void)state;
	assert_int_equal(run_script("sleep 600 & echo $!", -1, LIMIT_MS, &output), 0);
	pid = strtol(output.text, NULL, 10);
	subprocess_output_done(&output);
	assert_true(pid > 1);
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
}

static void test_status_and_both_outputs(void **state)
{
	(void)state;
	assert_output("exit 0", 0, "");
	assert_output("exit 255", 255, "");
	assert_output("echo out; echo err >&2; exit 3", 3, "out\nerr\n");
}

static void test_arguments_are_not_split(void **state)
{
	const char *const argv[] = {"/bin/echo", "a  b;$PATH", "", "*", NULL};
	struct subprocess_output output;

	(void)state;
	assert_int_equal(subprocess_run(argv, -1, LIMIT_MS, &output), 0);
	assert_string_equal(output.text, "a  b;$PATH  *\n");
	subprocess_output_done(&output);
}

static void test_input(void **state)
{
	char directory[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE];
	struct subprocess_output output;
	int fd;

	(void)state;
	scratch_make(directory);
	scratch_write(directory, "input", "some input", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(run_script("cat", fd, LIMIT_MS, &output), 0);
	assert_string_equal(output.text, "some input");
	subprocess_output_done(&output);
	close(fd);
	scratch_remove(directory);
	assert_output("cat", 0, "");
}

static void test_environment_is_clean(void **state)
{
	static const char *const argv[] = {"/usr/bin/env", NULL};
	struct subprocess_output output;

	(void)state;
	setenv("LD_PRELOAD_NOT", "secret", 1);
	assert_int_equal(subprocess_run(argv, -1, LIMIT_MS, &output), 0);
	assert_string_equal(output.text, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
					 "/sbin:/bin\nLC_ALL=C\n");
	subprocess_output_done(&output);
}

static void test_descriptors_stay_with_us(void **state)
{
	static const char *const argv[] = {"/bin/ls", "/proc/self/fd", NULL};
	struct subprocess_output output;
	int low, high;

	(void)state;
	low = open("/dev/null", O_RDONLY);
	high = fcntl(low, F_DUPFD, 200);
	assert_int_equal(subprocess_run(argv, -1, LIMIT_MS, &output), 0);
	assert_string_equal(output.text, "0\n1\n2\n3\n"); /* 3: the folder that ls reads */
	subprocess_output_done(&output);
	close(low);
	close(high);
}

/* A daemon that was started without descriptors 0 to 2 can run programs too. */
static void test_standard_descriptors_are_closed(void **state)
{
	struct subprocess_output output;
	int saved[3], r;

	(void)state;
	fflush(NULL);
	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		close(fd);
	}
	r = run_script("cat; echo out; echo err >&2", -1, LIMIT_MS, &output);
	for (int fd = 0; fd < 3; fd++) {
		dup2(saved[fd], fd);
		close(saved[fd]);
	}
	assert_int_equal(r, 0);
	assert_string_equal(output.text, "out\nerr\n");
	subprocess_output_done(&output);
}

/* A set of signals in hex, as /proc has it, without the two that the C library keeps for itself. */
static unsigned long long read_signals(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	assert_non_null(line);
	return strtoull(line + strlen(name), NULL, 16) & ~(3ULL << 31);
}

static void test_signals_are_as_usual(void **state)
{
	static const char *const argv[] = {"/bin/cat", "/proc/self/status", NULL};
	struct subprocess_output output;
	sigset_t term, before;
	int r;

	(void)state;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	signal(SIGPIPE, SIG_IGN);
	r = subprocess_run(argv, -1, LIMIT_MS, &output);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(r, 0);
	assert_int_equal(read_signals(output.text, "SigBlk:"), 0);
	assert_int_equal(read_signals(output.text, "SigIgn:"), 0);
	subprocess_output_done(&output);
}

static void *run_often(void *failures)
{
	struct subprocess_output output;

	for (int i = 0; i < RUNS; i++) {
		if (run_script("echo $$; exit 9", -1, LIMIT_MS, &output) != 0) {
			++*(int *)failures;
			continue;
		}
		*(int *)failures += output.status != 9 || output.length == 0;
		subprocess_output_done(&output);
	}
	return NULL;
}

static void test_several_threads(void **state)
{
	int failures[THREADS] = {0};
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, run_often, &failures[i]);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(failures[i], 0);
}

static void test_first_line(void **state)
{
	static const struct {
		const char *text, *line;
	} cases[] = {
		{"", ""},
		{"\n\r\n", ""},
		{"one", "one"},
		{"one\ntwo\n", "one"},
		{"\n\none\r\ntwo", "one"},
		{"a long line\n", "a long "},
	};
	struct subprocess_output output = {0};
	char line[8];

	(void)state;
	subprocess_first_line(&output, line, sizeof(line));
	assert_string_equal(line, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		output.text = (char *)cases[i].text;
		subprocess_first_line(&output, line, sizeof(line));
		assert_string_equal(line, cases[i].line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_cannot_be_started),
		cmocka_unit_test(test_ended_by_a_signal),
		cmocka_unit_test(test_limit_reaches_grandchildren),
		cmocka_unit_test(test_limit_holds_without_output),
		cmocka_unit_test(test_output_beyond_the_limit_is_dropped),
		cmocka_unit_test(test_grandchild_does_not_keep_us),
		cmocka_unit_test(test_status_and_both_outputs),
		cmocka_unit_test(test_arguments_are_not_split),
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_environment_is_clean),
		cmocka_unit_test(test_descriptors_stay_with_us),
		cmocka_unit_test(test_standard_descriptors_are_closed),
		cmocka_unit_test(test_signals_are_as_usual),
		cmocka_unit_test(test_several_threads),
		cmocka_unit_test(test_first_line),
	};

	return cmocka_run_group_tests_name("subprocess", tests, NULL, NULL);
}
