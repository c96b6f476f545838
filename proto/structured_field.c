#include "proto/structured_field.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proto/error.h"
#include "proto/text.h"

/* Everything that a Dictionary points to, in one allocation. Pools only grow. */
struct memory {
	struct sf_member members[SF_MEMBERS_MAX];
	struct sf_item items[SF_ITEMS_TOTAL_MAX];
	struct sf_parameter parameters[SF_PARAMETERS_TOTAL_MAX];
	size_t n_members, n_items, n_parameters;
	size_t used; /* of text */
	/* Keys and values. None is longer than it is in the field, and its NUL takes the place of
	 * the delimiter behind it, so the field's length and one NUL are room enough. */
	char text[];
};

struct parser {
	const char *at;
	struct memory *memory;
};

static const struct sf_value true_value = {.type = SF_BOOLEAN, .integer = 1};

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_alpha(char c)
{
	return is_lower((char)(c | 0x20));
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Keeps bytes with a NUL behind them. */
static char *keep(struct parser *parser, const char *data, size_t length)
{
	char *kept = parser->memory->text + parser->memory->used;

	memcpy(kept, data, length);
	kept[length] = '\0';
	parser->memory->used += length + 1;
	return kept;
}

/* RFC 9651 §4.2.3.3 */
static int parse_key(struct parser *parser, const char **ret_key)
{
	const char *start = parser->at;

	if (!is_lower(*start) && *start != '*')
		return ZP_ESYNTAX;
	while (is_lower(*parser->at) || is_digit(*parser->at) ||
	       (*parser->at && strchr("_-.*", *parser->at)))
		parser->at++;
	*ret_key = keep(parser, start, (size_t)(parser->at - start));
	return 0;
}

/* §4.2.4, without Decimals */
static int parse_integer(struct parser *parser, struct sf_value *ret_value)
{
	int64_t sign = 1, value = 0;
	size_t digits = 0;

	if (*parser->at == '-') {
		sign = -1;
		parser->at++;
	}
	for (; is_digit(*parser->at); parser->at++) {
		if (++digits > 15)
			return ZP_ESYNTAX;
		value = 10 * value + (*parser->at - '0');
	}
	if (digits == 0 || *parser->at == '.')
		return ZP_ESYNTAX;
	*ret_value = (struct sf_value){.type = SF_INTEGER, .integer = sign * value};
	return 0;
}

/* §4.2.5 */
static int parse_string(struct parser *parser, struct sf_value *ret_value)
{
	char *start = parser->memory->text + parser->memory->used, *end = start;

	for (parser->at++; *parser->at != '"'; parser->at++) {
		if (*parser->at == '\\') {
			parser->at++;
			if (*parser->at != '"' && *parser->at != '\\')
				return ZP_ESYNTAX;
		} else if (*parser->at < 0x20 || *parser->at > 0x7e) {
			return ZP_ESYNTAX;
		}
		*end++ = *parser->at;
	}
	parser->at++;
	*end = '\0';
	parser->memory->used += (size_t)(end - start) + 1;
	*ret_value = (struct sf_value){.type = SF_STRING,
				       .data = start,
				       .length = (size_t)(end - start)};
	return 0;
}

/* §4.2.6 */
static int parse_token(struct parser *parser, struct sf_value *ret_value)
{
	static const char others[] = "!#$%&'*+-.^_`|~:/";
	const char *start = parser->at;
	size_t length;

	while (is_alpha(*parser->at) || is_digit(*parser->at) ||
	       (*parser->at && strchr(others, *parser->at)))
		parser->at++;
	length = (size_t)(parser->at - start);
	*ret_value = (struct sf_value){.type = SF_TOKEN,
				       .data = keep(parser, start, length),
				       .length = length};
	return 0;
}

/* §4.2.7, canonical base64 only */
static int parse_bytes(struct parser *parser, struct sf_value *ret_value)
{
	const char *start = parser->at + 1, *end = strchr(start, ':');
	char *data = parser->memory->text + parser->memory->used;
	size_t length = 0;

	if (!end)
		return ZP_ESYNTAX;
	if (sodium_base642bin((unsigned char *)data, (size_t)(end - start) + 1, start,
			      (size_t)(end - start), NULL, &length, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0)
		return ZP_ESYNTAX;
	data[length] = '\0';
	parser->memory->used += length + 1;
	parser->at = end + 1;
	*ret_value = (struct sf_value){.type = SF_BYTES, .data = data, .length = length};
	return 0;
}

/* §4.2.8 */
static int parse_boolean(struct parser *parser, struct sf_value *ret_value)
{
	char digit = parser->at[1];

	if (digit != '0' && digit != '1')
		return ZP_ESYNTAX;
	parser->at += 2;
	*ret_value = (struct sf_value){.type = SF_BOOLEAN, .integer = digit == '1'};
	return 0;
}

/* §4.2.3.1 */
static int parse_bare(struct parser *parser, struct sf_value *ret_value)
{
	char first = *parser->at;

	if (first == '-' || is_digit(first))
		return parse_integer(parser, ret_value);
	if (first == '"')
		return parse_string(parser, ret_value);
	if (first == '*' || is_alpha(first))
		return parse_token(parser, ret_value);
	if (first == ':')
		return parse_bytes(parser, ret_value);
	if (first == '?')
		return parse_boolean(parser, ret_value);
	return ZP_ESYNTAX;
}

static int add_parameter(struct parser *parser, struct sf_parameters *parameters)
{
	struct memory *memory = parser->memory;
	struct sf_parameter parameter = {.value = true_value};
	int r;

	if (parameters->count == SF_PARAMETERS_MAX ||
	    memory->n_parameters == SF_PARAMETERS_TOTAL_MAX)
		return ZP_ETOOBIG;
	r = parse_key(parser, &parameter.key);
	if (r == 0 && *parser->at == '=') {
		parser->at++;
		r = parse_bare(parser, &parameter.value);
	}
	if (r < 0)
		return r;
	if (structured_field_parameter(parameters, parameter.key))
		return ZP_ESYNTAX;
	memory->parameters[memory->n_parameters++] = parameter;
	parameters->count++;
	return 0;
}

/* §4.2.3.2 */
static int parse_parameters(struct parser *parser, struct sf_parameters *ret_parameters)
{
	struct sf_parameters parameters = {
		.list = &parser->memory->parameters[parser->memory->n_parameters]};
	int r = 0;

	while (r == 0 && *parser->at == ';') {
		parser->at++;
		parser->at += strspn(parser->at, " ");
		r = add_parameter(parser, &parameters);
	}
	if (r == 0)
		*ret_parameters = parameters;
	return r;
}

/* Takes the value's parameters too. The pool keeps the items of one list side by side. */
static int add_item(struct parser *parser, struct sf_value value)
{
	struct memory *memory = parser->memory;
	struct sf_item item = {.value = value};
	int r;

	if (memory->n_items == SF_ITEMS_TOTAL_MAX)
		return ZP_ETOOBIG;
	r = parse_parameters(parser, &item.parameters);
	if (r == 0)
		memory->items[memory->n_items++] = item;
	return r;
}

/* §4.2.3 */
static int parse_item(struct parser *parser)
{
	struct sf_value value;
	int r;

	r = parse_bare(parser, &value);
	return r == 0 ? add_item(parser, value) : r;
}

/* §4.2.1.2 */
static int parse_inner_list(struct parser *parser, struct sf_member *member)
{
	int r;

	member->is_inner_list = true;
	parser->at++;
	for (;;) {
		parser->at += strspn(parser->at, " ");
		if (*parser->at == ')')
			break;
		if (member->count == SF_ITEMS_MAX)
			return ZP_ETOOBIG;
		r = parse_item(parser);
		if (r < 0)
			return r;
		member->count++;
		if (*parser->at != ' ' && *parser->at != ')')
			return ZP_ESYNTAX;
	}
	parser->at++;
	return parse_parameters(parser, &member->parameters);
}

/* What stands behind a member's key: a key alone is true, and may have parameters. */
static int parse_member_value(struct parser *parser, struct sf_member *member)
{
	bool has_value = *parser->at == '=';

	parser->at += has_value;
	if (has_value && *parser->at == '(')
		return parse_inner_list(parser, member);
	member->count = 1;
	return has_value ? parse_item(parser) : add_item(parser, true_value);
}

static int parse_member(struct parser *parser)
{
	struct memory *memory = parser->memory;
	struct sf_member member = {.items = &memory->items[memory->n_items]};
	int r;

	if (memory->n_members == SF_MEMBERS_MAX)
		return ZP_ETOOBIG;
	r = parse_key(parser, &member.key);
	if (r < 0)
		return r;
	for (size_t i = 0; i < memory->n_members; i++)
		if (strcmp(memory->members[i].key, member.key) == 0)
			return ZP_ESYNTAX;

	r = parse_member_value(parser, &member);
	if (r == 0)
		memory->members[memory->n_members++] = member;
	return r;
}

/* §4.2.2 */
static int parse_dictionary(struct parser *parser)
{
	int r;

	parser->at += strspn(parser->at, " ");
	while (*parser->at) {
		r = parse_member(parser);
		if (r < 0)
			return r;
		parser->at += strspn(parser->at, " \t");
		if (!*parser->at)
			break;
		if (*parser->at != ',')
			return ZP_ESYNTAX;
		parser->at++;
		parser->at += strspn(parser->at, " \t");
		if (!*parser->at)
			return ZP_ESYNTAX;
	}
	return 0;
}

int structured_field_parse(const char *text, struct sf_dictionary *ret_dictionary)
{
	size_t length = strlen(text);
	struct parser parser = {.at = text};
	int r;

	if (length > SF_FIELD_MAX)
		return ZP_ETOOBIG;
	/* §4.2, step 1 */
	if (!text_is_ascii(text, length))
		return ZP_ESYNTAX;
	parser.memory = calloc(1, sizeof(*parser.memory) + length + 1);
	if (!parser.memory)
		return -ENOMEM;

	r = parse_dictionary(&parser);
	if (r < 0) {
		free(parser.memory);
		return r;
	}
	*ret_dictionary = (struct sf_dictionary){.members = parser.memory->members,
						 .count = parser.memory->n_members,
						 .memory = parser.memory};
	return 0;
}

void structured_field_done(struct sf_dictionary *dictionary)
{
	free(dictionary->memory);
	*dictionary = (struct sf_dictionary){0};
}

const struct sf_member *structured_field_find(const struct sf_dictionary *dictionary,
					      const char *key)
{
	for (size_t i = 0; i < dictionary->count; i++)
		if (strcmp(dictionary->members[i].key, key) == 0)
			return &dictionary->members[i];
	return NULL;
}

const struct sf_value *structured_field_parameter(const struct sf_parameters *parameters,
						  const char *key)
{
	for (size_t i = 0; i < parameters->count; i++)
		if (strcmp(parameters->list[i].key, key) == 0)
			return &parameters->list[i].value;
	return NULL;
}

static int render_string(const struct sf_value *value, struct text_buffer *out)
{
	int r;

	r = text_buffer_append(out, "\"", 1);
	for (size_t i = 0; r == 0 && i < value->length; i++) {
		char c = value->data[i];

		if (c < 0x20 || c > 0x7e)
			return ZP_ESYNTAX;
		r = c == '"' || c == '\\' ? text_buffer_printf(out, "\\%c", c)
					  : text_buffer_append(out, &c, 1);
	}
	return r == 0 ? text_buffer_append(out, "\"", 1) : r;
}

static int render_bytes(const struct sf_value *value, struct text_buffer *out)
{
	size_t size = sodium_base64_encoded_len(value->length, sodium_base64_VARIANT_ORIGINAL);
	char *base64 = malloc(size);
	int r;

	if (!base64)
		return -ENOMEM;
	sodium_bin2base64(base64, size, (const unsigned char *)value->data, value->length,
			  sodium_base64_VARIANT_ORIGINAL);
	r = text_buffer_printf(out, ":%s:", base64);
	free(base64);
	return r;
}

/* §4.1.3.1 */
static int render_bare(const struct sf_value *value, struct text_buffer *out)
{
	switch (value->type) {
	case SF_INTEGER:
		if (value->integer > SF_INTEGER_MAX || value->integer < -SF_INTEGER_MAX)
			return ZP_ESYNTAX;
		return text_buffer_printf(out, "%" PRId64, value->integer);
	case SF_STRING:
		return render_string(value, out);
	case SF_TOKEN:
		return text_buffer_append(out, value->data, value->length);
	case SF_BYTES:
		return render_bytes(value, out);
	case SF_BOOLEAN:
		return text_buffer_printf(out, "?%d", value->integer != 0);
	}
	return ZP_ESYNTAX;
}

/* §4.1.1.2: a parameter that is true stands by its key alone. */
static int render_parameters(const struct sf_parameters *parameters, struct text_buffer *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < parameters->count; i++) {
		const struct sf_parameter *parameter = &parameters->list[i];

		r = text_buffer_printf(out, ";%s", parameter->key);
		if (r < 0 || (parameter->value.type == SF_BOOLEAN && parameter->value.integer))
			continue;
		r = text_buffer_append(out, "=", 1);
		if (r == 0)
			r = render_bare(&parameter->value, out);
	}
	return r;
}

static int render_item(const struct sf_item *item, struct text_buffer *out)
{
	int r;

	r = render_bare(&item->value, out);
	return r == 0 ? render_parameters(&item->parameters, out) : r;
}

int structured_field_render(const struct sf_member *member, struct text_buffer *out)
{
	int r;

	if (!member->is_inner_list)
		return render_item(&member->items[0], out);

	r = text_buffer_append(out, "(", 1);
	for (size_t i = 0; r == 0 && i < member->count; i++) {
		if (i > 0)
			r = text_buffer_append(out, " ", 1);
		if (r == 0)
			r = render_item(&member->items[i], out);
	}
	if (r == 0)
		r = text_buffer_append(out, ")", 1);
	return r == 0 ? render_parameters(&member->parameters, out) : r;
}
