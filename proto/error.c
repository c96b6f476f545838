#include "proto/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/text.h"

static const char *const texts[] = {
#define ERROR_TEXT(name, text) text,
	ZP_ERROR_LIST(ERROR_TEXT)
#undef ERROR_TEXT
};

const char *error_text(int error)
{
	const char *text;

	if (error >= ZP_ERROR_FIRST && error < ZP_ERROR_END)
		return texts[error - ZP_ERROR_FIRST];
	if (error >= 0)
		return "no error";
	/* Below our own numbers there is nothing, and -INT_MIN isn't a number. */
	text = error < ZP_ERROR_FIRST ? NULL : strerrordesc_np(-error);
	return text ? text : "unknown error";
}

/*
 * Arguments come from outside, so the sentence is escaped as a whole; our own words hold
 * nothing that escaping changes.
 */
static void __attribute__((format(printf, 2, 0)))
write_reason(struct reason *why, const char *format, va_list arguments)
{
	char text[2 * REASON_SIZE];

	if (!why)
		return;
	vsnprintf(text, sizeof(text), format, arguments);
	text_escape(text, why->text, sizeof(why->text));
}

void reason_set(struct reason *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_reason(why, format, arguments);
	va_end(arguments);
}

int reason_fail(struct reason *why, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_reason(why, format, arguments);
	va_end(arguments);
	return error;
}
