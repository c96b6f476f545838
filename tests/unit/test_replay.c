#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "proto/error.h"
#include "slave-agent/replay.h"

#define NOW   1760000000
#define KEY_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"

static int setup(void **state)
{
	return replay_new(NOW, (struct replay **)state);
}

static int teardown(void **state)
{
	replay_free(*state);
	return 0;
}

static void test_second_use_is_refused(void **state)
{
	assert_int_equal(replay_use(*state, KEY_A, "nonce-of-16-byte", NOW + 60, NOW), 0);
	assert_int_equal(replay_use(*state, KEY_A, "nonce-of-16-byte", NOW + 60, NOW), ZP_EREPLAY);
	assert_int_equal(replay_use(*state, KEY_A, "nonce-of-16-byte", NOW + 90, NOW + 60),
			 ZP_EREPLAY);
}

static void test_keys_do_not_share_nonces(void **state)
{
	assert_int_equal(replay_use(*state, KEY_A, "nonce-of-16-byte", NOW + 60, NOW), 0);
	assert_int_equal(replay_use(*state, KEY_B, "nonce-of-16-byte", NOW + 60, NOW), 0);
}

static void test_over_or_too_far_ahead_is_refused(void **state)
{
	assert_int_equal(replay_use(*state, KEY_A, "nonce-of-16-byte", NOW - 1, NOW), ZP_ENOTFRESH);
	assert_int_equal(replay_use(*state, KEY_A, "nonce-of-16-byte", NOW + REPLAY_SECONDS_MAX,
				    NOW),
			 ZP_ENOTFRESH);
}

/* A clock set back must not reopen what was swept before. */
static void test_clock_set_back(void **state)
{
	assert_int_equal(replay_use(*state, KEY_A, "nonce-of-16-byte", NOW + 10, NOW), 0);
	assert_int_equal(replay_use(*state, KEY_A, "another-nonce-16", NOW + 3700, NOW + 3600), 0);
	assert_int_equal(replay_use(*state, KEY_A, "nonce-of-16-byte", NOW + 10, NOW),
			 ZP_ENOTFRESH);
}

static void test_a_full_key_refuses_and_keeps_the_live_ones(void **state)
{
	char nonce[32];

	for (int i = 0; i < REPLAY_PER_KEY_MAX; i++) {
		snprintf(nonce, sizeof(nonce), "nonce-number-%08d", i);
		assert_int_equal(replay_use(*state, KEY_A, nonce, NOW + 60, NOW), 0);
	}
	assert_int_equal(replay_use(*state, KEY_A, "one-nonce-too-many", NOW + 60, NOW), ZP_EFULL);
	assert_int_equal(replay_use(*state, KEY_A, "nonce-number-00000000", NOW + 60, NOW),
			 ZP_EFULL);
	assert_int_equal(replay_use(*state, KEY_B, "nonce-of-16-byte", NOW + 60, NOW), 0);

	/* Once they are over there is room again. */
	assert_int_equal(replay_use(*state, KEY_A, "one-nonce-too-many", NOW + 120, NOW + 62), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_second_use_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys_do_not_share_nonces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_over_or_too_far_ahead_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_clock_set_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_full_key_refuses_and_keeps_the_live_ones,
						setup, teardown),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
