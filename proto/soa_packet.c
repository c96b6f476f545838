#include "proto/soa_packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

int soa_packet_build(const struct zone_name *zone, uint16_t id,
		     uint8_t ret_packet[static SOA_PACKET_QUERY_MAX], size_t *ret_length)
{
	ldns_rdf *name = NULL;
	ldns_pkt *packet = NULL;
	uint8_t *wire = NULL;
	size_t length = 0;
	int r = ZP_ENAME;

	if (ldns_str2rdf_dname(&name, zone->text) != LDNS_STATUS_OK)
		return ZP_ENAME;
	packet = ldns_pkt_query_new(name, LDNS_RR_TYPE_SOA, LDNS_RR_CLASS_IN, 0);
	if (!packet) {
		ldns_rdf_deep_free(name);
		return ZP_ENAME;
	}
	ldns_pkt_set_id(packet, id);
	if (ldns_pkt2wire(&wire, packet, &length) == LDNS_STATUS_OK &&
	    length <= SOA_PACKET_QUERY_MAX) {
		memcpy(ret_packet, wire, length);
		*ret_length = length;
		r = 0;
	}
	free(wire);
	ldns_pkt_free(packet);
	return r;
}

/* Whether the packet asks what we asked. */
static bool has_question(const ldns_pkt *packet, const ldns_rdf *name)
{
	const ldns_rr *question;

	if (ldns_pkt_qdcount(packet) != 1)
		return false;
	question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
	return ldns_rr_get_type(question) == LDNS_RR_TYPE_SOA &&
	       ldns_rr_get_class(question) == LDNS_RR_CLASS_IN &&
	       ldns_dname_compare(ldns_rr_owner(question), name) == 0;
}

static const ldns_rr *find_soa(const ldns_pkt *packet, const ldns_rdf *name)
{
	const ldns_rr_list *answer = ldns_pkt_answer(packet);

	for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(answer, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA &&
		    ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN && ldns_rr_rd_count(rr) > 2 &&
		    ldns_dname_compare(ldns_rr_owner(rr), name) == 0)
			return rr;
	}
	return NULL;
}

static struct soa_answer judge(const ldns_pkt *packet, const ldns_rdf *name)
{
	const ldns_rr *soa = find_soa(packet, name);

	if (ldns_pkt_tc(packet))
		return (struct soa_answer){.outcome = SOA_TRUNCATED};
	if (ldns_pkt_get_rcode(packet) == LDNS_RCODE_REFUSED)
		return (struct soa_answer){.outcome = SOA_REFUSED};
	if (ldns_pkt_get_rcode(packet) == LDNS_RCODE_NXDOMAIN)
		return (struct soa_answer){.outcome = SOA_ABSENT};
	if (ldns_pkt_get_rcode(packet) != LDNS_RCODE_NOERROR)
		return (struct soa_answer){.outcome = SOA_FAILED};
	if (!ldns_pkt_aa(packet) || !soa)
		return (struct soa_answer){.outcome = SOA_ABSENT};
	return (struct soa_answer){
		.outcome = SOA_SERIAL,
		.serial = ldns_rdf2native_int32(ldns_rr_rdf(soa, 2)),
	};
}

/*
 * Without the authority and additional sections, which say nothing about the serial: ldns loses the
 * memory of a packet that has two TSIG records (found by fuzzing, 1.8.3), and whoever answers in a
 * primary's place can send such.
 */
static int read_packet(const uint8_t *data, size_t length, ldns_pkt **ret_packet)
{
	ldns_status status;
	uint8_t *copy;

	if (length < LDNS_HEADER_SIZE)
		return ZP_ESYNTAX;
	copy = malloc(length);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, length);
	ldns_write_uint16(copy + LDNS_NSCOUNT_OFF, 0);
	ldns_write_uint16(copy + LDNS_ARCOUNT_OFF, 0);
	status = ldns_wire2pkt(ret_packet, copy, length);
	free(copy);
	return status == LDNS_STATUS_OK ? 0 : ZP_ESYNTAX;
}

int soa_packet_parse(const uint8_t *data, size_t length, const struct zone_name *zone, uint16_t id,
		     struct soa_answer *ret_answer)
{
	ldns_rdf *name = NULL;
	ldns_pkt *packet = NULL;
	int r;

	r = read_packet(data, length, &packet);
	if (r < 0)
		return r;
	r = ZP_ESYNTAX;
	if (ldns_str2rdf_dname(&name, zone->text) == LDNS_STATUS_OK && ldns_pkt_qr(packet) &&
	    ldns_pkt_id(packet) == id && has_question(packet, name)) {
		*ret_answer = judge(packet, name);
		r = 0;
	}
	ldns_rdf_deep_free(name);
	ldns_pkt_free(packet);
	return r;
}
