/* The watcher's thread, between a named, a primary and a control channel of the test's own. */

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/clock.h"
#include "slave-agent/watcher.h"
#include "tests/unit/fake_named.h"
#include "tests/unit/name_server.h"
#include "tests/unit/site.h"

#define DEADLINE_MS (60 * 1000)
#define PAUSE_MS    20

struct fixture {
	struct site *site;
	struct name_server local, primary;
	struct fake_named named;
	int64_t master;
	struct watcher *watcher;
};

static int setup(void **state)
{
	static const char rndc_key[] =
		"key \"k\" { algorithm hmac-sha256; secret \"" FAKE_SECRET "\"; };\n";
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char text[ADDRESS_SIZE], path[SCRATCH_PATH_SIZE];

	assert_non_null(fixture);
	if (site_setup((void **)&fixture->site) < 0)
		return -1;
	name_server_start(&fixture->local);
	name_server_start(&fixture->primary);
	fake_named_start(&fixture->named);
	scratch_write(fixture->site->directory, "rndc.key", rndc_key, path);
	fixture->site->config.rndc_port = fixture->named.address.port;
	fixture->site->config.named_address = fixture->local.address;
	fixture->site->config.sweep = 3600 * 1000;
	address_render(&fixture->primary.address, text);
	fixture->master = site_add_master(fixture->site, "c", text);
	*state = fixture;
	return 0;
}

/* Ends the watcher and the control channel: then what that one got may be read. */
static void stop(struct fixture *fixture)
{
	if (!fixture->watcher)
		return;
	watcher_free(fixture->watcher);
	fixture->watcher = NULL;
	fake_named_stop(&fixture->named);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	stop(fixture);
	name_server_stop(&fixture->local);
	name_server_stop(&fixture->primary);
	site_teardown((void **)&fixture->site);
	free(fixture);
	return 0;
}

static void start(struct fixture *fixture)
{
	struct reason why;

	if (watcher_new(&fixture->site->config, &fixture->watcher, &why) < 0)
		fail_msg("%s", why.text);
}

static void add(struct fixture *fixture, const char *text, enum watch_cause cause)
{
	struct zone_name name = site_name(text);

	watcher_add(fixture->watcher, &name, cause);
}

static struct watcher_zone get(struct fixture *fixture, const char *text)
{
	struct zone_name name = site_name(text);
	struct watcher_zone zone;

	watcher_get_zone(fixture->watcher, &name, &zone);
	return zone;
}

static void wait_for_state(struct fixture *fixture, const char *text, enum watch_state state)
{
	uint64_t until = clock_steady_ms() + DEADLINE_MS;

	while (get(fixture, text).state != state && clock_steady_ms() < until)
		poll(NULL, 0, PAUSE_MS);
	assert_string_equal(watch_state_word(get(fixture, text).state), watch_state_word(state));
}

static size_t count_alarms(struct fixture *fixture, struct watcher_alarm *ret_first)
{
	struct watcher_summary summary;
	size_t count;

	assert_int_equal(watcher_get_summary(fixture->watcher, &summary), 0);
	count = summary.n_alarms;
	if (count > 0)
		*ret_first = summary.alarms[0];
	free(summary.alarms);
	return count;
}

static size_t count_commands(const struct fixture *fixture, const char *word)
{
	size_t count = 0;

	for (size_t i = 0; i < fixture->named.n_messages && i < FAKE_MESSAGES_MAX; i++)
		count += strncmp(fixture->named.commands[i], word, strlen(word)) == 0;
	return count;
}

static void test_no_source(void **state)
{
	struct fixture *fixture = *state;
	struct reason why;

	assert_int_equal(
		address_parse("192.0.2.1", 53, &fixture->site->config.transfer_source, &why), 0);
	assert_true(watcher_new(&fixture->site->config, &fixture->watcher, &why) < 0);
	assert_non_null(strstr(why.text, "transfer-source"));
	/* The channel is ended with the watcher. */
	fixture->site->config.transfer_source.family = 0;
	start(fixture);
}

static void test_named_lost_it(void **state)
{
	struct fixture *fixture = *state;
	uint64_t until = clock_steady_ms() + DEADLINE_MS;

	site_put(fixture->site, fixture->master, "refused.example", 1, REGISTRY_APPLIED);
	start(fixture);
	assert_false(watcher_take_missing(fixture->watcher));
	wait_for_state(fixture, "refused.example", WATCH_MISSING);
	while (!watcher_take_missing(fixture->watcher) && clock_steady_ms() < until)
		poll(NULL, 0, PAUSE_MS);
	assert_true(clock_steady_ms() < until);
	assert_false(watcher_take_missing(fixture->watcher));
}

/* The first order is lost on its way; equal serials don't hide that. */
static void test_a_move_whose_order_is_lost(void **state)
{
	struct fixture *fixture = *state;

	fixture->named.deeds[1] = FAKE_CLOSE;
	site_put(fixture->site, fixture->master, "ok7.example", 1, REGISTRY_APPLIED);
	start(fixture);
	wait_for_state(fixture, "ok7.example", WATCH_SERVING);
	add(fixture, "ok7.example", WATCH_PASSED_ON);
	wait_for_state(fixture, "ok7.example", WATCH_TRANSFERRING);
	wait_for_state(fixture, "ok7.example", WATCH_SERVING);
	stop(fixture);
	assert_true(count_commands(fixture, "retransfer ok7.example") >= 2);
}

/* So does a sweep: what is to be fetched stays so. */
static void test_a_move_that_something_else_follows(void **state)
{
	struct fixture *fixture = *state;

	fixture->named.deeds[1] = FAKE_CLOSE;
	site_put(fixture->site, fixture->master, "ok7.example", 1, REGISTRY_APPLIED);
	start(fixture);
	add(fixture, "ok7.example", WATCH_PASSED_ON);
	add(fixture, "ok7.example", WATCH_UPDATED);
	watcher_sweep(fixture->watcher);
	wait_for_state(fixture, "ok7.example", WATCH_SERVING);
	stop(fixture);
	assert_true(count_commands(fixture, "retransfer ok7.example") >= 1);
}

static void test_behind(void **state)
{
	struct fixture *fixture = *state;
	struct watcher_zone seen;

	fixture->primary.ahead = 1;
	site_put(fixture->site, fixture->master, "ok7.example", 1, REGISTRY_APPLIED);
	start(fixture);
	add(fixture, "ok7.example", WATCH_UPDATED);
	wait_for_state(fixture, "ok7.example", WATCH_BEHIND);
	seen = get(fixture, "ok7.example");
	assert_true(seen.has_serial && seen.has_primary_serial);
	assert_int_equal(seen.serial, 7);
	assert_int_equal(seen.primary_serial, 8);
	fixture->local.ahead = 1;
	wait_for_state(fixture, "ok7.example", WATCH_SERVING);
	stop(fixture);
	assert_true(count_commands(fixture, "refresh ok7.example") >= 1);
	assert_int_equal(count_commands(fixture, "retransfer"), 0);
}

static void test_gone(void **state)
{
	struct fixture *fixture = *state;

	site_put(fixture->site, fixture->master, "ok7.example", 1, REGISTRY_APPLIED);
	start(fixture);
	wait_for_state(fixture, "ok7.example", WATCH_SERVING);
	site_put(fixture->site, fixture->master, "ok7.example", 2, REGISTRY_FAILING);
	add(fixture, "ok7.example", WATCH_SWEPT);
	wait_for_state(fixture, "ok7.example", WATCH_UNKNOWN);
	assert_int_equal(get(fixture, "ok7.example").checked, 0);
	/* Nobody's. */
	add(fixture, "none.example", WATCH_MADE);
	add(fixture, "ok8.example", WATCH_MADE);
	assert_int_equal(get(fixture, "none.example").checked, 0);
}

/* One alarm for all its zones, until they have another primary. */
static void test_a_dead_primary(void **state)
{
	static const char *const zones[] = {"ok1.example", "ok2.example", "ok3.example"};
	struct fixture *fixture = *state;
	struct site *site = fixture->site;
	uint64_t until = clock_steady_ms() + DEADLINE_MS;
	struct name_server closed;
	struct watcher_alarm alarm = {0};
	char text[ADDRESS_SIZE];
	int64_t other;

	name_server_start(&closed);
	name_server_stop(&closed);
	address_render(&closed.address, text);
	other = site_add_master(site, "d", text);
	for (size_t i = 0; i < 3; i++)
		site_put(site, other, zones[i], 1, REGISTRY_APPLIED);
	start(fixture);
	for (size_t i = 0; i < 3; i++)
		wait_for_state(fixture, zones[i], WATCH_PRIMARY_UNREACHABLE);
	while (count_alarms(fixture, &alarm) == 0 && clock_steady_ms() < until)
		poll(NULL, 0, PAUSE_MS);
	assert_int_equal(count_alarms(fixture, &alarm), 1);
	assert_true(alarm.is_dead);
	assert_int_equal(alarm.zones, 3);
	assert_string_equal(alarm.address.host, "127.0.0.1");
	assert_int_equal(alarm.address.port, closed.address.port);

	for (size_t i = 0; i < 3; i++) {
		site_put(site, other, zones[i], 2, REGISTRY_CLAIM);
		site_put(site, fixture->master, zones[i], 1, REGISTRY_APPLIED);
	}
	watcher_sweep(fixture->watcher);
	for (size_t i = 0; i < 3; i++)
		wait_for_state(fixture, zones[i], WATCH_SERVING);
	assert_int_equal(count_alarms(fixture, &alarm), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_source),
		TEST(test_named_lost_it),
		TEST(test_a_move_whose_order_is_lost),
		TEST(test_a_move_that_something_else_follows),
		TEST(test_behind),
		TEST(test_gone),
		TEST(test_a_dead_primary),
	};

	return cmocka_run_group_tests_name("watcher", tests, NULL, NULL);
}
