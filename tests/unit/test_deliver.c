#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "master-hook/deliver.h"
#include "proto/clock.h"
#include "tests/unit/capture.h"
#include "tests/unit/peer.h"
#include "tests/unit/scratch.h"

#define FAR   INT64_MAX
#define AHEAD (UINT64_C(1) << 52)

/* An outbox with one slave, "s1", whose agent is the peer. */
struct fixture {
	char directory[SCRATCH_PATH_SIZE];
	struct hook_config config;
	struct key *key;
	struct outbox *outbox;
	struct peer peer;
	struct deliver_limits limits;
	struct deliver_summary summary; /* of the last run */
	char *said;			/* by the last run, on standard error */

	enum change_outcome outcome; /* for decide_once() */
	const char *problem;
	uint64_t known;
};

static void add_slave(struct fixture *fixture, const char *name, const char *url)
{
	struct outbox_slave slave = {.key = *key_get_public(fixture->peer.key)};

	snprintf(slave.name, sizeof(slave.name), "%s", name);
	snprintf(slave.url, sizeof(slave.url), "%s", url);
	assert_int_equal(outbox_begin(fixture->outbox), 0);
	assert_int_equal(outbox_slave_add(fixture->outbox, &slave), 0);
	assert_int_equal(outbox_commit(fixture->outbox), 0);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct reason why;

	assert_int_equal(key_library_init(), 0);
	scratch_make(fixture->directory);
	fixture->config = (struct hook_config){
		.connect_timeout = 5000,
		.retry_min = 100000,
		.retry_max = 1000000,
	};
	fixture->limits = (struct deliver_limits){.request = 20000, .stop = -1};
	assert_int_equal(key_generate(&fixture->key), 0);
	if (outbox_open(fixture->directory, (gid_t)-1, &fixture->outbox, &why) < 0)
		fail_msg("%s", why.text);
	peer_start(&fixture->peer);
	fixture->peer.context = fixture;
	add_slave(fixture, "s1", fixture->peer.url);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	peer_stop(&fixture->peer);
	outbox_free(fixture->outbox);
	key_free(fixture->key);
	scratch_remove(fixture->directory);
	free(fixture->said);
	free(fixture);
	return 0;
}

static void want(struct outbox *outbox, const char *zone, bool present)
{
	struct outbox_wish wish = {.present = present};

	assert_int_equal(zone_name_parse(zone, &wish.zone, NULL), 0);
	assert_int_equal(outbox_begin(outbox), 0);
	assert_int_equal(outbox_want(outbox, &wish), 0);
	assert_int_equal(outbox_commit(outbox), 0);
}

static void run(struct fixture *fixture)
{
	struct capture capture;
	struct reason why;
	int r;

	free(fixture->said);
	fixture->limits.until = clock_steady_ms() + 20000;
	capture_start(&capture, STDERR_FILENO);
	r = deliver_run(&fixture->config, fixture->key, fixture->outbox, &fixture->limits,
			&fixture->summary, &why);
	fixture->said = capture_end(&capture);
	if (r < 0)
		fail_msg("%s", why.text);
}

static struct outbox_slave load_slave(struct fixture *fixture)
{
	struct outbox_slave *slaves, slave;
	size_t count;

	assert_int_equal(outbox_slave_list(fixture->outbox, &slaves, &count), 0);
	slave = slaves[0];
	free(slaves);
	return slave;
}

static size_t count_owed(struct fixture *fixture, int64_t now)
{
	struct change *changes;
	size_t count;

	assert_int_equal(outbox_get_due(fixture->outbox, 1, now, 10, &changes, &count), 0);
	free(changes);
	return count;
}

/* The first change gets the fixture's outcome, whatever follows is applied. */
static void decide_once(void *context, const struct change *change,
			struct change_result *ret_result)
{
	struct fixture *fixture = context;

	(void)change;
	ret_result->outcome = fixture->outcome;
	if (fixture->outcome == CHANGE_REFUSED) {
		ret_result->problem = strdup(fixture->problem);
		ret_result->detail = strdup("because");
	}
	if (fixture->outcome == CHANGE_REFUSED || fixture->outcome == CHANGE_STALE)
		ret_result->generation = fixture->known;
	fixture->outcome = CHANGE_APPLIED;
}

/* Each is a reply that must not be believed: the change is still owed, and later. */
static void expect_failure(struct fixture *fixture, const char *words)
{
	int64_t now = (int64_t)(clock_microseconds() / 1000);
	struct outbox_slave slave;

	want(fixture->outbox, "a.example", true);
	run(fixture);
	slave = load_slave(fixture);
	assert_int_equal(fixture->summary.failed, 1);
	assert_int_equal(fixture->summary.acknowledged, 0);
	assert_int_equal(count_owed(fixture, FAR), 1);
	assert_int_equal(slave.failures, 1);
	assert_true(slave.retry_at > now + 80000);
	assert_string_equal(slave.state.instance, "");
	if (!strstr(slave.error, words) || !strstr(fixture->said, words) ||
	    !strstr(fixture->said, "slave 's1'"))
		fail_msg("'%s' isn't in: %s", words, fixture->said);
}

static void test_a_reply_without_a_signature(void **state)
{
	struct fixture *fixture = *state;

	fixture->peer.is_unsigned = true;
	expect_failure(fixture, "isn't rightly signed");
}

static void test_a_reply_signed_by_another(void **state)
{
	struct fixture *fixture = *state;

	fixture->peer.signer = fixture->key;
	expect_failure(fixture, "isn't rightly signed");
}

static void test_a_reply_about_other_zones(void **state)
{
	struct fixture *fixture = *state;

	fixture->peer.body = "{\"results\":[{\"zone\":\"b.example\",\"result\":\"applied\","
			     "\"generation\":1}]}";
	want(fixture->outbox, "a.example", true);
	run(fixture);
	assert_int_equal(fixture->summary.failed, 1);
	assert_int_equal(count_owed(fixture, FAR), 1);
}

static void test_a_problem_instead_of_results(void **state)
{
	struct fixture *fixture = *state;

	fixture->peer.status = 503;
	fixture->peer.body = "{\"type\":\"urn:zonepush:problem:busy\",\"title\":\"Busy\","
			     "\"status\":503,\"detail\":\"no room for more\"}";
	expect_failure(fixture, "no room for more");
}

static void test_nobody_there(void **state)
{
	struct fixture *fixture = *state;

	fixture->limits.slaves = (const char *const[]){"s2", NULL};
	add_slave(fixture, "s2", "http://127.0.0.1:1");
	want(fixture->outbox, "a.example", true);
	run(fixture);
	assert_int_equal(fixture->summary.known, 2);
	assert_int_equal(fixture->summary.slaves, 1);
	assert_int_equal(fixture->summary.failed, 1);
	assert_int_equal(fixture->peer.n_requests, 0);
	assert_non_null(strstr(fixture->said, "slave 's2' at 'http://127.0.0.1:1'"));
}

/* Who failed is left alone until its pause is over; then nothing waits any longer. */
static void test_the_circuit_breaker(void **state)
{
	struct fixture *fixture = *state;
	struct outbox_slave slave;

	fixture->peer.is_unsigned = true;
	want(fixture->outbox, "a.example", true);
	run(fixture);
	fixture->peer.is_unsigned = false;
	want(fixture->outbox, "b.example", true);
	run(fixture);
	assert_int_equal(fixture->peer.n_requests, 1);
	assert_int_equal(fixture->summary.slaves, 0);
	assert_string_equal(fixture->said, "");

	slave = load_slave(fixture);
	slave.retry_at = 0;
	assert_int_equal(outbox_slave_note(fixture->outbox, &slave), 0);
	run(fixture);
	assert_int_equal(fixture->peer.n_changes, 2);
	assert_int_equal(fixture->summary.acknowledged, 2);
	slave = load_slave(fixture);
	assert_int_equal(slave.failures, 0);
	assert_string_equal(slave.error, "");
	assert_string_equal(slave.state.instance, fixture->peer.state.instance);
}

static void test_what_settles_a_change(void **state)
{
	static const enum change_outcome outcomes[] = {
		CHANGE_APPLIED,
		CHANGE_UNCHANGED,
		CHANGE_ACCEPTED,
	};
	struct fixture *fixture = *state;

	fixture->peer.decide = decide_once;
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		fixture->outcome = outcomes[i];
		want(fixture->outbox, "a.example", true);
		run(fixture);
		assert_int_equal(fixture->summary.acknowledged, 1);
		assert_int_equal(count_owed(fixture, FAR), 0);
		assert_string_equal(fixture->said, "");
	}
}

static void test_a_refusal_stays_owed_and_stops_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct outbox_debt debt;

	fixture->peer.decide = decide_once;
	fixture->outcome = CHANGE_REFUSED;
	fixture->problem = "owned";
	want(fixture->outbox, "a.example", true);
	want(fixture->outbox, "b.example", true);
	run(fixture);
	assert_int_equal(fixture->peer.n_requests, 1);
	assert_int_equal(fixture->summary.refused, 1);
	assert_int_equal(fixture->summary.acknowledged, 1);
	assert_non_null(strstr(fixture->said, "refused zone 'a.example': because (owned)"));
	assert_int_equal(outbox_get_debt(fixture->outbox, 1, &debt), 0);
	assert_int_equal(debt.refused, 1);
	run(fixture);
	assert_int_equal(fixture->peer.n_requests, 1);
}

/* What is wanted here counts, and is sent again at once with a higher generation. */
static void test_an_outbox_that_was_lost(void **state)
{
	static const struct {
		enum change_outcome outcome;
		const char *problem, *words;
	} cases[] = {
		{CHANGE_STALE, NULL, "lost, restored or cloned"},
		{CHANGE_REFUSED, "generation-reused", "another change of this generation"},
	};
	struct fixture *fixture = *state;

	fixture->peer.decide = decide_once;
	fixture->known = AHEAD;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture->outcome = cases[i].outcome;
		fixture->problem = cases[i].problem;
		want(fixture->outbox, i == 0 ? "a.example" : "b.example", true);
		run(fixture);
		assert_non_null(strstr(fixture->said, cases[i].words));
		assert_int_equal(fixture->summary.acknowledged, 1);
		assert_true(fixture->peer.changes[0].generation == AHEAD + 1);
		assert_int_equal(count_owed(fixture, FAR), 0);
	}
}

static void test_the_highest_generation_there_is(void **state)
{
	struct fixture *fixture = *state;

	fixture->peer.decide = decide_once;
	fixture->outcome = CHANGE_STALE;
	fixture->known = TEXT_INTEGER_MAX;
	want(fixture->outbox, "a.example", true);
	want(fixture->outbox, "b.example", true);
	run(fixture);
	assert_int_equal(fixture->summary.refused, 1);
	assert_int_equal(fixture->summary.acknowledged, 1);
	assert_int_equal(count_owed(fixture, FAR), 1);
}

/* While the first state of the zone is on its way, another hook stores and delivers a second. */
static void overtake(void *context, const struct change *change, struct change_result *ret_result)
{
	struct fixture *fixture = context;
	struct outbox_wish wish = {.zone = change->zone};
	struct change *changes;
	struct outbox *other;
	struct reason why;
	size_t count;

	if (fixture->known)
		return;
	if (outbox_open(fixture->directory, (gid_t)-1, &other, &why) < 0 ||
	    outbox_begin(other) < 0 || outbox_want(other, &wish) < 0 || outbox_commit(other) < 0 ||
	    outbox_get_due(other, 1, FAR, 1, &changes, &count) < 0)
		abort();
	fixture->known = changes[0].generation;
	ret_result->outcome = CHANGE_STALE;
	ret_result->generation = fixture->known;
	free(changes);
	outbox_free(other);
}

static void test_overtaken_by_another_hook(void **state)
{
	struct fixture *fixture = *state;

	fixture->peer.decide = overtake;
	want(fixture->outbox, "a.example", true);
	run(fixture);
	assert_string_equal(fixture->said, "");
	assert_int_equal(fixture->peer.n_requests, 2);
	assert_true(fixture->peer.changes[0].generation == fixture->known);
	assert_false(fixture->peer.changes[0].present);
	assert_int_equal(count_owed(fixture, FAR), 0);
}

static void deliver_two(struct fixture *fixture)
{
	want(fixture->outbox, "a.example", true);
	want(fixture->outbox, "gone.example", false);
	run(fixture);
	assert_int_equal(fixture->summary.acknowledged, 2);
}

static void expect_everything_again(struct fixture *fixture, const char *words)
{
	want(fixture->outbox, "b.example", true);
	run(fixture);
	assert_non_null(strstr(fixture->said, words));
	assert_int_equal(fixture->summary.acknowledged, 3);
	assert_int_equal(fixture->peer.n_changes, 2);
	assert_string_equal(fixture->peer.changes[1].zone.text, "gone.example");
	run(fixture);
	assert_string_equal(fixture->said, "");
	assert_int_equal(count_owed(fixture, FAR), 0);
}

static void test_a_slave_made_anew(void **state)
{
	struct fixture *fixture = *state;

	deliver_two(fixture);
	key_random_hex(fixture->peer.state.instance);
	expect_everything_again(fixture, "was made anew");
}

static void test_a_slave_set_back(void **state)
{
	struct fixture *fixture = *state;

	fixture->peer.state.applied_seq = 100;
	deliver_two(fixture);
	fixture->peer.state.applied_seq = 50;
	expect_everything_again(fixture, "was set back");
}

static void test_a_clock_that_differs(void **state)
{
	struct fixture *fixture = *state;

	fixture->peer.not_before = clock_seconds() + 1000;
	want(fixture->outbox, "a.example", true);
	run(fixture);
	assert_int_equal(fixture->peer.n_requests, 2);
	assert_int_equal(fixture->summary.acknowledged, 1);
	assert_non_null(strstr(fixture->said, "s ahead of this machine's"));
}

static void test_told_to_stop(void **state)
{
	struct fixture *fixture = *state;

	fixture->limits.stop = eventfd(1, EFD_CLOEXEC);
	fixture->peer.is_silent = true;
	want(fixture->outbox, "a.example", true);
	run(fixture);
	assert_true(clock_steady_ms() < fixture->limits.until);
	assert_int_equal(fixture->summary.failed, 0);
	assert_int_equal(count_owed(fixture, (int64_t)(clock_microseconds() / 1000)), 1);
	close(fixture->limits.stop);
}

static void test_next_due(void **state)
{
	struct fixture *fixture = *state;
	int64_t now = (int64_t)(clock_microseconds() / 1000), due;

	assert_int_equal(outbox_next_due(fixture->outbox, &due), 0);
	assert_int_equal(due, 0);
	want(fixture->outbox, "a.example", true);
	assert_int_equal(outbox_next_due(fixture->outbox, &due), 0);
	assert_in_range(due, 1, now);
	fixture->peer.is_unsigned = true;
	run(fixture);
	assert_int_equal(outbox_next_due(fixture->outbox, &due), 0);
	assert_true(due == load_slave(fixture).retry_at);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_reply_without_a_signature),
		TEST(test_a_reply_signed_by_another),
		TEST(test_a_reply_about_other_zones),
		TEST(test_a_problem_instead_of_results),
		TEST(test_nobody_there),
		TEST(test_the_circuit_breaker),
		TEST(test_what_settles_a_change),
		TEST(test_a_refusal_stays_owed_and_stops_nobody),
		TEST(test_an_outbox_that_was_lost),
		TEST(test_the_highest_generation_there_is),
		TEST(test_overtaken_by_another_hook),
		TEST(test_a_slave_made_anew),
		TEST(test_a_slave_set_back),
		TEST(test_a_clock_that_differs),
		TEST(test_told_to_stop),
		TEST(test_next_due),
	};

	return cmocka_run_group_tests_name("deliver", tests, NULL, NULL);
}
