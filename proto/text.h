#ifndef ZP_TEXT_H
#define ZP_TEXT_H

/* Small helpers on text that C lacks in a strict form. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Largest integer that JSON carries without loss (RFC 8259 §6, RFC 7493 §2.2). */
#define TEXT_INTEGER_MAX ((UINT64_C(1) << 53) - 1)

/*
 * Reads a whole string of decimal digits, without sign, blank or leading zero. Returns 0,
 * ZP_ESYNTAX, or -ERANGE when outside [least, most].
 */
int text_parse_integer(const char *text, uint64_t least, uint64_t most, uint64_t *ret_value)
	__attribute__((warn_unused_result));

/* Whether no byte is above 0x7F: libsodium takes some of those for base64. */
bool text_is_ascii(const char *text, size_t length);

/*
 * Copies text, each byte outside 0x20-0x7E as \xNN, cut to size - 1 bytes with "..." at the end
 * where it doesn't fit. What was escaped once isn't changed by a second time. size is at least 8.
 */
void text_escape(const char *text, char *ret_escaped, size_t size);

/* A growing byte buffer. All zero is an empty one; data is NUL-terminated when not NULL. */
struct text_buffer {
	char *data;
	size_t length;
	size_t room;
};

/* Appends; returns 0 or -ENOMEM, which leaves the buffer as it was. */
int text_buffer_append(struct text_buffer *buffer, const void *data, size_t length)
	__attribute__((warn_unused_result));
int text_buffer_printf(struct text_buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* Frees the data and makes the buffer empty again. */
void text_buffer_done(struct text_buffer *buffer);

#endif
