#include "master-hook/reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/change.h"
#include "proto/error.h"

static char *copy_trimmed(const char *start, const char *end)
{
	while (start < end && strchr(" \t", *start))
		start++;
	while (end > start && strchr(" \t\r\n", end[-1]))
		end--;
	return strndup(start, (size_t)(end - start));
}

static int add_field(struct reply *reply, const char *line, const char *colon, const char *end)
{
	char *name = strndup(line, (size_t)(colon - line));
	char *value = copy_trimmed(colon + 1, end);

	if (!name || !value) {
		free(name);
		free(value);
		return -ENOMEM;
	}
	reply->fields[reply->n_fields++] = (struct signature_field){name, value};
	return 0;
}

int reply_take_line(struct reply *reply, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);

	if (length >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
		reply_done(reply);
		return 0;
	}
	reply->head_size += length;
	if (reply->head_size > REPLY_HEAD_MAX || reply->n_fields == REPLY_FIELDS_MAX)
		return ZP_ETOOBIG;
	return colon ? add_field(reply, line, colon, line + length) : 0;
}

int reply_take_body(struct reply *reply, const char *data, size_t length)
{
	if (length > CHANGE_REPLY_MAX - reply->body.length)
		return ZP_ETOOBIG;
	return text_buffer_append(&reply->body, data, length);
}

void reply_done(struct reply *reply)
{
	for (size_t i = 0; i < reply->n_fields; i++) {
		free((char *)reply->fields[i].name);
		free((char *)reply->fields[i].value);
	}
	text_buffer_done(&reply->body);
	reply->n_fields = 0;
	reply->head_size = 0;
}
