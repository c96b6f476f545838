#include "slave-agent/request.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

int request_new(const char *target, struct request **ret_request)
{
	struct request *request;
	const char *query;

	request = calloc(1, sizeof(*request));
	if (!request)
		return -ENOMEM;
	request->target = strdup(target);
	if (request->target) {
		query = strchr(request->target, '?');
		request->query = query;
		request->path = query ? strndup(request->target, (size_t)(query - request->target))
				      : strdup(request->target);
	}
	if (!request->path) {
		request_free(request);
		return -ENOMEM;
	}
	*ret_request = request;
	return 0;
}

void request_free(struct request *request)
{
	if (!request)
		return;
	for (size_t i = 0; i < request->n_fields; i++) {
		free((char *)request->fields[i].name);
		free((char *)request->fields[i].value);
	}
	free(request->fields);
	free(request->method);
	free(request->target);
	free(request->path);
	free(request->version);
	free(request->authority);
	free(request->argument);
	text_buffer_done(&request->content);
	text_buffer_done(&request->reply);
	job_release(request->job);
	free(request);
}

static char *copy_trimmed(const char *value)
{
	size_t length;

	value += strspn(value, " \t");
	length = strlen(value);
	while (length > 0 && strchr(" \t", value[length - 1]))
		length--;
	return strndup(value, length);
}

/* RFC 9421 §2.2.3: the host is compared in lower case. */
static int note_authority(struct request *request, const char *host)
{
	char *authority = strdup(host);

	if (!authority)
		return -ENOMEM;
	for (char *c = authority; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	free(request->authority);
	request->authority = authority;
	return 0;
}

int request_add_field(struct request *request, const char *name, const char *value)
{
	struct signature_field field, *fields;

	if (request->n_fields >= REQUEST_FIELDS_MAX)
		return ZP_ETOOBIG;
	fields = reallocarray(request->fields, request->n_fields + 1, sizeof(*fields));
	if (!fields)
		return -ENOMEM;
	request->fields = fields;

	field.name = strdup(name);
	field.value = copy_trimmed(value);
	if (!field.name || !field.value) {
		free((char *)field.name);
		free((char *)field.value);
		return -ENOMEM;
	}
	request->fields[request->n_fields++] = field;
	return strcasecmp(name, "host") == 0 ? note_authority(request, field.value) : 0;
}

const char *request_get_field(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->n_fields; i++)
		if (strcasecmp(request->fields[i].name, name) == 0)
			return request->fields[i].value;
	return NULL;
}

struct signature_message request_as_message(const struct request *request)
{
	return (struct signature_message){
		.method = request->method,
		.authority = request->authority,
		.path = request->path,
		.query = request->query,
		.fields = request->fields,
		.n_fields = request->n_fields,
	};
}

/* Steps to the next `name=value` of the query; false at its end. */
static bool next_parameter(const char **at, const char **ret_start, size_t *ret_length)
{
	if (!*at || !**at)
		return false;
	*ret_start = *at + 1; /* behind `?` or `&` */
	*ret_length = strcspn(*ret_start, "&");
	*at = *ret_start + *ret_length;
	return true;
}

static bool is_named(const char *parameter, size_t length, const char *name)
{
	size_t wanted = strlen(name);

	return length > wanted && parameter[wanted] == '=' && strncmp(parameter, name, wanted) == 0;
}

int request_check_query(const struct request *request, const char *const allowed[],
			struct reason *why)
{
	const char *at = request->query, *start;
	unsigned int seen = 0;
	size_t length, i;

	while (next_parameter(&at, &start, &length)) {
		for (i = 0; allowed[i]; i++)
			if (is_named(start, length, allowed[i]))
				break;
		if (!allowed[i])
			return reason_fail(why, ZP_ESYNTAX, "unknown query parameter '%.*s'",
					   (int)length, start);
		if (seen & (1U << i))
			return reason_fail(why, ZP_ESYNTAX, "query parameter '%s' stands twice",
					   allowed[i]);
		seen |= 1U << i;
	}
	return 0;
}

bool request_get_query(const struct request *request, const char *name, char *ret_value,
		       size_t size)
{
	const char *at = request->query, *start;
	size_t length, skip = strlen(name) + 1;

	while (next_parameter(&at, &start, &length)) {
		if (!is_named(start, length, name))
			continue;
		if (length - skip >= size)
			return false;
		memcpy(ret_value, start + skip, length - skip);
		ret_value[length - skip] = '\0';
		return true;
	}
	return false;
}

/* A preference that can't be understood is ignored, as RFC 7240 §2 wants it. */
unsigned int request_get_wait(const struct request *request)
{
	const char *prefer = request_get_field(request, "prefer");
	uint64_t seconds;
	char number[24];

	if (!prefer || strncasecmp(prefer, "wait=", 5) != 0)
		return REQUEST_WAIT_DEFAULT;
	snprintf(number, sizeof(number), "%.*s", (int)strcspn(prefer + 5, ",; \t"), prefer + 5);
	if (text_parse_integer(number, 0, UINT32_MAX, &seconds) < 0)
		return REQUEST_WAIT_DEFAULT;
	return seconds > REQUEST_WAIT_MAX ? REQUEST_WAIT_MAX : (unsigned int)seconds;
}

void request_reply_json(struct request *request, int status, struct json_t *json)
{
	char *text;
	int r = -ENOMEM;

	text_buffer_done(&request->reply);
	text = json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	if (text)
		r = text_buffer_printf(&request->reply, "%s\n", text);
	free(text);
	json_decref(json);

	request->is_problem = false;
	request->status = r == 0 ? status : problem_status(PROBLEM_FAILED);
}

void request_reply_problem(struct request *request, const struct problem *problem)
{
	int r;

	text_buffer_done(&request->reply);
	r = problem_render(problem, &request->reply);
	if (r == 0)
		r = text_buffer_append(&request->reply, "\n", 1);
	if (r < 0)
		text_buffer_done(&request->reply);
	request->is_problem = true;
	request->problem = *problem;
	request->status = problem_status(problem->type);
}

void request_fail(struct request *request, enum problem_type type, const char *format, ...)
{
	struct problem problem = {.type = type};
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(problem.detail, sizeof(problem.detail), format, arguments);
	va_end(arguments);
	request_reply_problem(request, &problem);
}
