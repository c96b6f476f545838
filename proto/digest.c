#include "proto/digest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "proto/error.h"
#include "proto/structured_field.h"

void digest_render(const void *content, size_t length, char ret_field[static DIGEST_FIELD_SIZE])
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char base64[sodium_base64_ENCODED_LEN(sizeof(hash), sodium_base64_VARIANT_ORIGINAL)];

	crypto_hash_sha256(hash, content, length);
	sodium_bin2base64(base64, sizeof(base64), hash, sizeof(hash),
			  sodium_base64_VARIANT_ORIGINAL);
	snprintf(ret_field, DIGEST_FIELD_SIZE, "sha-256=:%s:", base64);
}

void digest_hex(const void *data, size_t length, char ret_text[static DIGEST_HEX_SIZE])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, data, length);
	sodium_bin2hex(ret_text, DIGEST_HEX_SIZE, hash, sizeof(hash));
}

void digest_file_hex(const void *data, size_t length, char ret_text[static DIGEST_HEX_SIZE])
{
	unsigned char hash[crypto_generichash_BYTES];

	crypto_generichash(hash, sizeof(hash), data, length, NULL, 0);
	sodium_bin2hex(ret_text, DIGEST_HEX_SIZE, hash, sizeof(hash));
}

/* Whether the member is the digest that its key says. Keys that aren't known don't count. */
static int check_member(const struct sf_member *member, const void *content, size_t length,
			bool *found)
{
	unsigned char hash[crypto_hash_sha512_BYTES];
	const struct sf_value *value;
	size_t size;

	if (member->is_inner_list || member->items[0].value.type != SF_BYTES)
		return ZP_ESYNTAX;
	value = &member->items[0].value;

	if (strcmp(member->key, "sha-256") == 0) {
		crypto_hash_sha256(hash, content, length);
		size = crypto_hash_sha256_BYTES;
	} else if (strcmp(member->key, "sha-512") == 0) {
		crypto_hash_sha512(hash, content, length);
		size = crypto_hash_sha512_BYTES;
	} else {
		return 0;
	}
	if (value->length != size || sodium_memcmp(value->data, hash, size) != 0)
		return ZP_EDIGEST;
	*found = true;
	return 0;
}

int digest_verify(const char *field, const void *content, size_t length)
{
	struct sf_dictionary dictionary;
	bool found = false;
	int r;

	r = structured_field_parse(field, &dictionary);
	if (r < 0)
		return r == ZP_ETOOBIG ? ZP_ESYNTAX : r;
	for (size_t i = 0; r == 0 && i < dictionary.count; i++)
		r = check_member(&dictionary.members[i], content, length, &found);
	if (r == 0 && !found)
		r = ZP_EDIGEST;
	structured_field_done(&dictionary);
	return r;
}
