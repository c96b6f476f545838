#include "proto/key_proof.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#define LABEL	  "zonepush-v1 key"
#define TEXT_SIZE (sizeof(LABEL) + 3 * (KEY_ID_LENGTH + 1))

static size_t render(const struct key_public *agent, const struct key_public *old,
		     const struct key_public *new, char ret_text[static TEXT_SIZE])
{
	return (size_t)snprintf(ret_text, TEXT_SIZE, LABEL "\n%s\n%s\n%s", agent->id, old->id,
				new->id);
}

void key_proof_make(const struct key *new, const struct key_public *agent,
		    const struct key_public *old, char ret_proof[static KEY_PROOF_SIZE])
{
	uint8_t signature[KEY_SIGNATURE_BYTES];
	char text[TEXT_SIZE];

	key_sign(new, text, render(agent, old, key_get_public(new), text), signature);
	sodium_bin2base64(ret_proof, KEY_PROOF_SIZE, signature, sizeof(signature),
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

int key_proof_check(const char *proof, const struct key_public *agent, const struct key_public *old,
		    const struct key_public *new)
{
	uint8_t signature[KEY_SIGNATURE_BYTES];
	char text[TEXT_SIZE];
	size_t length = 0;

	if (sodium_base642bin(signature, sizeof(signature), proof, strlen(proof), NULL, &length,
			      NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    length != sizeof(signature))
		return ZP_ESIGNATURE;
	return key_verify(new, text, render(agent, old, new, text), signature);
}
