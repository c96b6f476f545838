#ifndef ZP_HMAC_H
#define ZP_HMAC_H

/*
 * HMAC (RFC 2104) over SHA-2, its result in base64, as named's control channel has it.
 * key_library_init() must have been called before.
 */

#include <stddef.h>

enum hmac_algorithm {
	HMAC_SHA256,
	HMAC_SHA512,
};

#define HMAC_SECRET_MAX 1024 /* bytes; as much as BIND takes */

/* The longest result in base64, that of HMAC_SHA512. */
#define HMAC_TEXT_LENGTH 88

/* A secret; it lives in guarded memory (sodium_malloc). */
struct hmac_key;

/*
 * Reads a secret in base64 (RFC 4648 §4, with padding; blanks in it are dropped). Returns 0 with a
 * key to be freed by hmac_key_free(); ZP_ESYNTAX where it is empty or no base64, ZP_ETOOBIG,
 * -ENOMEM.
 */
int hmac_key_parse(enum hmac_algorithm algorithm, const char *base64, size_t length,
		   struct hmac_key **ret_key) __attribute__((warn_unused_result));
void hmac_key_free(struct hmac_key *key);

enum hmac_algorithm hmac_key_get_algorithm(const struct hmac_key *key);

/* Writes the result; where it is shorter than the room, the rest is NUL. */
void hmac_render(const struct hmac_key *key, const void *data, size_t length,
		 char ret_text[static HMAC_TEXT_LENGTH]);

/* Compares in constant time with what hmac_render() writes. Returns 0 or ZP_ESIGNATURE. */
int hmac_verify(const struct hmac_key *key, const void *data, size_t length,
		const char text[static HMAC_TEXT_LENGTH]) __attribute__((warn_unused_result));

#endif
