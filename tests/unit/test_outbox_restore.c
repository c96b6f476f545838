#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "master-hook/outbox.h"
#include "proto/file.h"
#include "tests/unit/scratch.h"

#define PAGE	  4096 /* bytes, of the database */
#define ZONES	  2000 /* some dozen pages */
#define TEXT_SIZE 1000
#define FILE_MOST (16 * 1024 * 1024) /* bytes */

/* A state directory, its outbox, and a key for slaves. */
struct fixture {
	char directory[SCRATCH_PATH_SIZE];
	struct outbox *outbox;
	struct key *key;
};

static void open_outbox(struct fixture *fixture)
{
	struct reason why;

	if (outbox_open(fixture->directory, (gid_t)-1, &fixture->outbox, &why) < 0)
		fail_msg("%s", why.text);
}

static void close_outbox(struct fixture *fixture)
{
	outbox_free(fixture->outbox);
	fixture->outbox = NULL;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_int_equal(key_library_init(), 0);
	assert_int_equal(key_generate(&fixture->key), 0);
	scratch_make(fixture->directory);
	open_outbox(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	outbox_free(fixture->outbox);
	key_free(fixture->key);
	scratch_remove(fixture->directory);
	free(fixture);
	return 0;
}

static void add_slave(struct fixture *fixture, struct outbox_slave slave)
{
	slave.key = *key_get_public(fixture->key);
	assert_int_equal(outbox_begin(fixture->outbox), 0);
	assert_int_equal(outbox_slave_add(fixture->outbox, &slave), 0);
	assert_int_equal(outbox_commit_slaves(fixture->outbox), 0);
}

static void add_zones(struct fixture *fixture)
{
	assert_int_equal(outbox_begin(fixture->outbox), 0);
	for (int i = 0; i < ZONES; i++) {
		struct outbox_wish wish = {.present = true};

		snprintf(wish.zone.text, sizeof(wish.zone.text), "z%d.example", i);
		assert_int_equal(outbox_want(fixture->outbox, &wish), 0);
	}
	assert_int_equal(outbox_commit(fixture->outbox), 0);
}

/* The names of the slaves, a blank after each. */
static const char *names(struct fixture *fixture)
{
	static char text[TEXT_SIZE];
	struct outbox_slave *slaves;
	size_t count, used = 0;

	text[0] = '\0';
	assert_int_equal(outbox_slave_list(fixture->outbox, &slaves, &count), 0);
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s ", slaves[i].name);
	free(slaves);
	return text;
}

static void lose(struct fixture *fixture)
{
	static const char *const files[] = {"", "-wal", "-shm"};
	char path[SCRATCH_PATH_SIZE + 32];

	close_outbox(fixture);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/" OUTBOX_FILE "%s", fixture->directory, files[i]);
		assert_int_equal(file_remove(path), 0);
	}
	open_outbox(fixture);
}

/* Overwrites all but the first page. */
static void damage(struct fixture *fixture)
{
	static const char zeroes[PAGE];
	char path[SCRATCH_PATH_SIZE + 32];
	long size;
	FILE *file;

	close_outbox(fixture);
	snprintf(path, sizeof(path), "%s/" OUTBOX_FILE, fixture->directory);
	file = fopen(path, "r+e");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size > 10 * PAGE);
	assert_int_equal(fseek(file, PAGE, SEEK_SET), 0);
	for (long at = PAGE; at < size; at += PAGE)
		assert_true(fwrite(zeroes, PAGE, 1, file) == 1);
	assert_int_equal(fclose(file), 0);
	open_outbox(fixture);
}

static void test_nothing_written_down(void **state)
{
	struct fixture *fixture = *state;
	char path[SCRATCH_PATH_SIZE];

	assert_int_equal(outbox_restore_slaves(fixture->outbox), 0);
	assert_string_equal(names(fixture), "");
	scratch_write(fixture->directory, OUTBOX_SLAVES_FILE, "", path);
	assert_int_equal(outbox_restore_slaves(fixture->outbox), 0);
	assert_string_equal(names(fixture), "");
}

/* Somebody edited it: the lines that are whole still count, and the first one of a name. */
static void test_lines_that_are_spoilt(void **state)
{
	struct fixture *fixture = *state;
	const char *id = key_get_public(fixture->key)->id;
	char text[10 * TEXT_SIZE], path[SCRATCH_PATH_SIZE];

	snprintf(text, sizeof(text),
		 "\n\t\t\t\t\t\nnonsense\n"
		 "few\thttp://127.0.0.1:1\t%s\t\t0\n"
		 "nokey\thttp://127.0.0.1:1\t\t\t0\t\n"
		 "badkey\thttp://127.0.0.1:1\t%.10s\t\t0\t\n"
		 "UPPER\thttp://127.0.0.1:1\t%s\t\t0\t\n"
		 "\thttp://127.0.0.1:1\t%s\t\t0\t\n"
		 "good\thttp://127.0.0.1:1\t%s\t\t0\t\n"
		 "good\thttp://127.0.0.1:2\t%s\t\t0\t\n"
		 "last\thttp://127.0.0.1:3\t%s\t\t0\t",
		 id, id, id, id, id, id, id);
	scratch_write(fixture->directory, OUTBOX_SLAVES_FILE, text, path);
	assert_int_equal(outbox_restore_slaves(fixture->outbox), 0);
	assert_string_equal(names(fixture), "good last ");
}

static void test_what_is_no_file(void **state)
{
	struct fixture *fixture = *state;
	char path[SCRATCH_PATH_SIZE + 32];

	snprintf(path, sizeof(path), "%s/" OUTBOX_SLAVES_FILE, fixture->directory);
	assert_int_equal(file_make_directory(path, 0700, (gid_t)-1), 0);
	assert_true(outbox_restore_slaves(fixture->outbox) < 0);
	assert_string_equal(names(fixture), "");
}

/* Who is known counts; the file is for an outbox that knows nobody. */
static void test_an_outbox_with_slaves(void **state)
{
	struct fixture *fixture = *state;
	char text[TEXT_SIZE], path[SCRATCH_PATH_SIZE];

	add_slave(fixture, (struct outbox_slave){.name = "s1", .url = "http://127.0.0.1:1"});
	snprintf(text, sizeof(text), "other\thttp://127.0.0.1:2\t%s\t\t0\t\n",
		 key_get_public(fixture->key)->id);
	scratch_write(fixture->directory, OUTBOX_SLAVES_FILE, text, path);
	assert_int_equal(outbox_restore_slaves(fixture->outbox), 0);
	assert_string_equal(names(fixture), "s1 ");
}

/* All that an administrator said of a slave, and nothing of what it once acknowledged. */
static void test_slaves_come_back(void **state)
{
	struct fixture *fixture = *state;
	struct outbox_slave *slaves;
	size_t count;

	add_slave(fixture, (struct outbox_slave){.name = "s1", .url = "http://[::1]:8053"});
	add_slave(fixture, (struct outbox_slave){.name = "s2",
						 .url = "http://s2.example:1",
						 .dns = "127.0.0.2:53",
						 .acl = "127.0.0.2 ::2 ",
						 .is_paused = true});
	lose(fixture);
	assert_string_equal(names(fixture), "");
	assert_int_equal(outbox_restore_slaves(fixture->outbox), 0);
	assert_int_equal(outbox_slave_list(fixture->outbox, &slaves, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(slaves[0].name, "s1");
	assert_string_equal(slaves[0].url, "http://[::1]:8053");
	assert_string_equal(slaves[0].key.id, key_get_public(fixture->key)->id);
	assert_string_equal(slaves[0].dns, "");
	assert_string_equal(slaves[0].acl, "");
	assert_false(slaves[0].is_paused);
	assert_string_equal(slaves[0].state.instance, "");
	assert_string_equal(slaves[1].url, "http://s2.example:1");
	assert_string_equal(slaves[1].dns, "127.0.0.2:53");
	assert_string_equal(slaves[1].acl, "127.0.0.2 ::2 ");
	assert_true(slaves[1].is_paused);
	free(slaves);
}

/* Who was removed stays away, the last one included. */
static void test_a_slave_that_was_removed(void **state)
{
	struct fixture *fixture = *state;
	struct outbox_slave *slaves;
	size_t count;

	add_slave(fixture, (struct outbox_slave){.name = "s1", .url = "http://127.0.0.1:1"});
	assert_int_equal(outbox_slave_list(fixture->outbox, &slaves, &count), 0);
	assert_int_equal(outbox_begin(fixture->outbox), 0);
	assert_int_equal(outbox_slave_remove(fixture->outbox, slaves[0].id), 0);
	assert_int_equal(outbox_commit_slaves(fixture->outbox), 0);
	free(slaves);
	assert_int_equal(outbox_restore_slaves(fixture->outbox), 0);
	assert_string_equal(names(fixture), "");
	lose(fixture);
	assert_int_equal(outbox_restore_slaves(fixture->outbox), 0);
	assert_string_equal(names(fixture), "");
}

static void test_damage_is_found(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(outbox_check(fixture->outbox), 0);
	add_zones(fixture);
	assert_int_equal(outbox_check(fixture->outbox), 0);
	damage(fixture);
	assert_int_equal(outbox_check(fixture->outbox), ZP_EDAMAGED);
}

static void test_nothing_to_set_aside(void **state)
{
	char directory[SCRATCH_PATH_SIZE], path[PATH_MAX];

	(void)state;
	scratch_make(directory);
	assert_int_equal(outbox_set_aside(directory, path), -ENOENT);
	scratch_remove(directory);
}

/* The damaged one stays as it was, for whoever can read more of it; the new one is empty. */
static void test_set_aside(void **state)
{
	struct fixture *fixture = *state;
	char path[PATH_MAX], from[SCRATCH_PATH_SIZE + 32], *before, *after;
	size_t length_before, length_after;
	uint64_t present;

	add_slave(fixture, (struct outbox_slave){.name = "s1", .url = "http://127.0.0.1:1"});
	add_zones(fixture);
	damage(fixture);
	close_outbox(fixture);
	snprintf(from, sizeof(from), "%s/" OUTBOX_FILE, fixture->directory);
	assert_int_equal(file_load(from, FILE_MOST, &before, &length_before, NULL), 0);
	assert_int_equal(outbox_set_aside(fixture->directory, path), 0);
	assert_int_equal(access(from, F_OK), -1);
	assert_int_equal(strncmp(path, from, strlen(from)), 0);
	assert_int_equal(file_load(path, FILE_MOST, &after, &length_after, NULL), 0);
	assert_int_equal(length_before, length_after);
	assert_memory_equal(before, after, length_before);
	free(before);
	free(after);

	open_outbox(fixture);
	assert_int_equal(outbox_check(fixture->outbox), 0);
	assert_int_equal(outbox_count(fixture->outbox, &present), 0);
	assert_int_equal(present, 0);
	assert_int_equal(outbox_restore_slaves(fixture->outbox), 0);
	assert_string_equal(names(fixture), "s1 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_written_down, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lines_that_are_spoilt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_outbox_with_slaves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slaves_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_slave_that_was_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage_is_found, setup, teardown),
		cmocka_unit_test(test_nothing_to_set_aside),
		cmocka_unit_test_setup_teardown(test_set_aside, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
