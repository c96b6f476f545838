#include "tests/unit/dns_packet.h"

#include <arpa/inet.h>
#include <string.h>

uint16_t dns_packet_get(const struct dns_packet *packet, size_t offset)
{
	return (uint16_t)(packet->data[offset] << 8 | packet->data[offset + 1]);
}

void dns_packet_set(struct dns_packet *packet, size_t offset, uint16_t value)
{
	packet->data[offset] = (uint8_t)(value >> 8);
	packet->data[offset + 1] = (uint8_t)value;
}

void dns_packet_answer(const struct dns_packet *query, uint16_t flags, const uint32_t *serial,
		       struct dns_packet *ret_answer)
{
	static const uint8_t soa[DNS_PACKET_SOA] = {
		0xC0, DNS_PACKET_HEADER, /* the question's name */
		0,    6,
		0,    1,
		0,    0,
		0,    60, /* SOA, IN, TTL */
		0,    22,
		0,    0, /* both names are the root; then the serial */
	};
	const size_t serial_at = 14;
	uint32_t number;

	*ret_answer = *query;
	dns_packet_set(ret_answer, DNS_PACKET_FLAGS, flags);
	dns_packet_set(ret_answer, DNS_PACKET_COUNTS + 2, serial ? 1 : 0);
	if (!serial)
		return;
	number = htonl(*serial);
	memcpy(ret_answer->data + query->length, soa, sizeof(soa));
	memcpy(ret_answer->data + query->length + serial_at, &number, sizeof(number));
	ret_answer->length += sizeof(soa);
}
