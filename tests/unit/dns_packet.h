#ifndef ZP_TEST_DNS_PACKET_H
#define ZP_TEST_DNS_PACKET_H

/* Answers to questions for a SOA, made byte by byte (RFC 1035 §4.1). */

#include <stddef.h>
#include <stdint.h>

#define DNS_PACKET_MAX	  512
#define DNS_PACKET_HEADER 12 /* bytes */
#define DNS_PACKET_FLAGS  2  /* where they stand */
#define DNS_PACKET_COUNTS 4  /* of questions, answers, authorities, others */
#define DNS_PACKET_SOA	  34 /* bytes of the answer's record, which stands last */

#define DNS_PACKET_QR	  0x8000
#define DNS_PACKET_AA	  0x0400
#define DNS_PACKET_TC	  0x0200

struct dns_packet {
	uint8_t data[DNS_PACKET_MAX];
	size_t length;
};

/* Reads and writes a number of two bytes. */
uint16_t dns_packet_get(const struct dns_packet *packet, size_t offset);
void dns_packet_set(struct dns_packet *packet, size_t offset, uint16_t value);

/* Makes the answer with these flags to a query: with a SOA where there is a serial, or without. */
void dns_packet_answer(const struct dns_packet *query, uint16_t flags, const uint32_t *serial,
		       struct dns_packet *ret_answer);

#endif
