/* What may be an answer to a question for a SOA: as it comes, and behind the right beginning. */
#include "proto/soa_packet.h"
#include "tests/fuzz/fuzz.h"

static void parse(const uint8_t *data, size_t size, const struct zone_name *zone)
{
	struct soa_answer answer = {.outcome = SOA_SILENT};
	int r = soa_packet_parse(data, size, zone, 0x0102, &answer);

	/* Nothing is silence that came; no serial without QR and AA. */
	if ((r == 0) != (answer.outcome != SOA_SILENT) ||
	    (answer.outcome == SOA_SERIAL && (data[2] & 0x84) != 0x84))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t head[] = "\1\2\x84\0\0\1\0\1\0\0\0\0\1a\7example\0\0\6\0\1";
	static const struct zone_name zone = {.text = "a.example"};
	uint8_t *packet = malloc(sizeof(head) - 1 + size);

	if (!packet)
		abort();
	memcpy(packet, head, sizeof(head) - 1);
	memcpy(packet + sizeof(head) - 1, data, size);
	parse(data, size, &zone);
	parse(packet, sizeof(head) - 1 + size, &zone);
	free(packet);
	return 0;
}
