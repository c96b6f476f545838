#include "proto/covering.h"

#include <assert.h>
#include <string.h>

void covering_init(struct covering *covering, const char *label)
{
	*covering = (struct covering){.member = {.key = label, .is_inner_list = true}};
	covering->member.items = covering->items;
	covering->member.parameters.list = covering->parameters;
	covering->req = (struct sf_parameter){"req", {.type = SF_BOOLEAN, .integer = 1}};
}

static struct sf_value string_value(const char *text)
{
	return (struct sf_value){.type = SF_STRING, .data = text, .length = strlen(text)};
}

void covering_add(struct covering *covering, const char *component, bool of_request)
{
	struct sf_item *item;

	assert(covering->member.count < SIGNATURE_COMPONENTS_MAX);
	item = &covering->items[covering->member.count++];
	item->value = string_value(component);
	if (of_request)
		item->parameters = (struct sf_parameters){.list = &covering->req, .count = 1};
}

static void add_parameter(struct covering *covering, const char *parameter, struct sf_value value)
{
	struct sf_parameters *parameters = &covering->member.parameters;

	assert(parameters->count < COVERING_PARAMETERS_MAX);
	parameters->list[parameters->count++] = (struct sf_parameter){parameter, value};
}

void covering_add_string(struct covering *covering, const char *parameter, const char *text)
{
	add_parameter(covering, parameter, string_value(text));
}

void covering_add_integer(struct covering *covering, const char *parameter, int64_t integer)
{
	add_parameter(covering, parameter,
		      (struct sf_value){.type = SF_INTEGER, .integer = integer});
}

int covering_sign(const struct covering *covering, const struct signature_message *message,
		  const struct key *key, char **ret_input, char **ret_signature)
{
	struct text_buffer input = {0}, signature = {0};
	int r;

	r = signature_sign(message, &covering->member, key, &input, &signature);
	if (r < 0) {
		text_buffer_done(&input);
		text_buffer_done(&signature);
		return r;
	}
	*ret_input = input.data;	 /* transferred */
	*ret_signature = signature.data; /* transferred */
	return 0;
}
