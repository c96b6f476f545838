#include "tests/unit/vector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "proto/file.h"
#include "tests/unit/scratch.h"

#define VECTOR_FILE_MAX 65536

char *vector_load_text(const char *name)
{
	char path[SCRATCH_PATH_SIZE], *text;
	size_t length;

	snprintf(path, sizeof(path), "proto/vectors/%s", name);
	assert_int_equal(file_load(path, VECTOR_FILE_MAX, &text, &length, NULL), 0);
	return text;
}

/* By way of a copy: a file of the source tree is readable for everybody, and so refused. */
struct key *vector_load_key(const char *name)
{
	char directory[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE];
	char *text = vector_load_text(name);
	struct key *key = NULL;
	struct reason why;

	scratch_make(directory);
	scratch_write(directory, "key.pem", text, path);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(key_load(path, &key, &why), 0);
	scratch_remove(directory);
	free(text);
	return key;
}

/* The next line, cut off at its end. */
static char *take_line(char **at)
{
	char *line = strsep(at, "\n");

	assert_non_null(*at);
	return line;
}

static void read_start_line(char *line, struct vector_message *message)
{
	struct signature_message *parts = &message->message;
	char *first = strsep(&line, " "), *second = strsep(&line, " ");

	assert_non_null(line);
	if (strcmp(first, "HTTP/1.1") == 0) {
		parts->status = (int)strtol(second, NULL, 10);
		return;
	}
	parts->method = first;
	parts->query = strchr(second, '?');
	message->path = strndup(second, strcspn(second, "?"));
	parts->path = message->path;
}

void vector_load_message(const char *name, struct vector_message *ret_message)
{
	struct vector_message *message = ret_message;
	char *at, *line;

	*message = (struct vector_message){.text = vector_load_text(name)};
	at = message->text;
	message->message.fields = message->fields;
	read_start_line(take_line(&at), message);
	for (line = take_line(&at); *line; line = take_line(&at)) {
		struct signature_field *field = &message->fields[message->message.n_fields++];

		assert_true(message->message.n_fields <= VECTOR_FIELDS_MAX);
		field->name = strsep(&line, ":");
		field->value = line + 1;
		if (strcasecmp(field->name, "Host") == 0)
			message->message.authority = field->value;
	}
	message->body = at;
}

void vector_message_done(struct vector_message *message)
{
	text_buffer_done(&message->input);
	text_buffer_done(&message->signature);
	free(message->path);
	free(message->text);
}

static size_t find(const struct vector_message *message, const char *name)
{
	for (size_t i = 0; i < message->message.n_fields; i++)
		if (strcasecmp(message->fields[i].name, name) == 0)
			return i;
	fail_msg("no field %s", name);
	return 0;
}

const char *vector_get(const struct vector_message *message, const char *name)
{
	return message->fields[find(message, name)].value;
}

void vector_set(struct vector_message *message, const char *name, const char *value)
{
	if (strcmp(name, "@method") == 0)
		message->message.method = value;
	else if (strcmp(name, "@path") == 0)
		message->message.path = value;
	else if (strcmp(name, "@query") == 0)
		message->message.query = value;
	else
		message->fields[find(message, name)].value = value;
}

void vector_add(struct vector_message *message, const char *name, const char *value)
{
	assert_true(message->message.n_fields < VECTOR_FIELDS_MAX);
	message->fields[message->message.n_fields++] = (struct signature_field){name, value};
}

static void append_zeros(struct text_buffer *signature)
{
	assert_int_equal(text_buffer_printf(signature, "zp=:%086d==:", 0), 0);
	for (size_t i = 4; signature->data[i] == '0'; i++)
		signature->data[i] = 'A';
}

void vector_sign_anew(struct vector_message *message, const char *covered, const struct key *key)
{
	struct sf_dictionary dictionary;
	struct text_buffer field = {0};

	text_buffer_done(&message->input);
	text_buffer_done(&message->signature);
	assert_int_equal(text_buffer_printf(&field, "zp=%s", covered), 0);
	assert_int_equal(structured_field_parse(field.data, &dictionary), 0);
	if (signature_sign(&message->message, &dictionary.members[0], key, &message->input,
			   &message->signature) == 0) {
		text_buffer_done(&field);
	} else {
		message->input = field; /* transferred */
		append_zeros(&message->signature);
	}
	structured_field_done(&dictionary);
	vector_set(message, "Signature-Input", message->input.data);
	vector_set(message, "Signature", message->signature.data);
}
