/* What named refuses, what it can't be asked; then what it is asked, and by whom. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "proto/key.h"
#include "slave-agent/control.h"
#include "tests/unit/capture.h"
#include "tests/unit/fake_named.h"
#include "tests/unit/scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MISSING	     "no matching zone 'a.example' in any view"

struct fixture {
	char folder[SCRATCH_PATH_SIZE], key[SCRATCH_PATH_SIZE], program[SCRATCH_PATH_SIZE];
	struct agent_config config;
	struct fake_named named;
	struct control *control;
	struct reason why;
};

static const struct zone_name zone = {"a.example"};

static void write_key(struct fixture *fixture, const char *algorithm, const char *secret)
{
	char text[256];

	snprintf(text, sizeof(text), "key \"k\" { algorithm %s; secret \"%s\"; };\n", algorithm,
		 secret);
	scratch_write(fixture->folder, "rndc.key", text, fixture->key);
}

/* The shell is only here to be the rndc that is run. */
static void write_program(struct fixture *fixture, const char *script)
{
	char text[512];

	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	scratch_write(fixture->folder, "rndc", text, fixture->program);
	assert_int_equal(chmod(fixture->program, 0755), 0);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_int_equal(key_library_init(), 0);
	scratch_make(fixture->folder);
	fake_named_start(&fixture->named);
	write_key(fixture, "hmac-sha256", FAKE_SECRET);
	write_program(fixture, "exit 9");
	fixture->config = (struct agent_config){
		.rndc = fixture->program,
		.rndc_key = fixture->key,
		.rndc_address = (char *)"",
		.rndc_port = fixture->named.address.port,
		.rndc_timeout = 30000,
		.view = (char *)"",
	};
	assert_int_equal(control_new(&fixture->config, &fixture->control), 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	control_free(fixture->control);
	fake_named_stop(&fixture->named);
	scratch_remove(fixture->folder);
	free(fixture);
	return 0;
}

static void test_refusals(void **state)
{
	struct fixture *fixture = *state;
	bool known;

	fixture->named.error = "not found";
	fixture->named.text = "no matching view 'v'\nand more";
	assert_int_equal(control_reconfig(fixture->control, &fixture->why), ZP_ENAMED);
	assert_int_equal(control_ping(fixture->control, &fixture->why), ZP_ENAMED);
	assert_int_equal(control_refresh(fixture->control, &zone, &fixture->why), ZP_ENAMED);
	assert_int_equal(control_retransfer(fixture->control, &zone, &fixture->why), ZP_ENAMED);
	assert_int_equal(control_zone_status(fixture->control, &zone, &known, &fixture->why),
			 ZP_ENAMED);
	assert_int_equal(control_delete_zone(fixture->control, &zone, &fixture->why), ZP_ENAMED);
	assert_string_equal(fixture->why.text,
			    "named refused 'delzone': not found (no matching view 'v')");
	fixture->named.text = NULL;
	assert_int_equal(control_refresh(fixture->control, &zone, &fixture->why), ZP_ENAMED);
	assert_string_equal(fixture->why.text, "named refused 'refresh': not found");
}

static void test_a_zone_that_is_not_there(void **state)
{
	struct fixture *fixture = *state;
	bool known = true;

	fixture->named.error = "not found";
	fixture->named.text = MISSING;
	assert_int_equal(control_refresh(fixture->control, &zone, &fixture->why), ZP_ENAMED);
	assert_int_equal(control_delete_zone(fixture->control, &zone, &fixture->why), 0);
	assert_int_equal(control_zone_status(fixture->control, &zone, &known, &fixture->why), 0);
	assert_false(known);

	fixture->named.error = "zone not loaded";
	fixture->named.text = NULL;
	assert_int_equal(control_zone_status(fixture->control, &zone, &known, &fixture->why), 0);
	assert_true(known);
}

static void test_a_key_file_that_cannot_be_used(void **state)
{
	struct fixture *fixture = *state;

	write_key(fixture, "hmac-sha256", "???");
	assert_int_equal(control_ping(fixture->control, &fixture->why), ZP_EPROGRAM);
	assert_non_null(strstr(fixture->why.text, fixture->key));
	fixture->config.rndc_key = (char *)"/nowhere/rndc.key";
	assert_int_equal(control_ping(fixture->control, &fixture->why), ZP_EPROGRAM);
	assert_non_null(strstr(fixture->why.text, "/nowhere/rndc.key"));
	assert_int_equal(fixture->named.n_messages, 0);
	fixture->config.rndc_key = fixture->key;
	write_key(fixture, "hmac-sha256", FAKE_SECRET);
	assert_int_equal(control_ping(fixture->control, &fixture->why), 0);
}

/* rndc-confgen has made another one; named is told of it a little later. */
static void test_a_key_file_that_changes(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(control_ping(fixture->control, &fixture->why), 0);
	assert_int_equal(control_get_epoch(fixture->control), 1);
	write_key(fixture, "hmac-sha256", "YW5vdGhlcg==");
	assert_int_equal(control_ping(fixture->control, &fixture->why), ZP_EPROGRAM);
	write_key(fixture, "hmac-sha256", FAKE_SECRET);
	assert_int_equal(control_ping(fixture->control, &fixture->why), 0);
	assert_int_equal(control_get_epoch(fixture->control), 2);
}

static void test_what_named_is_asked(void **state)
{
	static const char *const commands[] = {
		"null",
		"reconfig",
		"status",
		"refresh a.example",
		"retransfer a.example",
		"delzone a.example",
		"zonestatus a.example",
		"refresh a.example IN v",
		"zonestatus a.example IN v",
	};
	struct fixture *fixture = *state;
	bool known = false;

	assert_int_equal(control_reconfig(fixture->control, &fixture->why), 0);
	assert_int_equal(control_ping(fixture->control, &fixture->why), 0);
	assert_int_equal(control_refresh(fixture->control, &zone, &fixture->why), 0);
	assert_int_equal(control_retransfer(fixture->control, &zone, &fixture->why), 0);
	assert_int_equal(control_delete_zone(fixture->control, &zone, &fixture->why), 0);
	assert_int_equal(control_zone_status(fixture->control, &zone, &known, &fixture->why), 0);
	assert_true(known);
	fixture->config.view = (char *)"v";
	assert_int_equal(control_refresh(fixture->control, &zone, &fixture->why), 0);
	assert_int_equal(control_zone_status(fixture->control, &zone, &known, &fixture->why), 0);

	assert_int_equal(fixture->named.n_messages, COUNT(commands));
	for (size_t i = 0; i < COUNT(commands); i++)
		assert_string_equal(fixture->named.commands[i], commands[i]);
	assert_int_equal(control_get_epoch(fixture->control), 1);
}

struct saying {
	const char *script;
	int error;
	const char *words;
};

/* The decision for the program is logged. */
static int ping_captured(struct fixture *fixture, char **ret_log)
{
	struct capture capture;
	int r;

	capture_start(&capture, 2);
	r = control_ping(fixture->control, &fixture->why);
	*ret_log = capture_end(&capture);
	return r;
}

static void test_what_the_program_says(void **state)
{
	static const struct saying sayings[] = {
		{"echo \"rndc: 'status' failed: no way\"; echo more; exit 1", ZP_ENAMED,
		 "no way (more)"},
		{"echo 'rndc: connect failed: 127.0.0.1#953: connection refused'; exit 1",
		 ZP_ENAMEDDOWN, "refused"},
		{"echo 'rndc: recv failed: timed out'; exit 1", -ETIMEDOUT, "timed out"},
		{"echo 'rndc: connection to remote host closed.'; exit 1", ZP_EPROGRAM, "rndc-key"},
		{"echo 'rndc: unsupported algorithm: hmac-x'; exit 1", ZP_EPROGRAM, "hmac-x"},
		{"kill -9 $$", ZP_EPROGRAM, "can't run"},
	};
	struct fixture *fixture = *state;
	char *log;

	write_key(fixture, "hmac-sha1", FAKE_SECRET);
	for (size_t i = 0; i < COUNT(sayings); i++) {
		write_program(fixture, sayings[i].script);
		assert_int_equal(ping_captured(fixture, &log), sayings[i].error);
		if (!strstr(fixture->why.text, sayings[i].words))
			fail_msg("%s", fixture->why.text);
		assert_int_equal(strstr(log, "hmac-sha1") != NULL, i == 0);
		free(log);
		assert_int_equal(control_get_epoch(fixture->control), i + 1);
	}
	assert_int_equal(fixture->named.n_messages, 0);
}

static void test_the_program_hangs(void **state)
{
	struct fixture *fixture = *state;
	char *log;

	write_key(fixture, "hmac-sha1", FAKE_SECRET);
	write_program(fixture, "[ $9 != reconfig ] || exec sleep 60");
	assert_int_equal(ping_captured(fixture, &log), 0);
	free(log);
	fixture->config.rndc_timeout = 100;
	assert_int_equal(control_reconfig(fixture->control, &fixture->why), -ETIMEDOUT);
}

static void test_what_the_program_is_asked(void **state)
{
	struct fixture *fixture = *state;
	char script[512], *log;

	snprintf(script, sizeof(script),
		 "[ \"$*\" = '-c %s -y k -s 127.0.0.1 -p %u refresh a.example IN v' ] && exit\n"
		 "[ $9 = status ] && exit\n"
		 "[ $9 = delzone ] && echo \"rndc: 'delzone' failed: not found\" && "
		 "echo \"" MISSING "\"\nexit 1",
		 fixture->key, (unsigned int)fixture->named.address.port);
	write_key(fixture, "hmac-md5", FAKE_SECRET);
	write_program(fixture, script);
	assert_int_equal(ping_captured(fixture, &log), 0);
	free(log);
	assert_int_equal(control_delete_zone(fixture->control, &zone, &fixture->why), 0);
	fixture->config.view = (char *)"v";
	assert_int_equal(control_refresh(fixture->control, &zone, &fixture->why), 0);

	/* Back again, with a key that we can do. */
	write_key(fixture, "hmac-sha256", FAKE_SECRET);
	assert_int_equal(control_ping(fixture->control, &fixture->why), 0);
	assert_int_equal(fixture->named.n_messages, 2);
}

static void test_another_version_of_the_protocol(void **state)
{
	struct fixture *fixture = *state;
	char *log;

	fixture->named.deeds[0] = FAKE_VERSION;
	write_program(fixture, "exit 0");
	assert_int_equal(ping_captured(fixture, &log), 0);
	assert_non_null(strstr(log, "version"));
	free(log);
	assert_int_equal(control_ping(fixture->control, &fixture->why), 0);
	assert_int_equal(fixture->named.n_messages, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_refusals),
		TEST(test_a_zone_that_is_not_there),
		TEST(test_a_key_file_that_cannot_be_used),
		TEST(test_a_key_file_that_changes),
		TEST(test_what_named_is_asked),
		TEST(test_what_the_program_says),
		TEST(test_the_program_hangs),
		TEST(test_what_the_program_is_asked),
		TEST(test_another_version_of_the_protocol),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
