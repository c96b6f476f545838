/* The input is an invitation without its checksum: what is taken comes back as it is. */
#include <sodium.h>

#include "proto/invitation.h"
#include "proto/text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), checksum[8], again[INVITATION_SIZE];
	unsigned char hash[crypto_hash_sha256_BYTES];
	struct text_buffer whole = {0};
	struct invitation invitation;
	struct reason why;

	crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
	sodium_bin2base64(checksum, sizeof(checksum), hash, 3,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	if (text_buffer_printf(&whole, "%s.%s", text, checksum) < 0)
		abort();
	if (invitation_parse(whole.data, &invitation, &why) == 0) {
		invitation_render(&invitation, again);
		if (strcmp(again, whole.data) != 0)
			abort();
	}
	text_buffer_done(&whole);
	free(text);
	return 0;
}
