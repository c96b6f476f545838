#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/database.h"
#include "tests/unit/scratch.h"

static const char *const steps[] = {
	"CREATE TABLE a(x INTEGER NOT NULL, t TEXT) STRICT;",
	"CREATE TABLE b(y INTEGER) STRICT; INSERT INTO b VALUES (1);",
};
static const struct database_schema first = {17, steps, 1}, second = {17, steps, 2};
static const struct database_schema foreign = {18, steps, 1};

struct fixture {
	char directory[SCRATCH_PATH_SIZE];
	char path[SCRATCH_PATH_SIZE + 16];
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	scratch_make(fixture->directory);
	snprintf(fixture->path, sizeof(fixture->path), "%s/x.db", fixture->directory);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	scratch_remove(fixture->directory);
	free(fixture);
	return 0;
}

static struct database *must_open(const char *path, const struct database_schema *schema)
{
	struct database *database;
	struct reason why;

	if (database_open(path, schema, &database, &why) < 0)
		fail_msg("%s", why.text);
	return database;
}

static int64_t count(struct database *database)
{
	struct database_rows *rows;
	int64_t n;

	assert_int_equal(database_query(database, &rows, "SELECT count(*) FROM a", ""), 0);
	assert_int_equal(database_next(rows), 1);
	n = database_integer(rows, 0);
	assert_int_equal(database_next(rows), 0);
	database_rows_done(rows);
	return n;
}

static void test_no_database(void **state)
{
	struct fixture *fixture = *state;
	struct database *database;
	struct reason why;
	char text[2000], path[SCRATCH_PATH_SIZE];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	scratch_write(fixture->directory, "x.db", text, path);
	assert_int_equal(database_open(path, &first, &database, &why), ZP_EDAMAGED);
	assert_non_null(strstr(why.text, "move it aside"));
	assert_int_equal(database_open("/nowhere/x.db", &first, &database, &why), -ENOENT);
	assert_int_equal(database_open_read_only("/nowhere/x.db", &first, &database, &why),
			 -ENOENT);
}

static void test_of_another_program_or_version(void **state)
{
	struct fixture *fixture = *state;
	struct database *database;
	struct reason why;

	database_free(must_open(fixture->path, &second));
	assert_int_equal(database_open(fixture->path, &first, &database, &why), ZP_EVERSION);
	assert_non_null(strstr(why.text, "newer"));
	assert_int_equal(database_open(fixture->path, &foreign, &database, &why), ZP_EDATABASE);
	assert_non_null(strstr(why.text, "another program"));
}

static void test_migrated(void **state)
{
	struct fixture *fixture = *state;
	struct database *database = must_open(fixture->path, &first);

	assert_int_equal(database_execute(database, "INSERT INTO a VALUES (?, ?)", "it", INT64_C(7),
					  "seven"),
			 0);
	database_free(database);
	database = must_open(fixture->path, &second);
	assert_int_equal(count(database), 1);
	assert_int_equal(database_execute(database, "UPDATE b SET y = 2", ""), 0);
	assert_int_equal(database_changes(database), 1);
	database_free(database);
}

static void test_modes(void **state)
{
	struct fixture *fixture = *state;
	mode_t mask = umask(077);
	struct database *database = must_open(fixture->path, &first);
	char path[sizeof(fixture->path) + 8];
	struct stat status;

	assert_int_equal(database_execute(database, "INSERT INTO a VALUES (1, NULL)", ""), 0);
	umask(mask);
	for (const char *const *end = (const char *const[]){"", "-wal", "-shm", NULL}; *end;
	     end++) {
		snprintf(path, sizeof(path), "%s%s", fixture->path, *end);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0660);
	}
	database_free(database);
}

static void test_failures(void **state)
{
	struct fixture *fixture = *state;
	struct database *database = must_open(fixture->path, &first);
	struct database_rows *rows;

	assert_int_equal(database_execute(database, "INSERT INTO a VALUES (NULL, NULL)", ""),
			 ZP_EDATABASE);
	assert_non_null(strstr(database_reason(database), "NOT NULL"));
	assert_int_equal(database_execute(database, "INSERT INTO none VALUES (1)", ""),
			 ZP_EDATABASE);
	assert_int_equal(database_query(database, &rows, "SELECT nothing FROM a", ""),
			 ZP_EDATABASE);
	database_rollback(database);
	assert_int_equal(count(database), 0);
	database_free(database);
}

static void test_transactions(void **state)
{
	struct fixture *fixture = *state;
	struct database *database = must_open(fixture->path, &first), *reader;
	struct reason why;

	assert_int_equal(database_open_read_only(fixture->path, &first, &reader, &why), 0);
	assert_int_equal(database_begin(database), 0);
	assert_int_equal(database_execute(database, "INSERT INTO a VALUES (1, 'x')", ""), 0);
	assert_int_equal(count(reader), 0);
	database_rollback(database);
	assert_int_equal(count(database), 0);

	assert_int_equal(database_begin(database), 0);
	assert_int_equal(database_execute(database, "INSERT INTO a VALUES (1, 'x')", ""), 0);
	assert_int_equal(database_commit(database), 0);
	assert_int_equal(count(reader), 1);
	assert_true(database_execute(reader, "INSERT INTO a VALUES (2, 'y')", "") < 0);
	database_free(reader);
	database_free(database);
}

static void test_values(void **state)
{
	struct fixture *fixture = *state;
	struct database *database = must_open(fixture->path, &first);
	struct database_rows *rows;

	assert_int_equal(database_execute(database, "INSERT INTO a VALUES (?, ?)", "it", INT64_MIN,
					  "a'b"),
			 0);
	assert_int_equal(database_execute(database, "INSERT INTO a VALUES (?, ?)", "in", INT64_MAX),
			 0);
	assert_int_equal(database_query(database, &rows, "SELECT x, t FROM a ORDER BY x", ""), 0);
	assert_int_equal(database_next(rows), 1);
	assert_true(database_integer(rows, 0) == INT64_MIN);
	assert_string_equal(database_text(rows, 1), "a'b");
	assert_int_equal(database_next(rows), 1);
	assert_true(database_is_null(rows, 1));
	assert_null(database_text(rows, 1));
	assert_int_equal(database_next(rows), 0);
	database_rows_done(rows);
	database_free(database);
}

/* Hooks start in parallel, also on a file that isn't there yet. */
static void test_many_at_once(void **state)
{
	enum {
		PROCESSES = 30
	};
	struct fixture *fixture = *state;
	struct database *database;
	int status, failed = 0;

	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			struct reason why;

			if (database_open(fixture->path, &second, &database, &why) < 0) {
				fprintf(stderr, "%s\n", why.text);
				_exit(1);
			}
			if (database_begin(database) < 0 ||
			    database_execute(database, "INSERT INTO a VALUES (1, NULL)", "") < 0 ||
			    database_commit(database) < 0) {
				fprintf(stderr, "%s\n", database_reason(database));
				_exit(1);
			}
			database_free(database);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		failed += status != 0;
	}
	assert_int_equal(failed, 0);
	database = must_open(fixture->path, &second);
	assert_int_equal(count(database), PROCESSES);
	database_free(database);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_database), TEST(test_of_another_program_or_version),
		TEST(test_migrated),	TEST(test_modes),
		TEST(test_failures),	TEST(test_transactions),
		TEST(test_values),	TEST(test_many_at_once),
	};

	return cmocka_run_group_tests_name("database", tests, NULL, NULL);
}
