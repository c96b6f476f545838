#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/clock.h"
#include "slave-agent/watch_primaries.h"

static struct address make_address(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, 53, &address, NULL), 0);
	return address;
}

static struct address make_nth(unsigned int n)
{
	char text[ADDRESS_SIZE];

	snprintf(text, sizeof(text), "198.18.%u.%u", n / 250, n % 250 + 1);
	return make_address(text);
}

static void test_no_room(void **state)
{
	struct watch_primaries primaries = {0};
	struct address address = make_address("192.0.2.1");

	(void)state;
	for (unsigned int i = 0; i < WATCH_PRIMARIES_MAX; i++) {
		struct address nth = make_nth(i);

		assert_int_equal(watch_primaries_find(&primaries, &nth), i);
	}
	assert_int_equal(watch_primaries_find(&primaries, &address), WATCH_NO_PRIMARY);
	/* Those that are known are found all the same. */
	address = make_nth(WATCH_PRIMARIES_MAX - 1);
	assert_int_equal(watch_primaries_find(&primaries, &address), WATCH_PRIMARIES_MAX - 1);
	assert_int_equal(primaries.count, WATCH_PRIMARIES_MAX);
	watch_primaries_done(&primaries);
	assert_int_equal(primaries.count, 0);
}

static void test_each_has_one_place(void **state)
{
	static const char *const texts[] = {"192.0.2.1", "192.0.2.1:5353", "2001:db8::1",
					    "[2001:db8::1]:5353", "192.0.2.11"};
	struct watch_primaries primaries = {0};

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		struct address address = make_address(texts[i % 5]);

		assert_int_equal(watch_primaries_find(&primaries, &address), i % 5);
	}
	assert_int_equal(primaries.count, 5);
	watch_primaries_done(&primaries);
}

static void test_dying(void **state)
{
	struct watch_primary primary = {0};

	(void)state;
	for (int i = 1; i < WATCH_SILENCES_MAX; i++)
		assert_int_equal(watch_primary_note(&primary, SOA_SILENT), WATCH_NO_NEWS);
	/* Not so many in a row. */
	assert_int_equal(watch_primary_note(&primary, SOA_SERIAL), WATCH_NO_NEWS);
	for (int i = 1; i < WATCH_SILENCES_MAX; i++)
		assert_int_equal(watch_primary_note(&primary, SOA_SILENT), WATCH_NO_NEWS);
	assert_false(primary.is_dead);
	assert_true(watch_primary_may_be_asked(&primary));

	assert_int_equal(watch_primary_note(&primary, SOA_SILENT), WATCH_DIED);
	assert_true(primary.is_dead);
	assert_in_range(primary.since, clock_seconds() - 60, clock_seconds());
	/* One alarm, whatever else was under way. */
	for (int i = 0; i < 10; i++)
		assert_int_equal(watch_primary_note(&primary, SOA_SILENT), WATCH_NO_NEWS);

	assert_int_equal(watch_primary_note(&primary, SOA_SERIAL), WATCH_REVIVED);
	assert_false(primary.is_dead);
	assert_int_equal(watch_primary_note(&primary, SOA_SILENT), WATCH_NO_NEWS);
	assert_false(primary.is_dead);
}

static void test_a_dead_one_is_probed(void **state)
{
	struct watch_primary primary = {0};

	(void)state;
	while (watch_primary_note(&primary, SOA_SILENT) != WATCH_DIED)
		assert_true(watch_primary_may_be_asked(&primary));
	assert_false(watch_primary_may_be_asked(&primary));
	assert_in_range(primary.probe_at, clock_steady_ms(), clock_steady_ms() + WATCH_PROBE_MS);

	primary.probe_at = clock_steady_ms();
	assert_true(watch_primary_may_be_asked(&primary));
	/* By one zone, not by all that ask at this moment. */
	assert_false(watch_primary_may_be_asked(&primary));
	assert_true(primary.probe_at > clock_steady_ms());
}

static void test_refusals(void **state)
{
	static const enum soa_outcome outcomes[] = {SOA_REFUSED, SOA_FAILED, SOA_ABSENT};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct watch_primary primary = {0};

		assert_int_equal(watch_primary_note(&primary, SOA_SERIAL), WATCH_NO_NEWS);
		assert_int_equal(watch_primary_note(&primary, outcomes[i]), WATCH_REFUSED);
		assert_true(primary.refuses);
		assert_in_range(primary.since, clock_seconds() - 60, clock_seconds());
		/* Told once; that it has other zones changes nothing. */
		assert_int_equal(watch_primary_note(&primary, SOA_SERIAL), WATCH_NO_NEWS);
		assert_int_equal(watch_primary_note(&primary, outcomes[i]), WATCH_NO_NEWS);
		assert_true(watch_primary_may_be_asked(&primary));
	}
}

/* Who refuses is alive. */
static void test_a_refusal_revives(void **state)
{
	struct watch_primary primary = {0};

	(void)state;
	while (watch_primary_note(&primary, SOA_SILENT) != WATCH_DIED)
		continue;
	assert_int_equal(watch_primary_note(&primary, SOA_REFUSED), WATCH_REVIVED);
	assert_false(primary.is_dead);
	assert_int_equal(watch_primary_note(&primary, SOA_REFUSED), WATCH_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_room),	 cmocka_unit_test(test_each_has_one_place),
		cmocka_unit_test(test_dying),	 cmocka_unit_test(test_a_dead_one_is_probed),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_a_refusal_revives),
	};

	return cmocka_run_group_tests_name("watch_primaries", tests, NULL, NULL);
}
