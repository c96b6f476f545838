#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/clock.h"
#include "proto/soa.h"
#include "tests/unit/name_server.h"
#include "tests/unit/site.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DEADLINE_MS  (60 * 1000)
#define WAIT_MS	     1000
#define FILES_FEW    400

/* What came, by tag. */
struct answers {
	struct soa_answer items[SOA_QUESTIONS_MAX];
	unsigned int times[SOA_QUESTIONS_MAX];
	size_t count;

	struct soa *soa;
	const struct name_server *again; /* asked once more from within each answer; NULL: nobody */
};

static void ask(struct soa *soa, const struct name_server *server, const char *text, uint64_t tag)
{
	struct zone_name name = site_name(text);

	assert_int_equal(soa_ask(soa, &name, &server->address, tag), 0);
}

static void take(void *context, uint64_t tag, const struct soa_answer *answer)
{
	struct answers *answers = context;

	assert_true(tag < SOA_QUESTIONS_MAX);
	answers->items[tag] = *answer;
	answers->times[tag]++;
	answers->count++;
	if (answers->again && answers->times[tag] == 1)
		ask(answers->soa, answers->again, "ok2.example", tag);
}

/* Waits for so many answers; then nothing may be under way. */
static void wait_for(struct soa *soa, const struct answers *answers, size_t count)
{
	uint64_t until = clock_steady_ms() + DEADLINE_MS;

	while (answers->count < count && clock_steady_ms() < until)
		soa_wait(soa, -1, WAIT_MS);
	assert_int_equal(answers->count, count);
	assert_int_equal(soa_count(soa), 0);
}

static struct soa *start(struct answers *ret_answers)
{
	struct soa *soa = NULL;

	memset(ret_answers, 0, sizeof(*ret_answers));
	assert_int_equal(soa_new(NULL, NULL, take, ret_answers, &soa), 0);
	ret_answers->soa = soa;
	return soa;
}

/* Room for one test at a time. */
static struct answers answers;

/* None of these is believed, and all of them only delay the right answer. */
static void test_forgeries(void **state)
{
	static const char *const words[] = {"id", "question", "zone", "port", "astray", "late5"};
	struct soa *soa = start(&answers);
	struct name_server server;
	size_t before = 64; /* until then the server knows several ports of ours */

	(void)state;
	name_server_start(&server);
	for (size_t i = 0; i < before; i++)
		ask(soa, &server, "ok1.example", i);
	wait_for(soa, &answers, before);
	for (size_t i = 0; i < COUNT(words); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s.example", words[i]);
		ask(soa, &server, text, before + i);
	}
	wait_for(soa, &answers, before + COUNT(words));
	for (size_t i = 0; i < COUNT(words); i++) {
		assert_int_equal(answers.items[before + i].outcome, SOA_SERIAL);
		assert_int_equal(answers.items[before + i].serial, i == 5 ? 5 : 0);
	}
	soa_free(soa);
	name_server_stop(&server);
	assert_in_range(server.n_ports, 2, NAME_SERVER_PORTS_MAX);
}

/* What can't be answered in time, all at once as each takes as long as all tries. */
static void test_silence(void **state)
{
	static const char *const words[] = {"silent", "garbage", "hangup", "longest", "stall"};
	struct soa *soa = start(&answers);
	struct name_server server, closed;
	struct zone_name name = site_name("shop.example");
	struct address v6;
	size_t n = 0;

	(void)state;
	name_server_start(&server);
	name_server_start(&closed);
	name_server_stop(&closed);
	assert_int_equal(address_parse("::1", server.address.port, &v6, NULL), 0);
	for (; n < COUNT(words); n++) {
		char text[64];

		snprintf(text, sizeof(text), "%s.example", words[n]);
		ask(soa, &server, text, n);
	}
	ask(soa, &closed, "ok1.example", n++);
	/* Whether or not this machine has IPv6: nobody listens there. */
	assert_int_equal(soa_ask(soa, &name, &v6, n++), 0);
	wait_for(soa, &answers, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(answers.items[i].outcome, SOA_SILENT);
	soa_free(soa);
	name_server_stop(&server);
}

static void test_no_zone(void **state)
{
	struct zone_name name = {.text = "a..example"};
	struct soa *soa = start(&answers);
	struct address address;

	(void)state;
	assert_int_equal(address_parse("127.0.0.1", 53, &address, NULL), 0);
	assert_int_equal(soa_ask(soa, &name, &address, 0), ZP_ENAME);
	assert_int_equal(soa_count(soa), 0);
	soa_free(soa);
}

static void test_outcomes(void **state)
{
	struct soa *soa = start(&answers);
	struct name_server server;

	(void)state;
	name_server_start(&server);
	ask(soa, &server, "refused.example", 0);
	ask(soa, &server, "absent.example", 1);
	ask(soa, &server, "ok4294967295.example", 2);
	ask(soa, &server, "truncated9.example", 3);
	assert_int_equal(soa_count(soa), 4);
	assert_int_equal(answers.count, 0);
	wait_for(soa, &answers, 4);
	assert_int_equal(answers.items[0].outcome, SOA_REFUSED);
	assert_int_equal(answers.items[1].outcome, SOA_ABSENT);
	assert_int_equal(answers.items[2].outcome, SOA_SERIAL);
	assert_int_equal(answers.items[2].serial, UINT32_MAX);
	assert_int_equal(answers.items[3].outcome, SOA_SERIAL);
	assert_int_equal(answers.items[3].serial, 9);
	soa_free(soa);
	name_server_stop(&server);
}

/* The first one counts, and is told of once. */
static void test_two_answers(void **state)
{
	struct soa *soa = start(&answers);
	struct name_server server;

	(void)state;
	name_server_start(&server);
	ask(soa, &server, "two7.example", 0);
	wait_for(soa, &answers, 1);
	/* Whatever comes behind it has come before these are answered. */
	for (uint64_t i = 1; i < 50; i++)
		ask(soa, &server, "ok3.example", i);
	wait_for(soa, &answers, 50);
	assert_int_equal(answers.times[0], 1);
	assert_int_equal(answers.items[0].serial, 7);
	soa_free(soa);
	name_server_stop(&server);
}

static void test_asking_from_within(void **state)
{
	struct soa *soa = start(&answers);
	struct name_server server;

	(void)state;
	name_server_start(&server);
	answers.again = &server;
	for (uint64_t i = 0; i < 10; i++)
		ask(soa, &server, i % 2 ? "ok1.example" : "truncated1.example", i);
	wait_for(soa, &answers, 20);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(answers.items[i].serial, 2);
	soa_free(soa);
	name_server_stop(&server);
}

/* As many as there may be, each with its own answer; and again, as the room comes back. */
static void test_thousands(void **state)
{
	struct zone_name name = site_name("full.example");
	struct soa *soa = start(&answers);
	struct name_server server;
	char text[64];

	(void)state;
	name_server_start(&server);
	for (unsigned int round = 0; round < 3; round++) {
		memset(answers.times, 0, sizeof(answers.times));
		answers.count = 0;
		for (unsigned int i = 0; i < SOA_QUESTIONS_MAX; i++) {
			snprintf(text, sizeof(text), "ok%u.example", 10 * i + round);
			ask(soa, &server, text, i);
		}
		assert_int_equal(soa_ask(soa, &name, &server.address, 0), ZP_EFULL);
		wait_for(soa, &answers, SOA_QUESTIONS_MAX);
		for (unsigned int i = 0; i < SOA_QUESTIONS_MAX; i++) {
			assert_int_equal(answers.times[i], 1);
			assert_int_equal(answers.items[i].outcome, SOA_SERIAL);
			assert_int_equal(answers.items[i].serial, 10 * i + round);
		}
	}
	soa_free(soa);
	name_server_stop(&server);
}

/* A server that limits its rate truncates: neither descriptors nor answers may run out. */
static void test_many_truncated(void **state)
{
	struct soa *soa = start(&answers);
	struct name_server server;
	struct rlimit before;
	char text[64];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	name_server_start(&server);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){FILES_FEW, before.rlim_max}), 0);
	for (unsigned int i = 0; i < SOA_QUESTIONS_MAX / 2; i++) {
		snprintf(text, sizeof(text), "truncated%u.example", i);
		ask(soa, &server, text, i);
	}
	wait_for(soa, &answers, SOA_QUESTIONS_MAX / 2);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (unsigned int i = 0; i < SOA_QUESTIONS_MAX / 2; i++) {
		assert_int_equal(answers.items[i].outcome, SOA_SERIAL);
		assert_int_equal(answers.items[i].serial, i);
	}
	soa_free(soa);
	name_server_stop(&server);
}

/* All that isn't ended is dropped, over UDP and TCP. */
static void test_freed_while_under_way(void **state)
{
	struct soa *soa = start(&answers);
	struct name_server server;

	(void)state;
	name_server_start(&server);
	for (uint64_t i = 0; i < 8; i++)
		ask(soa, &server, i % 2 ? "silent.example" : "stall.example", i);
	ask(soa, &server, "ok1.example", 8);
	while (answers.count == 0)
		soa_wait(soa, -1, WAIT_MS);
	assert_int_equal(soa_count(soa), 8);
	soa_free(soa);
	soa_free(NULL);
	name_server_stop(&server);
}

static void test_waking(void **state)
{
	int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct soa *soa = start(&answers);
	uint64_t count = 1;

	(void)state;
	assert_true(wake >= 0);
	for (int i = 0; i < 3; i++) {
		assert_true(write(wake, &count, sizeof(count)) == sizeof(count));
		/* Would last for hours. */
		soa_wait(soa, wake, 24 * 3600 * 1000);
		assert_true(read(wake, &count, sizeof(count)) < 0 && errno == EAGAIN);
		count = 1;
	}
	soa_wait(soa, wake, 0);
	soa_free(soa);
	close(wake);
}

static void test_sources(void **state)
{
	struct address foreign, loopback;
	struct name_server server;
	struct soa *soa = NULL;

	(void)state;
	assert_int_equal(address_parse("192.0.2.1", 53, &foreign, NULL), 0);
	assert_int_equal(address_parse("127.0.0.2", 53, &loopback, NULL), 0);
	assert_int_equal(soa_new(&foreign, NULL, take, &answers, &soa), -EADDRNOTAVAIL);
	assert_null(soa);

	memset(&answers, 0, sizeof(answers));
	name_server_start(&server);
	assert_int_equal(soa_new(&loopback, NULL, take, &answers, &soa), 0);
	ask(soa, &server, "ok1.example", 0);
	wait_for(soa, &answers, 1);
	assert_int_equal(server.n_foreign, 1);
	/* By UDP, and then by TCP. */
	ask(soa, &server, "truncated1.example", 1);
	wait_for(soa, &answers, 2);
	assert_int_equal(server.n_foreign, 3);
	soa_free(soa);
	name_server_stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forgeries),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_no_zone),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_two_answers),
		cmocka_unit_test(test_asking_from_within),
		cmocka_unit_test(test_thousands),
		cmocka_unit_test(test_many_truncated),
		cmocka_unit_test(test_freed_while_under_way),
		cmocka_unit_test(test_waking),
		cmocka_unit_test(test_sources),
	};

	return cmocka_run_group_tests_name("soa", tests, NULL, NULL);
}
