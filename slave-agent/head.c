#include "slave-agent/head.h"

#include <errno.h>
#include <string.h>

/*
 * libmicrohttpd parses in place: what it gives out stands where it was received, with zeros for
 * what it found between. So the pieces tell how long each of them, and what separates them, was on
 * the wire, which its interface has no other way to ask for. Only a zero byte with a bare LF behind
 * it looks like CR LF.
 */
struct walk {
	struct request *request;
	const char *at; /* where the next piece must begin */
	int error;
};

static const size_t blank = 1, colon = 1, line_end = 2;

/* Blanks around a value mean nothing (RFC 9110 §5.5); those behind it are part of it here. */
static enum MHD_Result take_field(void *closure, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	struct walk *walk = closure;
	const char *start;

	(void)kind;
	start = name + strlen(name) + colon;
	walk->error = ZP_ESYNTAX;
	if (name == walk->at && value && value == start + strspn(start, " \t"))
		walk->error = request_add_field(walk->request, name, value);
	if (walk->error < 0)
		return MHD_NO;
	walk->at = value + strlen(value) + line_end;
	return MHD_YES;
}

int head_take(struct MHD_Connection *mhd, const char *method, const char *version,
	      struct request *request)
{
	const union MHD_ConnectionInfo *size =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct walk walk = {.request = request};

	request->method = strdup(method);
	request->version = strdup(version);
	if (!request->method || !request->version)
		return -ENOMEM;

	walk.at = method + strlen(method) + blank + strlen(request->target) + blank;
	if (!size || version != walk.at)
		return ZP_ESYNTAX;
	walk.at = version + strlen(version) + line_end;
	MHD_get_connection_values(mhd, MHD_HEADER_KIND, take_field, &walk);
	if (walk.error == 0 && walk.at + line_end != method + size->header_size)
		walk.error = ZP_ESYNTAX;
	return walk.error;
}
