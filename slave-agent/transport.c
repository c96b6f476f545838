#include "slave-agent/transport.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* RFC 9110 §5.6.2 */
static bool is_token(const char *text)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	if (!*text)
		return false;
	for (; *text; text++)
		if (!isascii((unsigned char)*text) ||
		    (!isalnum((unsigned char)*text) && !strchr(others, *text)))
			return false;
	return true;
}

static bool is_field_value(const char *text)
{
	for (; *text; text++)
		if ((*text < 0x20 || *text > 0x7e) && *text != '\t')
			return false;
	return true;
}

static size_t count_fields(const struct request *request, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < request->n_fields; i++)
		count += strcasecmp(request->fields[i].name, name) == 0;
	return count;
}

static int check_target(const struct request *request, struct reason *why)
{
	const char *target = request->target;

	if (strlen(target) > REQUEST_TARGET_MAX)
		return reason_fail(why, ZP_ETOOBIG, "the target is longer than %d bytes",
				   REQUEST_TARGET_MAX);
	if (target[0] != '/' || target[1] == '/')
		return reason_fail(why, ZP_ESYNTAX, "the target must begin with a single '/'");
	for (; *target; target++)
		if (*target <= 0x20 || *target >= 0x7f || *target == '#')
			return reason_fail(why, ZP_ESYNTAX,
					   "the target holds a byte that can't stand there");
	return 0;
}

static int check_fields(const struct request *request, struct reason *why)
{
	for (size_t i = 0; i < request->n_fields; i++) {
		const struct signature_field *field = &request->fields[i];

		if (!is_token(field->name))
			return reason_fail(why, ZP_ESYNTAX, "'%s' can't be a field name",
					   field->name);
		if (!is_field_value(field->value))
			return reason_fail(why, ZP_ESYNTAX,
					   "the value of field '%s' isn't printable ASCII",
					   field->name);
	}
	if (count_fields(request, "host") != 1)
		return reason_fail(why, ZP_ESYNTAX, "there must be exactly one Host");
	if (count_fields(request, "content-encoding") != 0)
		return reason_fail(why, ZP_ESYNTAX, "no Content-Encoding is understood");
	return 0;
}

/* Where the content ends must not be open to interpretation (RFC 9112 §6). */
static int check_framing(const struct request *request, struct reason *why)
{
	const char *length = request_get_field(request, "content-length");
	const char *coding = request_get_field(request, "transfer-encoding");

	if (length && coding)
		return reason_fail(why, ZP_ESYNTAX,
				   "Content-Length and Transfer-Encoding exclude each other");
	if (count_fields(request, "content-length") > 1 ||
	    count_fields(request, "transfer-encoding") > 1)
		return reason_fail(why, ZP_ESYNTAX,
				   "Content-Length or Transfer-Encoding stands twice");
	if (length && (!*length || strspn(length, "0123456789") != strlen(length)))
		return reason_fail(why, ZP_ESYNTAX, "Content-Length isn't a number");
	if (coding && strcmp(coding, "chunked") != 0)
		return reason_fail(why, ZP_ESYNTAX,
				   "no Transfer-Encoding but chunked is understood");
	return 0;
}

static int check_size(const struct request *request, struct reason *why)
{
	size_t size = strlen(request->target) + strlen("PUT  HTTP/1.1\r\n\r\n");

	for (size_t i = 0; i < request->n_fields; i++)
		size += strlen(request->fields[i].name) + strlen(request->fields[i].value) +
			strlen(": \r\n");
	if (size > REQUEST_HEAD_MAX)
		return reason_fail(why, ZP_ETOOBIG,
				   "request line and header fields together may have %d bytes",
				   REQUEST_HEAD_MAX);
	return 0;
}

int transport_check(const struct request *request, struct reason *why)
{
	int r;

	if (strcmp(request->version, "HTTP/1.1") != 0)
		return reason_fail(why, ZP_ESYNTAX, "only HTTP/1.1 is spoken here");
	if (!is_token(request->method))
		return reason_fail(why, ZP_ESYNTAX, "the method isn't a token");
	r = check_size(request, why);
	if (r == 0)
		r = check_target(request, why);
	if (r == 0)
		r = check_fields(request, why);
	if (r == 0)
		r = check_framing(request, why);
	return r;
}
