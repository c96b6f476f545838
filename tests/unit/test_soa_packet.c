#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/soa_packet.h"
#include "tests/unit/dns_packet.h"
#include "tests/unit/site.h"

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define ID	       0xABCD
#define SERIAL	       UINT32_C(2026112301)
#define GOOD	       (DNS_PACKET_QR | DNS_PACKET_AA)

#define QUESTION_TYPE  (DNS_PACKET_HEADER + 14) /* behind "shop.example" */
#define QUESTION_CLASS (QUESTION_TYPE + 2)
#define ANSWER	       (QUESTION_CLASS + 2)

static void ask(struct dns_packet *ret_query)
{
	struct zone_name name = site_name("shop.example");

	*ret_query = (struct dns_packet){0};
	assert_int_equal(soa_packet_build(&name, ID, ret_query->data, &ret_query->length), 0);
}

static void make_good(struct dns_packet *ret_answer)
{
	const uint32_t serial = SERIAL;
	struct dns_packet query;

	ask(&query);
	dns_packet_answer(&query, GOOD, &serial, ret_answer);
}

/* On the heap, so that what reads beyond the end is found. */
static int parse(const struct dns_packet *packet, size_t length, struct soa_answer *ret_answer)
{
	struct zone_name name = site_name("shop.example");
	uint8_t *data = malloc(length + 1);
	int r;

	assert_non_null(data);
	memcpy(data, packet->data, length);
	data = realloc(data, length ? length : 1);
	assert_non_null(data);
	r = soa_packet_parse(data, length, &name, ID, ret_answer);
	free(data);
	return r;
}

static void assert_no_answer(const struct dns_packet *packet)
{
	struct soa_answer answer;

	assert_int_equal(parse(packet, packet->length, &answer), ZP_ESYNTAX);
}

static void assert_outcome(const struct dns_packet *packet, enum soa_outcome outcome)
{
	struct soa_answer answer;

	assert_int_equal(parse(packet, packet->length, &answer), 0);
	assert_int_equal(answer.outcome, outcome);
}

static void test_what_isnt_asked(void **state)
{
	static const struct {
		size_t offset;
		uint16_t value;
	} rows[] = {
		{0, ID + 1},			   /* another id */
		{0, 0},				   /* none */
		{DNS_PACKET_FLAGS, DNS_PACKET_AA}, /* a query */
		{DNS_PACKET_COUNTS, 0},		   /* no question; then it is taken for a record */
		{DNS_PACKET_COUNTS, 2},		   /* two */
		{DNS_PACKET_HEADER + 1, 'S' << 8 | 'i'}, /* "siop.example" */
		{DNS_PACKET_HEADER, 3 << 8 | 's'},	 /* another length of the first label */
		{QUESTION_TYPE, 1},			 /* A */
		{QUESTION_TYPE, 252},			 /* AXFR */
		{QUESTION_CLASS, 3},			 /* CH */
		{QUESTION_CLASS, 255},			 /* ANY */
	};
	struct dns_packet packet;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		make_good(&packet);
		dns_packet_set(&packet, rows[i].offset, rows[i].value);
		assert_no_answer(&packet);
	}
}

/* However it is cut, and whatever stands in its counts. */
static void test_broken(void **state)
{
	struct dns_packet good, packet;
	struct soa_answer answer;

	(void)state;
	make_good(&good);
	for (size_t length = 0; length < good.length; length++)
		assert_int_equal(parse(&good, length, &answer), ZP_ESYNTAX);
	packet = good;
	dns_packet_set(&packet, DNS_PACKET_COUNTS + 2, UINT16_MAX);
	assert_no_answer(&packet);
	/* A name that points at itself, and one that points behind the end. */
	packet = good;
	dns_packet_set(&packet, ANSWER, 0xC000 | ANSWER);
	assert_no_answer(&packet);
	dns_packet_set(&packet, ANSWER, 0xFFFF);
	assert_no_answer(&packet);
	/* More data announced than there are. */
	packet = good;
	dns_packet_set(&packet, ANSWER + 10, 2000);
	assert_no_answer(&packet);
}

/* Any bytes at all: nothing is read beyond the end, and a serial comes only with authority. */
/* Authority and additional sections say nothing here, and aren't looked at. */
static void test_sections_that_arent_read(void **state)
{
	static const uint8_t tsig[] = {0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 0};
	struct dns_packet packet;

	(void)state;
	make_good(&packet);
	for (int i = 0; i < 2; i++) {
		memcpy(packet.data + packet.length, tsig, sizeof(tsig));
		packet.length += sizeof(tsig);
	}
	dns_packet_set(&packet, DNS_PACKET_COUNTS + 6, 2);
	assert_outcome(&packet, SOA_SERIAL);
	dns_packet_set(&packet, DNS_PACKET_COUNTS + 4, UINT16_MAX);
	assert_outcome(&packet, SOA_SERIAL);
}

static void test_any_change_of_a_byte(void **state)
{
	struct dns_packet good, packet;
	struct soa_answer answer;

	(void)state;
	make_good(&good);
	for (size_t i = 0; i < good.length; i++) {
		for (unsigned int value = 0; value < 256; value++) {
			packet = good;
			packet.data[i] = (uint8_t)value;
			if (parse(&packet, packet.length, &answer) == 0 &&
			    answer.outcome == SOA_SERIAL)
				assert_int_equal(dns_packet_get(&packet, DNS_PACKET_FLAGS) & GOOD,
						 GOOD);
		}
	}
}

static void test_rcodes(void **state)
{
	struct dns_packet query, packet;

	(void)state;
	ask(&query);
	for (uint16_t rcode = 1; rcode < 16; rcode++) {
		enum soa_outcome outcome = rcode == 5	? SOA_REFUSED
					   : rcode == 3 ? SOA_ABSENT
							: SOA_FAILED;

		dns_packet_answer(&query, DNS_PACKET_QR | rcode, NULL, &packet);
		assert_outcome(&packet, outcome);
		/* It counts even beside a SOA. */
		make_good(&packet);
		dns_packet_set(&packet, DNS_PACKET_FLAGS, GOOD | rcode);
		assert_outcome(&packet, outcome);
	}
}

static void test_without_authority_or_soa(void **state)
{
	struct dns_packet query, packet;

	(void)state;
	ask(&query);
	dns_packet_answer(&query, DNS_PACKET_QR, NULL, &packet);
	assert_outcome(&packet, SOA_ABSENT);
	dns_packet_answer(&query, GOOD, NULL, &packet);
	assert_outcome(&packet, SOA_ABSENT);

	make_good(&packet);
	dns_packet_set(&packet, DNS_PACKET_FLAGS, DNS_PACKET_QR);
	assert_outcome(&packet, SOA_ABSENT);
	/* The SOA of its parent: the name points at "example". */
	make_good(&packet);
	dns_packet_set(&packet, ANSWER, 0xC000 | (DNS_PACKET_HEADER + 5));
	assert_outcome(&packet, SOA_ABSENT);
	/* Another class, and another type. */
	make_good(&packet);
	dns_packet_set(&packet, ANSWER + 4, 3);
	assert_outcome(&packet, SOA_ABSENT);
	make_good(&packet);
	dns_packet_set(&packet, ANSWER + 2, 65280);
	assert_outcome(&packet, SOA_ABSENT);
	/* A SOA without anything in it. */
	make_good(&packet);
	dns_packet_set(&packet, ANSWER + 10, 0);
	packet.length = ANSWER + 12;
	assert_outcome(&packet, SOA_ABSENT);
}

static void test_truncated(void **state)
{
	struct dns_packet query, packet;

	(void)state;
	ask(&query);
	dns_packet_answer(&query, GOOD | DNS_PACKET_TC, NULL, &packet);
	assert_outcome(&packet, SOA_TRUNCATED);
	/* Even with all in it: there may have been more. */
	make_good(&packet);
	dns_packet_set(&packet, DNS_PACKET_FLAGS, GOOD | DNS_PACKET_TC);
	assert_outcome(&packet, SOA_TRUNCATED);
}

static void test_good(void **state)
{
	static const uint32_t serials[] = {0, 1, SERIAL, UINT32_MAX};
	struct dns_packet query, packet;
	struct soa_answer answer;

	(void)state;
	ask(&query);
	for (size_t i = 0; i < COUNT(serials); i++) {
		dns_packet_answer(&query, GOOD, &serials[i], &packet);
		assert_int_equal(parse(&packet, packet.length, &answer), 0);
		assert_int_equal(answer.outcome, SOA_SERIAL);
		assert_int_equal(answer.serial, serials[i]);
	}
	/* A server may write the name as it likes. */
	dns_packet_set(&packet, DNS_PACKET_HEADER + 1, 'S' << 8 | 'H');
	assert_outcome(&packet, SOA_SERIAL);
}

static void test_queries(void **state)
{
	static const uint8_t expected[] = {0xAB, 0xCD, 0,   0,	 0,   1,   0,	0, 0,	0,
					   0,	 0,    4,   's', 'h', 'o', 'p', 7, 'e', 'x',
					   'a',	 'm',  'p', 'l', 'e', 0,   0,	6, 0,	1};
	struct zone_name name = {0};
	uint8_t data[SOA_PACKET_QUERY_MAX];
	struct dns_packet query;
	size_t length = 0;

	(void)state;
	ask(&query);
	assert_int_equal(query.length, sizeof(expected));
	assert_memory_equal(query.data, expected, sizeof(expected));

	/* The longest of names, and what is in names of reverse zones without classes. */
	for (size_t i = 0; i < ZONE_NAME_MAX; i++)
		name.text[i] = i % 64 == 63 ? '.' : 'a';
	assert_int_equal(soa_packet_build(&name, ID, data, &length), 0);
	assert_int_equal(length, DNS_PACKET_HEADER + 255 + 4);
	name = site_name("0/25.2.0.192.in-addr.arpa");
	assert_int_equal(soa_packet_build(&name, ID, data, &length), 0);
	assert_memory_equal(data + DNS_PACKET_HEADER,
			    "\4"
			    "0/25\1"
			    "2\1"
			    "0\3"
			    "192",
			    13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_isnt_asked),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_sections_that_arent_read),
		cmocka_unit_test(test_any_change_of_a_byte),
		cmocka_unit_test(test_rcodes),
		cmocka_unit_test(test_without_authority_or_soa),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_queries),
	};

	return cmocka_run_group_tests_name("soa_packet", tests, NULL, NULL);
}
