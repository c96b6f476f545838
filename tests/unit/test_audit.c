#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/file.h"
#include "slave-agent/audit.h"
#include "slave-agent/audit_limit.h"
#include "tests/unit/capture.h"
#include "tests/unit/scratch.h"

#define MANY 10000
#define NOW  UINT64_C(1000)

static char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE + 16];
static struct sockaddr_un journal;
static struct audit *audit;
static struct capture capture;

static const struct audit_entry change = {.master = "plesk1", .zone = "a.example", .result = "x"};
static const struct audit_entry refusal = {.address = "192.0.2.1", .result = "refused"};

static int setup(void **state)
{
	(void)state;
	scratch_make(folder);
	snprintf(path, sizeof(path), "%s/audit.jsonl", folder);
	journal = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(journal.sun_path, sizeof(journal.sun_path), "%.90s/journal", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	audit_free(audit);
	scratch_remove(folder);
	return 0;
}

/* What is written meanwhile to the ordinary log is kept. */
static void start(const char *to_journal)
{
	assert_int_equal(audit_new(path, to_journal, &audit), 0);
	capture_start(&capture, STDERR_FILENO);
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void assert_lines(size_t in_file, size_t in_log)
{
	char *text, *log = capture_end(&capture);
	size_t length;

	assert_int_equal(file_load(path, 16 << 20, &text, &length, NULL), 0);
	assert_int_equal(count_lines(text), in_file);
	assert_int_equal(count_lines(log), in_log);
	free(text);
	free(log);
}

static int open_journal(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&journal, sizeof(journal)), 0);
	return fd;
}

/* How many entries have come; the last stays in `text`. */
static size_t receive(int fd, char *text, size_t size)
{
	size_t count = 0;
	ssize_t n;

	while ((n = recv(fd, text, size - 1, 0)) >= 0) {
		text[n] = '\0';
		count++;
	}
	return count;
}

static void test_the_log_takes_all_where_there_is_no_journal(void **state)
{
	(void)state;
	start(NULL);
	audit_write(audit, &change, 1);
	assert_lines(1, 1);

	audit_free(audit);
	start(journal.sun_path); /* nobody is there */
	audit_write(audit, &change, 1);
	assert_lines(2, 1);
}

static void test_many_at_once(void **state)
{
	struct audit_entry *entries = calloc(MANY, sizeof(*entries));

	(void)state;
	assert_non_null(entries);
	for (size_t i = 0; i < MANY; i++)
		entries[i] = change;
	start(NULL);
	audit_write(audit, entries, MANY);
	assert_lines(MANY, MANY);
	free(entries);
}

static void test_the_journal_gets_entries(void **state)
{
	const struct audit_entry three[] = {change, change, refusal};
	int fd = open_journal();
	char text[4096];

	(void)state;
	start(journal.sun_path);
	audit_write(audit, three, 3);
	assert_int_equal(receive(fd, text, sizeof(text)), 3);
	assert_non_null(strstr(text, "\nZONEPUSH_RESULT=refused\n"));
	assert_lines(3, 0);
	close(fd);
}

static void test_a_journal_that_was_started_anew(void **state)
{
	char text[4096];
	int fd = open_journal();

	(void)state;
	start(journal.sun_path);
	audit_write(audit, &change, 1);
	close(fd);
	assert_int_equal(unlink(journal.sun_path), 0);
	audit_write(audit, &change, 1); /* goes to the log */
	fd = open_journal();
	audit_write(audit, &change, 1);
	assert_int_equal(receive(fd, text, sizeof(text)), 1);
	assert_lines(3, 1);
	close(fd);
}

static void test_a_flood_is_counted(void **state)
{
	char *text;

	(void)state;
	start(NULL);
	for (unsigned int i = 0; i < MANY; i++)
		audit_refuse(audit, &refusal, NOW);
	audit_tick(audit, NOW + AUDIT_LIMIT_WINDOW_MS - 1);
	assert_lines(AUDIT_LIMIT_PER_ADDRESS, AUDIT_LIMIT_PER_ADDRESS);

	capture_start(&capture, STDERR_FILENO);
	audit_tick(audit, NOW + AUDIT_LIMIT_WINDOW_MS);
	text = capture_end(&capture);
	assert_non_null(strstr(text, "refused (and 9,990 more from 192.0.2.1 in 60 s)\n"));
	assert_int_equal(count_lines(text), 1);
	free(text);
}

static void test_counts_are_told_at_the_end(void **state)
{
	char *text;

	(void)state;
	start(NULL);
	for (unsigned int i = 0; i < AUDIT_LIMIT_PER_ADDRESS + 1; i++)
		audit_refuse(audit, &refusal, NOW);
	audit_free(audit);
	audit = NULL;
	text = capture_end(&capture);
	assert_non_null(strstr(text, "and 1 more from 192.0.2.1"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_flood_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counts_are_told_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_log_takes_all_where_there_is_no_journal,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_journal_gets_entries, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_journal_that_was_started_anew, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
