#ifndef ZP_DIGEST_H
#define ZP_DIGEST_H

/* Content-Digest, RFC 9530, as PROTOCOL.md §3 narrows it. */

#include <stddef.h>

/* "sha-256=:" 44 ":" and a NUL. */
#define DIGEST_FIELD_SIZE 55

/* Writes the value of Content-Digest (sha-256) for these bytes. */
void digest_render(const void *content, size_t length, char ret_field[static DIGEST_FIELD_SIZE]);

/*
 * Checks the value of a Content-Digest field. Every sha-256 and sha-512 in it must be right and one
 * must be there. Returns 0, ZP_EDIGEST when one is wrong or none is known, ZP_ESYNTAX when the
 * field is no Dictionary of Byte Sequences or names a digest twice, or -ENOMEM.
 */
int digest_verify(const char *field, const void *content, size_t length)
	__attribute__((warn_unused_result));

/* 64 lower-case hex digits of the SHA-256 of these bytes, and a NUL. */
#define DIGEST_HEX_SIZE 65
void digest_hex(const void *data, size_t length, char ret_text[static DIGEST_HEX_SIZE]);

/* The same of BLAKE2b-256 (RFC 7693), which is several times as fast: for files of our own. */
void digest_file_hex(const void *data, size_t length, char ret_text[static DIGEST_HEX_SIZE]);

#endif
