#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "slave-agent/watch_policy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LOOKS_MAX    100

/* Answers in short: their outcome, and the serial of SERIAL. */
#define SERIAL(number)                                                                             \
	{                                                                                          \
		SOA_SERIAL, number                                                                 \
	}
#define REFUSED                                                                                    \
	{                                                                                          \
		SOA_REFUSED, 0                                                                     \
	}
#define FAILED                                                                                     \
	{                                                                                          \
		SOA_FAILED, 0                                                                      \
	}
#define ABSENT                                                                                     \
	{                                                                                          \
		SOA_ABSENT, 0                                                                      \
	}
#define SILENT                                                                                     \
	{                                                                                          \
		SOA_SILENT, 0                                                                      \
	}

#define HALF UINT32_C(0x80000000)

struct row {
	const char *what;
	struct soa_answer local, primary;
	struct watch_progress progress;
	enum watch_state state;
	enum watch_action action;
	unsigned int pause;
};

static void check(const struct row *row)
{
	const struct watch_view view = {row->local, row->primary};
	struct watch_decision decision = watch_policy_decide(&view, &row->progress);

	if (decision.state != row->state || decision.action != row->action ||
	    decision.pause != row->pause)
		fail_msg("%s: %s, action %d, pause %u; expected %s, action %d, pause %u", row->what,
			 watch_state_word(decision.state), decision.action, decision.pause,
			 watch_state_word(row->state), row->action, row->pause);
}

#define CHECK_ALL(rows)                                                                            \
	do {                                                                                       \
		for (size_t i = 0; i < COUNT(rows); i++)                                           \
			check(&(rows)[i]);                                                         \
	} while (0)

static void test_named_has_nothing(void **state)
{
	static const struct row rows[] = {
		{"named is silent",
		 SILENT,
		 SERIAL(1),
		 {.cause = WATCH_MADE},
		 WATCH_UNKNOWN,
		 0,
		 200},
		{"silent, swept", SILENT, SERIAL(1), {0}, WATCH_UNKNOWN, 0, 200},
		{"silent again", SILENT, SERIAL(1), {.looks = 2}, WATCH_UNKNOWN, 0, 0},
		{"all are silent", SILENT, SILENT, {.cause = WATCH_UPDATED}, WATCH_UNKNOWN, 0, 200},
		{"refused", REFUSED, SERIAL(1), {.cause = WATCH_MADE}, WATCH_MISSING, 0, 200},
		{"of its parent", ABSENT, SERIAL(1), {.cause = WATCH_MADE}, WATCH_MISSING, 0, 200},
		{"lost, swept", REFUSED, SERIAL(1), {.cause = WATCH_SWEPT}, WATCH_MISSING, 0, 200},
		{"lost, primary dead", REFUSED, SILENT, {0}, WATCH_MISSING, 0, 200},
	};

	(void)state;
	CHECK_ALL(rows);
}

static void test_primary_is_no_help(void **state)
{
	static const struct row rows[] = {
		{"dead", SERIAL(1), SILENT, {0}, WATCH_PRIMARY_UNREACHABLE, 0, 200},
		{"still dead", SERIAL(1), SILENT, {.looks = 2}, WATCH_PRIMARY_UNREACHABLE, 0, 0},
		{"dead, awaited",
		 SERIAL(1),
		 SILENT,
		 {.cause = WATCH_UPDATED},
		 WATCH_PRIMARY_UNREACHABLE,
		 0,
		 200},
		{"dead, nothing here",
		 FAILED,
		 SILENT,
		 {.cause = WATCH_MADE},
		 WATCH_PRIMARY_UNREACHABLE,
		 0,
		 200},
		{"refuses", SERIAL(1), REFUSED, {0}, WATCH_PRIMARY_REFUSES, 0, 0},
		{"fails", SERIAL(1), FAILED, {0}, WATCH_PRIMARY_REFUSES, 0, 0},
		{"hasn't got it",
		 FAILED,
		 ABSENT,
		 {.cause = WATCH_MADE},
		 WATCH_PRIMARY_REFUSES,
		 0,
		 200},
	};

	(void)state;
	CHECK_ALL(rows);
}

static void test_nothing_is_served(void **state)
{
	static const struct row rows[] = {
		{"new: named fetches by itself",
		 FAILED,
		 SERIAL(1),
		 {.cause = WATCH_MADE},
		 WATCH_TRANSFERRING,
		 WATCH_NOTHING,
		 200},
		{"new, for the fourth time",
		 FAILED,
		 SERIAL(1),
		 {.cause = WATCH_MADE, .looks = 3},
		 WATCH_TRANSFERRING,
		 WATCH_NOTHING,
		 1000},
		{"new, and it didn't",
		 FAILED,
		 SERIAL(1),
		 {.cause = WATCH_MADE, .looks = 4},
		 WATCH_TRANSFERRING,
		 WATCH_REFRESH,
		 2000},
		{"updated",
		 FAILED,
		 SERIAL(1),
		 {.cause = WATCH_UPDATED},
		 WATCH_TRANSFERRING,
		 WATCH_REFRESH,
		 200},
		{"swept", FAILED, SERIAL(1), {0}, WATCH_TRANSFERRING, WATCH_REFRESH, 200},
		{"expired",
		 FAILED,
		 SERIAL(1),
		 {.was_served = true},
		 WATCH_EXPIRED,
		 WATCH_REFRESH,
		 200},
	};

	(void)state;
	CHECK_ALL(rows);
}

static void test_serials_differ(void **state)
{
	static const struct row rows[] = {
		{"behind", SERIAL(1), SERIAL(2), {0}, WATCH_BEHIND, WATCH_REFRESH, 200},
		{"just below half", SERIAL(1), SERIAL(HALF), {0}, WATCH_BEHIND, WATCH_REFRESH, 200},
		{"around the end",
		 SERIAL(UINT32_MAX),
		 SERIAL(0),
		 {0},
		 WATCH_BEHIND,
		 WATCH_REFRESH,
		 200},
		{"went back", SERIAL(2), SERIAL(1), {0}, WATCH_TRANSFERRING, WATCH_RETRANSFER, 200},
		{"went back around the end",
		 SERIAL(0),
		 SERIAL(UINT32_MAX),
		 {0},
		 WATCH_TRANSFERRING,
		 WATCH_RETRANSFER,
		 200},
		{"half: neither is newer",
		 SERIAL(0),
		 SERIAL(HALF),
		 {0},
		 WATCH_TRANSFERRING,
		 WATCH_RETRANSFER,
		 200},
		{"went back, told already",
		 SERIAL(2),
		 SERIAL(1),
		 {.retransferred = true, .looks = 1},
		 WATCH_BEHIND,
		 WATCH_NOTHING,
		 300},
	};

	(void)state;
	CHECK_ALL(rows);
}

static void test_it_is_served(void **state)
{
	static const struct row rows[] = {
		{"swept", SERIAL(7), SERIAL(7), {0}, WATCH_SERVING, 0, 0},
		{"new", SERIAL(7), SERIAL(7), {.cause = WATCH_MADE}, WATCH_SERVING, 0, 0},
		{"the primary may be late",
		 SERIAL(7),
		 SERIAL(7),
		 {.cause = WATCH_UPDATED},
		 WATCH_SERVING,
		 0,
		 1000},
		{"after 1 s",
		 SERIAL(7),
		 SERIAL(7),
		 {.cause = WATCH_UPDATED, .settled = 1},
		 WATCH_SERVING,
		 0,
		 4000},
		{"after 5 s",
		 SERIAL(7),
		 SERIAL(7),
		 {.cause = WATCH_UPDATED, .settled = 2},
		 WATCH_SERVING,
		 0,
		 25000},
		{"after 30 s",
		 SERIAL(7),
		 SERIAL(7),
		 {.cause = WATCH_UPDATED, .settled = 3},
		 WATCH_SERVING,
		 0,
		 0},
	};

	(void)state;
	CHECK_ALL(rows);
}

static void test_passed_on(void **state)
{
	static const struct row rows[] = {
		{"equal says nothing",
		 SERIAL(7),
		 SERIAL(7),
		 {.cause = WATCH_PASSED_ON},
		 WATCH_TRANSFERRING,
		 WATCH_RETRANSFER,
		 200},
		{"newer neither",
		 SERIAL(7),
		 SERIAL(8),
		 {.cause = WATCH_PASSED_ON},
		 WATCH_TRANSFERRING,
		 WATCH_RETRANSFER,
		 200},
		{"told",
		 SERIAL(7),
		 SERIAL(7),
		 {.cause = WATCH_PASSED_ON, .retransferred = true},
		 WATCH_SERVING,
		 0,
		 0},
		{"told, still older",
		 SERIAL(7),
		 SERIAL(8),
		 {.cause = WATCH_PASSED_ON, .retransferred = true},
		 WATCH_BEHIND,
		 WATCH_REFRESH,
		 200},
		{"the old contents are kept",
		 SERIAL(7),
		 SILENT,
		 {.cause = WATCH_PASSED_ON},
		 WATCH_PRIMARY_UNREACHABLE,
		 0,
		 200},
		{"nothing to be replaced",
		 FAILED,
		 SERIAL(7),
		 {.cause = WATCH_PASSED_ON},
		 WATCH_TRANSFERRING,
		 WATCH_REFRESH,
		 200},
	};

	(void)state;
	CHECK_ALL(rows);
}

/* Whatever stays as it is: pauses never shrink, and end; from there on the sweep has it. */
static void test_looks_end(void **state)
{
	static const struct watch_view views[] = {
		{SILENT, SILENT},	{REFUSED, SERIAL(1)},	{SERIAL(1), SILENT},
		{SERIAL(1), REFUSED},	{FAILED, SERIAL(1)},	{SERIAL(1), SERIAL(2)},
		{SERIAL(2), SERIAL(1)}, {SERIAL(1), SERIAL(1)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(views) * (WATCH_PASSED_ON + 1); i++) {
		const struct watch_view *view = &views[i % COUNT(views)];
		struct watch_progress progress = {.cause = (enum watch_cause)(i / COUNT(views))};
		struct watch_decision decision = {.pause = 1};
		unsigned int before = 0;

		while (decision.pause > 0 && progress.looks < LOOKS_MAX) {
			decision = watch_policy_decide(view, &progress);
			progress.looks++;
			progress.settled += decision.state == WATCH_SERVING;
			progress.retransferred |= decision.action == WATCH_RETRANSFER;
			if (decision.pause > 0)
				assert_in_range(decision.pause, before, 120000);
			before = decision.pause;
		}
		assert_in_range(progress.looks, 1, 20);
	}
}

static void test_merging(void **state)
{
	static const struct {
		struct soa_answer a, b, merged;
	} rows[] = {
		{SILENT, SILENT, SILENT},	   {REFUSED, SILENT, REFUSED},
		{SERIAL(1), SILENT, SERIAL(1)},	   {SERIAL(1), REFUSED, SERIAL(1)},
		{SERIAL(1), SERIAL(2), SERIAL(2)}, {SERIAL(UINT32_MAX), SERIAL(1), SERIAL(1)},
		{SERIAL(5), SERIAL(5), SERIAL(5)}, {FAILED, SILENT, FAILED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct soa_answer there = watch_policy_merge(&rows[i].a, &rows[i].b),
				  back = watch_policy_merge(&rows[i].b, &rows[i].a);

		assert_int_equal(there.outcome, rows[i].merged.outcome);
		assert_int_equal(there.serial, rows[i].merged.serial);
		assert_int_equal(back.outcome, rows[i].merged.outcome);
		assert_int_equal(back.serial, rows[i].merged.serial);
	}
}

static void test_words(void **state)
{
	(void)state;
	for (int i = 0; i < WATCH_STATES; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(watch_state_word((enum watch_state)i),
						watch_state_word((enum watch_state)k));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named_has_nothing),
		cmocka_unit_test(test_primary_is_no_help),
		cmocka_unit_test(test_nothing_is_served),
		cmocka_unit_test(test_serials_differ),
		cmocka_unit_test(test_it_is_served),
		cmocka_unit_test(test_passed_on),
		cmocka_unit_test(test_looks_end),
		cmocka_unit_test(test_merging),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("watch_policy", tests, NULL, NULL);
}
