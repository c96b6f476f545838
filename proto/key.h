#ifndef ZP_KEY_H
#define ZP_KEY_H

/*
 * Ed25519 keys (RFC 8032) and the files they live in: PKCS #8 and SubjectPublicKeyInfo in PEM (RFC
 * 8410, RFC 7468), as `openssl pkey` writes them.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/error.h"

#define KEY_PUBLIC_BYTES    32
#define KEY_SIGNATURE_BYTES 64
#define KEY_ID_LENGTH	    43 /* base64url without padding */

struct key_public {
	uint8_t bytes[KEY_PUBLIC_BYTES];
	char id[KEY_ID_LENGTH + 1]; /* derived from bytes */
};

/* A private key; its secret half lives in guarded memory (sodium_malloc). */
struct key;

/* Must be called once before anything else here; returns 0 or ZP_ELIBRARY. */
int key_library_init(void) __attribute__((warn_unused_result));

/* Makes a new key. Returns 0, with a key to be freed by key_free(), or -ENOMEM. */
int key_generate(struct key **ret_key) __attribute__((warn_unused_result));

/*
 * Loads a private key. The file must be a regular one that nobody outside its owner and group can
 * read and only its owner can write. Returns 0, -errno, ZP_EMODE or ZP_EKEY, each with a reason
 * that names the file.
 */
int key_load(const char *path, struct key **ret_key, struct reason *why)
	__attribute__((warn_unused_result));

/*
 * Writes a private key to a new file with this mode and group ((gid_t)-1: as it comes), durably,
 * and its public half to `path`.pub with mode 0644: both or none. Never replaces a file: -EEXIST.
 * Returns 0 or -errno with a reason.
 */
int key_save(const struct key *key, const char *path, mode_t mode, gid_t group, struct reason *why)
	__attribute__((warn_unused_result));

/*
 * Makes a key and saves it as key_save() does, in a directory that is made (0755) where it is
 * missing: what `key init` does in both programs.
 */
int key_make(const char *path, mode_t mode, gid_t group, struct key **ret_key, struct reason *why)
	__attribute__((warn_unused_result));

void key_free(struct key *key);

/* The public half; valid as long as the key. */
const struct key_public *key_get_public(const struct key *key);

/* Reads a key id. Returns 0 or ZP_EKEY. */
int key_public_parse(const char *id, struct key_public *ret_key)
	__attribute__((warn_unused_result));

/*
 * Reads what an administrator may call "the public key": a key id, or the path of a
 * SubjectPublicKeyInfo PEM file. Returns 0, -errno or ZP_EKEY with a reason; -ENOENT is the error
 * for what is neither.
 */
int key_public_load(const char *id_or_path, struct key_public *ret_key, struct reason *why)
	__attribute__((warn_unused_result));

void key_sign(const struct key *key, const void *message, size_t length,
	      uint8_t ret_signature[static KEY_SIGNATURE_BYTES]);

/* Returns 0 or ZP_ESIGNATURE. */
int key_verify(const struct key_public *key, const void *message, size_t length,
	       const uint8_t signature[static KEY_SIGNATURE_BYTES])
	__attribute__((warn_unused_result));

/* 32 lower-case hex digits of randomness and a NUL: nonces and instances. */
#define KEY_RANDOM_HEX_SIZE 33
void key_random_hex(char ret_text[static KEY_RANDOM_HEX_SIZE]);

/* A number below the bound that nobody can guess. */
uint32_t key_random_below(uint32_t bound);

#endif
