#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "slave-agent/audit_limit.h"

#define NOW UINT64_C(5000)
#define END (NOW + AUDIT_LIMIT_WINDOW_MS)

static struct audit_limit limit;
static struct audit_source sources[AUDIT_LIMIT_TOTAL + 1];

static int setup(void **state)
{
	(void)state;
	limit = (struct audit_limit){.ends = 0};
	return 0;
}

static unsigned int take(const char *address, unsigned int times)
{
	unsigned int told = 0;

	for (unsigned int i = 0; i < times; i++)
		told += audit_limit_take(&limit, address, NOW);
	return told;
}

static void test_an_address_gets_so_many_lines(void **state)
{
	(void)state;
	assert_int_equal(take("192.0.2.1", 10000), AUDIT_LIMIT_PER_ADDRESS);
	assert_int_equal(take("192.0.2.2", 3), 3);

	assert_int_equal(audit_limit_end(&limit, END - 1, sources), 0);
	assert_int_equal(audit_limit_end(&limit, END, sources), 1);
	assert_string_equal(sources[0].text, "192.0.2.1");
	assert_int_equal(sources[0].left_out, 10000 - AUDIT_LIMIT_PER_ADDRESS);
}

static void test_all_together_get_so_many(void **state)
{
	char address[AUDIT_SOURCE_SIZE];
	unsigned int told = 0;
	uint64_t left_out = 0;
	size_t count;

	(void)state;
	for (unsigned int i = 0; i < 10000; i++) {
		snprintf(address, sizeof(address), "10.%u.%u.1", i / 256, i % 256);
		told += take(address, 2);
	}
	assert_int_equal(told, AUDIT_LIMIT_TOTAL);
	count = audit_limit_end(&limit, END, sources);
	assert_true(count <= AUDIT_LIMIT_TOTAL + 1);
	assert_string_equal(sources[count - 1].text, "");
	for (size_t i = 0; i < count; i++)
		left_out += sources[i].left_out;
	assert_int_equal(left_out, 20000 - AUDIT_LIMIT_TOTAL);
}

static void test_a_known_address_is_counted_as_itself(void **state)
{
	char address[AUDIT_SOURCE_SIZE];
	size_t count;

	(void)state;
	for (unsigned int i = 0; i < AUDIT_LIMIT_TOTAL; i++) {
		snprintf(address, sizeof(address), "10.0.0.%u", i);
		assert_int_equal(take(address, 1), 1);
	}
	assert_int_equal(take("10.0.0.7", 5), 0);
	count = audit_limit_end(&limit, END, sources);
	assert_int_equal(count, 1);
	assert_string_equal(sources[0].text, "10.0.0.7");
	assert_int_equal(sources[0].left_out, 5);
}

static void test_addresses_of_one_network(void **state)
{
	(void)state;
	assert_int_equal(take("2001:db8::1", 8) + take("2001:db8::ffff:1", 8),
			 AUDIT_LIMIT_PER_ADDRESS);
	assert_int_equal(take("2001:db8:0:1::1", 1), 1);
	assert_int_equal(audit_limit_end(&limit, END, sources), 1);
	assert_string_equal(sources[0].text, "2001:db8::/64");
}

static void test_a_window_begins_anew(void **state)
{
	(void)state;
	take("192.0.2.1", 100);
	assert_int_equal(audit_limit_end(&limit, END, sources), 1);
	assert_int_equal(audit_limit_end(&limit, UINT64_MAX, sources), 0);
	assert_true(audit_limit_take(&limit, "192.0.2.1", END + 1));
	assert_int_equal(audit_limit_end(&limit, END + AUDIT_LIMIT_WINDOW_MS + 1, sources), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_an_address_gets_so_many_lines, setup),
		cmocka_unit_test_setup(test_all_together_get_so_many, setup),
		cmocka_unit_test_setup(test_a_known_address_is_counted_as_itself, setup),
		cmocka_unit_test_setup(test_addresses_of_one_network, setup),
		cmocka_unit_test_setup(test_a_window_begins_anew, setup),
	};

	return cmocka_run_group_tests_name("audit_limit", tests, NULL, NULL);
}
