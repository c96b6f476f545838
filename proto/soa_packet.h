#ifndef ZP_SOA_PACKET_H
#define ZP_SOA_PACKET_H

/* A question for a zone's SOA, and what an answer to it says: RFC 1035, RFC 9499. */

#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/zone_name.h"

#define SOA_PACKET_QUERY_MAX 300 /* bytes: header, name, type, class */

enum soa_outcome {
	SOA_SERIAL,    /* an authoritative answer with the zone's SOA */
	SOA_REFUSED,   /* RCODE REFUSED: not for us; of named: no such zone here */
	SOA_FAILED,    /* SERVFAIL, or another RCODE: of named: a zone without valid data */
	SOA_ABSENT,    /* answered, but not with authority for this zone, or without its SOA */
	SOA_TRUNCATED, /* to be asked again over TCP */
	SOA_SILENT,    /* no answer in time, or nobody there */
};

struct soa_answer {
	enum soa_outcome outcome;
	uint32_t serial; /* of SOA_SERIAL */
};

/* Returns 0 or ZP_ENAME. */
int soa_packet_build(const struct zone_name *zone, uint16_t id,
		     uint8_t ret_packet[static SOA_PACKET_QUERY_MAX], size_t *ret_length)
	__attribute__((warn_unused_result));

/*
 * Reads what may be the answer to that question. Returns 0, ZP_ESYNTAX where it isn't one: then it
 * is to be ignored, as who wants to deceive us sends such; or -ENOMEM.
 */
int soa_packet_parse(const uint8_t *packet, size_t length, const struct zone_name *zone,
		     uint16_t id, struct soa_answer *ret_answer)
	__attribute__((warn_unused_result));

#endif
