#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/file.h"
#include "tests/unit/scratch.h"

#define NO_GROUP ((gid_t)-1)

struct place {
	char directory[SCRATCH_PATH_SIZE];
	char file[SCRATCH_PATH_SIZE + 16]; /* in it; not made */
};

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	scratch_make(place->directory);
	snprintf(place->file, sizeof(place->file), "%s/file", place->directory);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	scratch_remove(place->directory);
	free(place);
	return 0;
}

static void assert_content(const char *path, const char *expected)
{
	size_t length = 0;
	char *text = NULL;

	assert_int_equal(file_load(path, 1000, &text, &length, NULL), 0);
	assert_int_equal(length, strlen(expected));
	assert_string_equal(text, expected);
	free(text);
}

/* That the directory holds so many entries tells that nothing temporary was left. */
static void assert_entries(const struct place *place, int expected)
{
	DIR *directory = opendir(place->directory);
	int count = 0;

	assert_non_null(directory);
	for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(directory);
	assert_int_equal(count, expected);
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 07777;
}

static void test_load_refuses(void **state)
{
	const struct place *place = *state;
	char fifo[SCRATCH_PATH_SIZE + 16], *text = NULL;
	size_t length = 42;

	snprintf(fifo, sizeof(fifo), "%s/fifo", place->directory);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(file_load(place->file, 10, &text, &length, NULL), -ENOENT);
	assert_int_equal(file_load(place->directory, 10, &text, &length, NULL), -EINVAL);
	assert_int_equal(file_load(fifo, 10, &text, &length, NULL), -EINVAL);
	assert_int_equal(file_load("/dev/zero", 10, &text, &length, NULL), -EINVAL);

	assert_int_equal(file_replace(place->file, "12345", 5, 0600, NO_GROUP), 0);
	assert_int_equal(file_load(place->file, 4, &text, &length, NULL), ZP_ETOOBIG);
	assert_null(text);
	assert_int_equal(length, 42);
}

static void test_load(void **state)
{
	const struct place *place = *state;
	struct stat status;
	size_t length = 42;
	char *text = NULL;

	assert_int_equal(file_replace(place->file, "", 0, 0600, NO_GROUP), 0);
	assert_int_equal(file_load(place->file, 0, &text, &length, NULL), 0);
	assert_int_equal(length, 0);
	assert_string_equal(text, "");
	free(text);

	assert_int_equal(file_replace(place->file, "a\0b", 3, 0640, NO_GROUP), 0);
	assert_int_equal(file_load(place->file, 3, &text, &length, &status), 0);
	assert_int_equal(length, 3);
	assert_memory_equal(text, "a\0b", 4);
	assert_int_equal(status.st_mode & 07777, 0640);
	free(text);
}

static void test_draft_refuses(void **state)
{
	char path[PATH_MAX + SCRATCH_PATH_SIZE];
	const struct place *place = *state;
	struct file_draft *draft = NULL;

	snprintf(path, sizeof(path), "%s/missing/file", place->directory);
	assert_int_equal(file_draft_new(path, 0600, NO_GROUP, &draft), -ENOENT);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(file_draft_new(path, 0600, NO_GROUP, &draft), -ENAMETOOLONG);
	path[255] = '\0';
	assert_int_equal(file_draft_new(path, 0600, NO_GROUP, &draft), -ENAMETOOLONG);
	assert_null(draft);
}

static void test_draft_given_up_leaves_no_trace(void **state)
{
	const struct place *place = *state;
	struct file_draft *draft;

	assert_int_equal(file_replace(place->file, "old", 3, 0600, NO_GROUP), 0);
	assert_int_equal(file_draft_new(place->file, 0600, NO_GROUP, &draft), 0);
	fputs("new", file_draft_stream(draft));
	file_draft_free(draft);
	assert_int_equal(file_draft_new(place->file, 0600, NO_GROUP, &draft), 0);
	assert_int_equal(file_draft_seal(draft), 0);
	assert_entries(place, 2);
	file_draft_free(draft);
	file_draft_free(NULL);
	assert_entries(place, 1);
	assert_content(place->file, "old");
}

static void test_publish_that_fails_keeps_the_old_one(void **state)
{
	const struct place *place = *state;
	char previous[SCRATCH_PATH_SIZE + 32];
	struct file_draft *draft;

	assert_int_equal(file_replace(place->file, "old", 3, 0600, NO_GROUP), 0);
	assert_int_equal(file_draft_new(place->file, 0600, NO_GROUP, &draft), 0);
	assert_int_equal(file_draft_seal(draft), 0);
	snprintf(previous, sizeof(previous), "%s/missing/previous", place->directory);
	assert_int_equal(file_draft_publish(draft, previous), -ENOENT);
	file_draft_free(draft);
	assert_content(place->file, "old");
	assert_entries(place, 1);
}

static void test_directory_in_the_place(void **state)
{
	const struct place *place = *state;

	assert_int_equal(mkdir(place->file, 0700), 0);
	assert_int_equal(file_replace(place->file, "new", 3, 0600, NO_GROUP), -EISDIR);
	assert_entries(place, 1);
}

/* A full disk, as far as a test can have one. */
static void test_write_that_fails_keeps_the_old_one(void **state)
{
	static const char data[100000];
	const struct place *place = *state;
	struct rlimit unlimited, narrow;

	assert_int_equal(file_replace(place->file, "old", 3, 0600, NO_GROUP), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &unlimited);
	narrow = unlimited;
	narrow.rlim_cur = sizeof(data) / 2;
	setrlimit(RLIMIT_FSIZE, &narrow);
	assert_int_equal(file_replace(place->file, data, sizeof(data), 0600, NO_GROUP), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &unlimited);
	assert_content(place->file, "old");
	assert_entries(place, 1);
}

static void test_publish_keeps_the_previous(void **state)
{
	static const char *const contents[] = {"1", "2", "3"};
	const struct place *place = *state;
	char previous[SCRATCH_PATH_SIZE + 16];
	struct file_draft *draft;

	snprintf(previous, sizeof(previous), "%s/previous", place->directory);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(file_draft_new(place->file, 0600, NO_GROUP, &draft), 0);
		fputs(contents[i], file_draft_stream(draft));
		assert_int_equal(file_draft_seal(draft), 0);
		assert_content(file_draft_path(draft), contents[i]);
		assert_int_equal(file_draft_publish(draft, previous), 0);
		file_draft_free(draft);
		assert_content(place->file, contents[i]);
		if (i > 0)
			assert_content(previous, contents[i - 1]);
		assert_entries(place, i > 0 ? 2 : 1);
	}
}

/* The state that a crash between the two steps of publishing leaves. */
static void test_previous_is_already_the_same_file(void **state)
{
	const struct place *place = *state;
	char previous[SCRATCH_PATH_SIZE + 16];
	struct file_draft *draft;

	snprintf(previous, sizeof(previous), "%s/previous", place->directory);
	assert_int_equal(file_replace(place->file, "old", 3, 0600, NO_GROUP), 0);
	assert_int_equal(link(place->file, previous), 0);
	assert_int_equal(file_draft_new(place->file, 0600, NO_GROUP, &draft), 0);
	fputs("new", file_draft_stream(draft));
	assert_int_equal(file_draft_seal(draft), 0);
	assert_int_equal(file_draft_publish(draft, previous), 0);
	file_draft_free(draft);
	assert_content(place->file, "new");
	assert_content(previous, "old");
	assert_entries(place, 2);
}

static void test_mode_and_group(void **state)
{
	const struct place *place = *state;
	mode_t mask = umask(0077);
	struct stat status;

	assert_int_equal(file_replace(place->file, "x", 1, 0664, getegid()), 0);
	umask(mask);
	assert_int_equal(mode_of(place->file), 0664);
	assert_int_equal(stat(place->file, &status), 0);
	assert_int_equal(status.st_gid, getegid());
}

static void test_create_never_replaces(void **state)
{
	const struct place *place = *state;
	char path[SCRATCH_PATH_SIZE + 32];

	snprintf(path, sizeof(path), "%s/missing/file", place->directory);
	assert_int_equal(file_create(path, "x", 1, 0600, NO_GROUP), -ENOENT);
	assert_int_equal(file_create(place->file, "old", 3, 0640, NO_GROUP), 0);
	assert_int_equal(file_create(place->file, "new", 3, 0600, NO_GROUP), -EEXIST);
	assert_content(place->file, "old");
	assert_int_equal(mode_of(place->file), 0640);
	assert_entries(place, 1);

	/* Nor does it follow a link to where nothing is. */
	snprintf(path, sizeof(path), "%s/link", place->directory);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(file_create(path, "new", 3, 0600, NO_GROUP), -EEXIST);
	assert_entries(place, 2);
}

static void test_remove(void **state)
{
	const struct place *place = *state;

	assert_int_equal(file_remove(place->file), 0);
	assert_int_equal(file_remove("/nowhere/at/all"), 0);
	assert_int_equal(file_remove(place->directory), -EISDIR);
	assert_int_equal(file_replace(place->file, "x", 1, 0600, NO_GROUP), 0);
	assert_int_equal(file_remove(place->file), 0);
	assert_entries(place, 0);
}

static void test_make_directory_refuses_a_file(void **state)
{
	const struct place *place = *state;
	char below[SCRATCH_PATH_SIZE + 32];

	assert_int_equal(file_replace(place->file, "x", 1, 0600, NO_GROUP), 0);
	snprintf(below, sizeof(below), "%s/below", place->file);
	assert_int_equal(file_make_directory(place->file, 0700, NO_GROUP), -ENOTDIR);
	assert_int_equal(file_make_directory(below, 0700, NO_GROUP), -ENOTDIR);
}

static void test_make_directory(void **state)
{
	const struct place *place = *state;
	char path[SCRATCH_PATH_SIZE + 32];

	snprintf(path, sizeof(path), "%s/a//b/", place->directory);
	assert_int_equal(file_make_directory(path, 02770, getegid()), 0);
	assert_int_equal(mode_of(path), 02770);
	assert_int_equal(file_make_directory(path, 0700, NO_GROUP), 0);
	assert_int_equal(mode_of(path), 02770);
	snprintf(path, sizeof(path), "%s/a", place->directory);
	assert_int_equal(mode_of(path), 0755);
	assert_int_equal(file_make_directory("/", 0700, NO_GROUP), 0);
}

static void test_sweep(void **state)
{
	const struct place *place = *state;
	char left[SCRATCH_PATH_SIZE], link[SCRATCH_PATH_SIZE], kept[SCRATCH_PATH_SIZE];
	char path[SCRATCH_PATH_SIZE + 8];

	snprintf(path, sizeof(path), "%s/zones", place->directory);
	assert_int_equal(file_draft_sweep(path), 0);
	scratch_write(place->directory, ".zones.aB3xYz", "", left);
	scratch_write(place->directory, ".zones.aB3xYz.previous", "", link);
	scratch_write(place->directory, "zones.aB3xYz", "", kept);
	assert_int_equal(file_draft_sweep(path), 0);
	assert_int_equal(access(left, F_OK), -1);
	assert_int_equal(access(link, F_OK), -1);
	assert_int_equal(access(kept, F_OK), 0);
}

static void test_touch(void **state)
{
	const struct place *place = *state;
	char path[SCRATCH_PATH_SIZE + 8];

	assert_int_equal(file_touch("/nowhere/at/all", 0660, NO_GROUP), -ENOENT);
	assert_true(file_touch(place->directory, 0660, NO_GROUP) < 0);
	snprintf(path, sizeof(path), "%s/due", place->directory);
	assert_int_equal(file_touch(path, 0660, NO_GROUP), 0);
	assert_int_equal(mode_of(path), 0660);
	assert_int_equal(file_touch(path, 0600, NO_GROUP), 0);
	assert_int_equal(mode_of(path), 0660);
}

/* What another process gets when it asks for the lock. */
static int lock_elsewhere(const char *path)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(file_lock(path) == -EWOULDBLOCK);
	assert_true(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status) ? -EWOULDBLOCK : 0;
}

static void test_lock(void **state)
{
	const struct place *place = *state;
	int fd;

	assert_int_equal(file_lock("/nowhere/at/all"), -ENOENT);
	fd = file_lock(place->file);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(lock_elsewhere(place->file), -EWOULDBLOCK);
	close(fd);
	assert_int_equal(lock_elsewhere(place->file), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_load_refuses),
		TEST(test_load),
		TEST(test_draft_refuses),
		TEST(test_draft_given_up_leaves_no_trace),
		TEST(test_publish_that_fails_keeps_the_old_one),
		TEST(test_directory_in_the_place),
		TEST(test_write_that_fails_keeps_the_old_one),
		TEST(test_publish_keeps_the_previous),
		TEST(test_previous_is_already_the_same_file),
		TEST(test_mode_and_group),
		TEST(test_create_never_replaces),
		TEST(test_remove),
		TEST(test_make_directory_refuses_a_file),
		TEST(test_make_directory),
		TEST(test_sweep),
		TEST(test_touch),
		TEST(test_lock),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
