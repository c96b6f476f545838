#include "proto/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/error.h"

bool text_is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] & 0x80)
			return false;
	return true;
}

int text_parse_integer(const char *text, uint64_t least, uint64_t most, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t length = strlen(text);

	if (length == 0 || strspn(text, "0123456789") != length || (*text == '0' && length > 1))
		return ZP_ESYNTAX;
	for (; *text; text++)
		if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return -ERANGE;
	if (value < least || value > most)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

/* Writes one byte's escaped form and returns its length, 1 to 4. */
static size_t escape_byte(unsigned char byte, char form[static 5])
{
	if (byte < 0x20 || byte > 0x7e)
		return (size_t)snprintf(form, 5, "\\x%02x", byte);
	form[0] = (char)byte;
	return 1;
}

void text_escape(const char *text, char *ret_escaped, size_t size)
{
	size_t used = 0, whole = 0, length;
	char form[5];

	/* `whole` is how much is kept where the text must be cut, so that "..." fits behind it. */
	for (; *text; text++) {
		length = escape_byte((unsigned char)*text, form);
		if (used + length >= size) {
			memcpy(ret_escaped + whole, "...", sizeof("..."));
			return;
		}
		memcpy(ret_escaped + used, form, length);
		used += length;
		if (used + sizeof("...") <= size)
			whole = used;
	}
	ret_escaped[used] = '\0';
}

/* Makes room for `more` bytes and a NUL. */
static int reserve(struct text_buffer *buffer, size_t more)
{
	size_t needed, room = buffer->room ? buffer->room : 256;
	char *data;

	if (__builtin_add_overflow(buffer->length, more, &needed) || needed >= SIZE_MAX / 2)
		return -ENOMEM;
	while (room <= needed)
		room *= 2;
	if (room == buffer->room)
		return 0;
	data = realloc(buffer->data, room);
	if (!data)
		return -ENOMEM;
	buffer->data = data;
	buffer->room = room;
	return 0;
}

int text_buffer_append(struct text_buffer *buffer, const void *data, size_t length)
{
	int r;

	r = reserve(buffer, length);
	if (r < 0)
		return r;
	if (length > 0)
		memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
	return 0;
}

int text_buffer_printf(struct text_buffer *buffer, const char *format, ...)
{
	va_list arguments, again;
	size_t left;
	int n, r;

	r = reserve(buffer, 0);
	if (r < 0)
		return r;
	left = buffer->room - buffer->length;
	va_start(arguments, format);
	va_copy(again, arguments);
	n = vsnprintf(buffer->data + buffer->length, left, format, arguments);
	if (n < 0)
		r = -ENOMEM;
	else if ((size_t)n >= left)
		r = reserve(buffer, (size_t)n);
	if (r == 0 && (size_t)n >= left)
		vsnprintf(buffer->data + buffer->length, (size_t)n + 1, format, again);
	va_end(again);
	va_end(arguments);

	if (r == 0)
		buffer->length += (size_t)n;
	buffer->data[buffer->length] = '\0';
	return r;
}

void text_buffer_done(struct text_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct text_buffer){0};
}
