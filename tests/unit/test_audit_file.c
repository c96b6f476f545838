#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/file.h"
#include "slave-agent/audit_file.h"
#include "tests/unit/capture.h"
#include "tests/unit/scratch.h"

/* Lines that are there before the disk is full: the log needs room, too. */
#define FILLING	     "x\n"
#define FILLING_SIZE 8000

static char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE + 16];
static struct audit_file file;
static struct capture capture;

static int setup(void **state)
{
	(void)state;
	scratch_make(folder);
	snprintf(path, sizeof(path), "%s/audit.jsonl", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	audit_file_done(&file);
	scratch_remove(folder);
	return 0;
}

static void append(const char *lines)
{
	audit_file_write(&file, lines, strlen(lines));
}

static void assert_content(const char *of, const char *expected)
{
	size_t length;
	char *text;

	assert_int_equal(file_load(of, 1 << 16, &text, &length, NULL), 0);
	assert_string_equal(text + strspn(text, FILLING), expected);
	free(text);
}

/* Ends the capture; what was said must have these parts, and be so many lines. */
static void assert_said(const char *part, size_t lines)
{
	char *text = capture_end(&capture);
	size_t count = 0;

	assert_non_null(strstr(text, part));
	for (const char *at = text; *at; at++)
		count += *at == '\n';
	assert_int_equal(count, lines);
	free(text);
}

static void test_no_file(void **state)
{
	(void)state;
	capture_start(&capture, STDERR_FILENO);
	audit_file_init(&file, folder);
	append("a\n");
	append("b\n");
	assert_said("audit: can't write", 1);
	assert_int_equal(file.fd, -1);
}

static void test_neither_a_pipe_nor_a_link(void **state)
{
	char other[SCRATCH_PATH_SIZE + 16];

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	capture_start(&capture, STDERR_FILENO);
	audit_file_init(&file, path);
	assert_said("can't write", 1);
	assert_int_equal(unlink(path), 0);

	snprintf(other, sizeof(other), "%s/other", folder);
	assert_int_equal(symlink(other, path), 0);
	capture_start(&capture, STDERR_FILENO);
	audit_file_init(&file, path);
	assert_said("can't write", 1);
	assert_int_equal(access(other, F_OK), -1);
}

static void test_it_is_made_and_grows(void **state)
{
	mode_t mask = umask(0077);
	struct stat status;

	(void)state;
	audit_file_init(&file, path);
	umask(mask);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, AUDIT_FILE_MODE);
	append("a\n");
	audit_file_done(&file);
	audit_file_init(&file, path);
	append("b\nc\n");
	assert_content(path, "a\nb\nc\n");
}

static void test_it_follows_its_name(void **state)
{
	char old[SCRATCH_PATH_SIZE + 16];

	(void)state;
	snprintf(old, sizeof(old), "%s/audit.1", folder);
	audit_file_init(&file, path);
	append("a\n");
	assert_int_equal(rename(path, old), 0);
	append("b\n");
	assert_int_equal(unlink(path), 0);
	append("c\n");
	assert_content(old, "a\n");
	assert_content(path, "c\n");
}

static void fill(void)
{
	char lines[FILLING_SIZE + 1];

	for (size_t i = 0; i < FILLING_SIZE; i++)
		lines[i] = FILLING[i % 2];
	lines[FILLING_SIZE] = '\0';
	append(lines);
}

/* A full disk, as RLIMIT_FSIZE plays it: so many bytes fit in behind the filling. */
static void set_room(rlim_t bytes)
{
	const struct rlimit limit = {
		.rlim_cur = bytes == RLIM_INFINITY ? bytes : FILLING_SIZE + bytes,
		.rlim_max = RLIM_INFINITY,
	};

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_a_full_disk_is_said_once(void **state)
{
	(void)state;
	audit_file_init(&file, path);
	fill();
	set_room(6);
	capture_start(&capture, STDERR_FILENO);
	append("aa\nbb\ncc\n");
	append("dd\n");
	append("ee\n");
	set_room(RLIM_INFINITY);
	assert_said("File too large", 1);

	capture_start(&capture, STDERR_FILENO);
	append("ff\n");
	assert_said("3 lines are missing", 1);
	assert_content(path, "aa\nbb\nff\n");
}

static void test_a_torn_line_is_ended(void **state)
{
	(void)state;
	audit_file_init(&file, path);
	fill();
	set_room(4);
	capture_start(&capture, STDERR_FILENO);
	append("aa\nbb\n");
	set_room(RLIM_INFINITY);
	append("cc\n");
	assert_said("1 lines are missing", 2);
	assert_content(path, "aa\nb\ncc\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_neither_a_pipe_nor_a_link, setup, teardown),
		cmocka_unit_test_setup_teardown(test_it_is_made_and_grows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_it_follows_its_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_full_disk_is_said_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_torn_line_is_ended, setup, teardown),
	};

	return cmocka_run_group_tests_name("audit_file", tests, NULL, NULL);
}
