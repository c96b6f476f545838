/* A reply on named's control channel: as it comes, and rightly signed by who knows the key. */
#include "proto/key.h"
#include "slave-agent/rndc_message.h"
#include "tests/fuzz/fuzz.h"

#define HEAD "\0\0\0\1\5_auth\2\0\0\0\x63\4hsha\1\0\0\0\x59\xa3" /* of HMAC-SHA256 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rndc_request request = {.command = "status", .serial = 7, .nonce = 9};
	static struct hmac_key *key;
	size_t head = sizeof(HEAD) - 1, length = head + HMAC_TEXT_LENGTH + size;
	uint8_t *message = malloc(length);
	struct rndc_reply reply;

	if (!message || (!key && (key_library_init() < 0 ||
				  hmac_key_parse(HMAC_SHA256, "c2hvcnQ=", 8, &key) < 0)))
		abort();
	memcpy(message, HEAD, head);
	hmac_render(key, data, size, (char *)message + head);
	memcpy(message + head + HMAC_TEXT_LENGTH, data, size);
	if (rndc_message_parse(data, size, key, &request, &reply) == 0 ||
	    (rndc_message_parse(message, length, key, &request, &reply) == 0 &&
	     (reply.nonce != request.nonce || strlen(reply.text) >= sizeof(reply.text))))
		abort();
	free(message);
	return 0;
}
