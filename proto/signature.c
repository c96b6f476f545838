#include "proto/signature.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proto/error.h"

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			return false;
	return true;
}

/* RFC 9421 §2.2: the text of a derived component, NULL where the message has none. */
static const char *derived_value(const struct signature_message *message, const char *name,
				 char status[static 4])
{
	if (strcmp(name, "@method") == 0)
		return message->method;
	if (strcmp(name, "@authority") == 0)
		return message->authority;
	if (strcmp(name, "@path") == 0)
		return message->path;
	if (strcmp(name, "@query") == 0)
		return message->query;
	if (strcmp(name, "@status") == 0 && message->status >= 100 && message->status <= 999) {
		snprintf(status, 4, "%d", message->status);
		return status;
	}
	return NULL;
}

int signature_append_field(const struct signature_message *message, const char *name,
			   struct text_buffer *out)
{
	int n_lines = 0, r;

	for (size_t i = 0; i < message->n_fields; i++) {
		const struct signature_field *field = &message->fields[i];

		if (strcasecmp(field->name, name) != 0)
			continue;
		if (!is_printable(field->value))
			return ZP_ECOMPONENT;
		r = text_buffer_printf(out, "%s%s", n_lines > 0 ? ", " : "", field->value);
		if (r < 0)
			return r;
		n_lines++;
	}
	return n_lines;
}

static int append_covered_field(const struct signature_message *message, const char *name,
				struct text_buffer *base)
{
	int n_lines;

	n_lines = signature_append_field(message, name, base);
	if (n_lines < 0)
		return n_lines;
	return n_lines > 0 ? 0 : ZP_ECOMPONENT;
}

static int append_derived(const struct signature_message *message, const char *name,
			  struct text_buffer *base)
{
	char status[4];
	const char *value;

	value = derived_value(message, name, status);
	if (!value || !is_printable(value))
		return ZP_ECOMPONENT;
	return text_buffer_append(base, value, strlen(value));
}

/* A name with `@` is never looked up among the fields: anybody can send a field `@method`. */
static int append_value(const struct signature_message *message, const char *name,
			struct text_buffer *base)
{
	return *name == '@' ? append_derived(message, name, base)
			    : append_covered_field(message, name, base);
}

static bool is_component_name(const char *name)
{
	name += *name == '@';
	if (!*name)
		return false;
	for (; *name; name++)
		if (!((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9') ||
		      strchr("-_.", *name)))
			return false;
	return true;
}

/* `req` alone is understood, and only where there is a request that it can mean. */
static int check_component(const struct signature_message *message, const struct sf_item *item,
			   const struct signature_message **ret_source)
{
	const struct sf_parameters *parameters = &item->parameters;
	const struct sf_value *req;

	if (item->value.type != SF_STRING)
		return ZP_ESYNTAX;
	if (!is_component_name(item->value.data))
		return ZP_ECOMPONENT;
	if (parameters->count == 0) {
		*ret_source = message;
		return 0;
	}
	req = structured_field_parameter(parameters, "req");
	if (parameters->count != 1 || !req || req->type != SF_BOOLEAN || !req->integer ||
	    !message->request)
		return ZP_ECOMPONENT;
	*ret_source = message->request;
	return 0;
}

static bool is_repeated(const struct sf_member *covered, size_t index)
{
	const struct sf_item *item = &covered->items[index];

	for (size_t i = 0; i < index; i++)
		if (strcmp(covered->items[i].value.data, item->value.data) == 0 &&
		    covered->items[i].parameters.count == item->parameters.count)
			return true;
	return false;
}

/* RFC 9421 §2.5: one line, `"name"[;req]: value`. */
static int append_component(const struct signature_message *message,
			    const struct sf_member *covered, size_t index, struct text_buffer *base)
{
	const struct sf_item *item = &covered->items[index];
	const struct signature_message *source;
	int r;

	r = check_component(message, item, &source);
	if (r == 0 && is_repeated(covered, index))
		r = ZP_ECOMPONENT;
	if (r == 0)
		r = text_buffer_printf(base, "\"%s\"%s: ", item->value.data,
				       item->parameters.count ? ";req" : "");
	if (r == 0)
		r = append_value(source, item->value.data, base);
	if (r == 0)
		r = text_buffer_append(base, "\n", 1);
	if (r == 0 && base->length > SIGNATURE_BASE_MAX)
		r = ZP_ETOOBIG;
	return r;
}

int signature_base(const struct signature_message *message, const struct sf_member *covered,
		   struct text_buffer *base)
{
	static const char last[] = "\"@signature-params\": ";
	int r = 0;

	if (!covered->is_inner_list)
		return ZP_ESYNTAX;
	if (covered->count > SIGNATURE_COMPONENTS_MAX)
		return ZP_ETOOBIG;
	for (size_t i = 0; r == 0 && i < covered->count; i++)
		r = append_component(message, covered, i, base);
	if (r == 0)
		r = text_buffer_append(base, last, strlen(last));
	if (r == 0)
		r = structured_field_render(covered, base);
	return r;
}

static int append_signature(const char *label, const uint8_t bytes[static KEY_SIGNATURE_BYTES],
			    struct text_buffer *signature)
{
	struct sf_item item = {.value = {.type = SF_BYTES,
					 .data = (const char *)bytes,
					 .length = KEY_SIGNATURE_BYTES}};
	const struct sf_member member = {.key = label, .items = &item, .count = 1};
	int r;

	r = text_buffer_printf(signature, "%s=", label);
	return r == 0 ? structured_field_render(&member, signature) : r;
}

int signature_sign(const struct signature_message *message, const struct sf_member *covered,
		   const struct key *key, struct text_buffer *input, struct text_buffer *signature)
{
	uint8_t bytes[KEY_SIGNATURE_BYTES];
	struct text_buffer base = {0};
	int r;

	r = signature_base(message, covered, &base);
	if (r == 0)
		key_sign(key, base.data, base.length, bytes);
	text_buffer_done(&base);
	if (r == 0)
		r = text_buffer_printf(input, "%s=", covered->key);
	if (r == 0)
		r = structured_field_render(covered, input);
	if (r == 0)
		r = append_signature(covered->key, bytes, signature);
	return r;
}

int signature_verify(const struct signature_message *message, const struct sf_member *covered,
		     const struct sf_member *signature, const struct key_public *key)
{
	struct text_buffer base = {0};
	const struct sf_value *value;
	int r;

	if (signature->is_inner_list)
		return ZP_ESYNTAX;
	value = &signature->items[0].value;
	if (value->type != SF_BYTES || value->length != KEY_SIGNATURE_BYTES)
		return ZP_ESIGNATURE;

	r = signature_base(message, covered, &base);
	if (r == 0)
		r = key_verify(key, base.data, base.length, (const uint8_t *)value->data);
	text_buffer_done(&base);
	return r;
}
