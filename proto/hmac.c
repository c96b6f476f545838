#include "proto/hmac.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proto/error.h"
#include "proto/text.h"

struct hmac_key {
	enum hmac_algorithm algorithm;
	unsigned char *secret; /* sodium_malloc */
	size_t length;
};

static int decode_secret(struct hmac_key *key, const char *base64, size_t length)
{
	if (length > 2 * HMAC_SECRET_MAX)
		return ZP_ETOOBIG;
	if (!text_is_ascii(base64, length) ||
	    sodium_base642bin(key->secret, HMAC_SECRET_MAX, base64, length, " \t\r\n", &key->length,
			      NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    key->length == 0)
		return ZP_ESYNTAX;
	return 0;
}

int hmac_key_parse(enum hmac_algorithm algorithm, const char *base64, size_t length,
		   struct hmac_key **ret_key)
{
	struct hmac_key *key;
	int r = -ENOMEM;

	key = calloc(1, sizeof(*key));
	if (!key)
		return -ENOMEM;
	key->algorithm = algorithm;
	key->secret = sodium_malloc(HMAC_SECRET_MAX);
	if (key->secret)
		r = decode_secret(key, base64, length);
	if (r < 0) {
		hmac_key_free(key);
		return r;
	}
	*ret_key = key;
	return 0;
}

void hmac_key_free(struct hmac_key *key)
{
	if (!key)
		return;
	sodium_free(key->secret);
	free(key);
}

enum hmac_algorithm hmac_key_get_algorithm(const struct hmac_key *key)
{
	return key->algorithm;
}

/* Returns the length of the hash. */
static size_t compute(const struct hmac_key *key, const void *data, size_t length,
		      unsigned char hash[static crypto_auth_hmacsha512_BYTES])
{
	union {
		crypto_auth_hmacsha256_state sha256;
		crypto_auth_hmacsha512_state sha512;
	} state;
	size_t size = 0;

	switch (key->algorithm) {
	case HMAC_SHA256:
		crypto_auth_hmacsha256_init(&state.sha256, key->secret, key->length);
		crypto_auth_hmacsha256_update(&state.sha256, data, length);
		crypto_auth_hmacsha256_final(&state.sha256, hash);
		size = crypto_auth_hmacsha256_BYTES;
		break;
	case HMAC_SHA512:
		crypto_auth_hmacsha512_init(&state.sha512, key->secret, key->length);
		crypto_auth_hmacsha512_update(&state.sha512, data, length);
		crypto_auth_hmacsha512_final(&state.sha512, hash);
		size = crypto_auth_hmacsha512_BYTES;
		break;
	}
	sodium_memzero(&state, sizeof(state));
	return size;
}

void hmac_render(const struct hmac_key *key, const void *data, size_t length,
		 char ret_text[static HMAC_TEXT_LENGTH])
{
	unsigned char hash[crypto_auth_hmacsha512_BYTES];
	char text[HMAC_TEXT_LENGTH + 1] = {0};
	size_t size;

	size = compute(key, data, length, hash);
	sodium_bin2base64(text, sizeof(text), hash, size, sodium_base64_VARIANT_ORIGINAL);
	memcpy(ret_text, text, HMAC_TEXT_LENGTH);
}

int hmac_verify(const struct hmac_key *key, const void *data, size_t length,
		const char text[static HMAC_TEXT_LENGTH])
{
	char expected[HMAC_TEXT_LENGTH];

	hmac_render(key, data, length, expected);
	return sodium_memcmp(expected, text, sizeof(expected)) == 0 ? 0 : ZP_ESIGNATURE;
}
