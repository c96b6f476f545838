#include "proto/change.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const char *const outcome_texts[] = {
	[CHANGE_APPLIED] = "applied",	[CHANGE_UNCHANGED] = "unchanged",
	[CHANGE_ACCEPTED] = "accepted", [CHANGE_STALE] = "stale",
	[CHANGE_REFUSED] = "refused",
};
#define N_OUTCOMES (sizeof(outcome_texts) / sizeof(outcome_texts[0]))

const char *change_outcome_text(enum change_outcome outcome)
{
	return outcome_texts[outcome];
}

/* An integer within the limits; false for anything else. */
static bool read_integer(const json_t *json, uint64_t least, uint64_t most, uint64_t *ret_value)
{
	json_int_t value = json_integer_value(json);

	if (!json_is_integer(json) || value < 0 || (uint64_t)value < least ||
	    (uint64_t)value > most)
		return false;
	*ret_value = (uint64_t)value;
	return true;
}

/* The two members that a change may have beside zone, present and generation. */
static int read_optional(const char *name, const json_t *value, struct change *change,
			 struct reason *why)
{
	uint64_t serial;

	if (strcmp(name, "anew") == 0) {
		if (!json_is_boolean(value))
			return reason_fail(why, ZP_ESYNTAX, "anew must be true or false");
		change->anew = json_is_true(value);
		return 0;
	}
	if (strcmp(name, "serial") == 0) {
		if (!read_integer(value, 0, UINT32_MAX, &serial))
			return reason_fail(why, ZP_ESYNTAX,
					   "serial must be an integer from 0 to 2^32-1");
		change->has_serial = true;
		change->serial = (uint32_t)serial;
		return 0;
	}
	return reason_fail(why, ZP_ESYNTAX, "unknown member '%s'", name);
}

static int read_member(const char *name, const json_t *value, struct change *change,
		       struct reason *why)
{
	if (strcmp(name, "zone") == 0) {
		if (!json_is_string(value))
			return reason_fail(why, ZP_ESYNTAX, "zone must be a string");
		if (strlen(json_string_value(value)) != json_string_length(value))
			return reason_fail(why, ZP_ENAME, "the zone name holds a zero byte");
		return zone_name_parse(json_string_value(value), &change->zone, why);
	}
	if (strcmp(name, "present") == 0) {
		if (!json_is_boolean(value))
			return reason_fail(why, ZP_ESYNTAX, "present must be true or false");
		change->present = json_is_true(value);
		return 0;
	}
	if (strcmp(name, "generation") == 0) {
		if (!read_integer(value, 1, TEXT_INTEGER_MAX, &change->generation))
			return reason_fail(why, ZP_ESYNTAX,
					   "generation must be an integer from 1 to 2^53-1");
		return 0;
	}
	return read_optional(name, value, change, why);
}

static int read_change(json_t *json, struct change *ret_change, struct reason *why)
{
	struct change change = {0};
	const char *name;
	json_t *value;
	int r;

	json_object_foreach(json, name, value)
	{
		r = read_member(name, value, &change, why);
		if (r < 0)
			return r;
	}
	if (!json_object_get(json, "zone") || !json_object_get(json, "present") ||
	    !json_object_get(json, "generation"))
		return reason_fail(why, ZP_ESYNTAX, "zone, present and generation must be there");
	if (change.anew && !change.present)
		return reason_fail(why, ZP_ESYNTAX, "anew is for zones that are present");
	*ret_change = change;
	return 0;
}

/* One element of `changes`. Only memory can fail; a bad change says so in its item. */
static int read_item(json_t *json, struct change_item *item)
{
	const char *zone = json_string_value(json_object_get(json, "zone"));
	char text[ZONE_NAME_MAX + 1];
	struct reason why;

	item->error = json_is_object(json)
			      ? read_change(json, &item->change, &why)
			      : reason_fail(&why, ZP_ESYNTAX, "a change must be an object");
	text_escape(zone ? zone : "", text, sizeof(text));
	item->zone_text = strdup(text);
	item->detail = item->error < 0 ? strdup(why.text) : NULL;
	return item->zone_text && (item->error == 0 || item->detail) ? 0 : -ENOMEM;
}

static int read_list(const json_t *array, struct change_list *ret_list, struct reason *why)
{
	struct change_list list = {0};
	size_t count = json_array_size(array);
	int r;

	if (count < 1 || count > CHANGE_BATCH_MAX)
		return reason_fail(why, count ? ZP_ETOOBIG : ZP_ESYNTAX,
				   "there must be 1 to %d changes, not %zu", CHANGE_BATCH_MAX,
				   count);
	list.items = calloc(count, sizeof(*list.items));
	if (!list.items)
		return reason_fail(why, -ENOMEM, "out of memory");
	for (; list.count < count; list.count++) {
		r = read_item(json_array_get(array, list.count), &list.items[list.count]);
		if (r < 0) {
			list.count++;
			change_list_done(&list);
			return reason_fail(why, r, "out of memory");
		}
	}
	*ret_list = list;
	return 0;
}

/* A whole document; NULL with the reason. */
static json_t *load(const char *text, size_t length, size_t most, struct reason *why)
{
	json_error_t error;
	json_t *json;

	if (length > most) {
		reason_set(why, "the content is larger than %zu bytes", most);
		return NULL;
	}
	json = json_loadb(text ? text : "", length, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		reason_set(why, "the content isn't JSON as it should be: %s, line %d column %d",
			   error.text, error.line, error.column);
	return json;
}

int change_list_parse(const char *text, size_t length, struct change_list *ret_list,
		      struct reason *why)
{
	json_t *json, *array;
	int r;

	json = load(text, length, CHANGE_CONTENT_MAX, why);
	if (!json)
		return length > CHANGE_CONTENT_MAX ? ZP_ETOOBIG : ZP_ESYNTAX;
	array = json_object_get(json, "changes");
	if (!json_is_array(array) || json_object_size(json) != 1)
		r = reason_fail(why, ZP_ESYNTAX,
				"there must be an object with an array `changes`, and no more");
	else
		r = read_list(array, ret_list, why);
	json_decref(json);
	return r;
}

void change_list_done(struct change_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].zone_text);
		free(list->items[i].detail);
	}
	free(list->items);
	*list = (struct change_list){0};
}

int change_parse_body(const char *text, size_t length, struct change *change, struct reason *why)
{
	struct change parsed = *change;
	const char *name;
	json_t *json, *value;
	int r = 0;

	if (length == 0)
		return 0;
	json = load(text, length, CHANGE_CONTENT_MAX, why);
	if (!json)
		return ZP_ESYNTAX;
	if (!json_is_object(json))
		r = reason_fail(why, ZP_ESYNTAX, "the body must be an object");
	json_object_foreach(json, name, value)
	{
		r = read_optional(name, value, &parsed, why);
		if (r < 0)
			break;
	}
	json_decref(json);
	if (r == 0)
		*change = parsed;
	return r;
}

/* Zone names need no escapes: see zone_name.h. */
static int render_change(const struct change *change, struct text_buffer *out)
{
	int r;

	r = text_buffer_printf(out, "{\"zone\":\"%s\",\"present\":%s,\"generation\":%llu",
			       change->zone.text, change->present ? "true" : "false",
			       (unsigned long long)change->generation);
	if (r == 0 && change->anew)
		r = text_buffer_printf(out, ",\"anew\":true");
	if (r == 0 && change->has_serial)
		r = text_buffer_printf(out, ",\"serial\":%u", (unsigned int)change->serial);
	return r == 0 ? text_buffer_append(out, "}", 1) : r;
}

int change_list_render(const struct change *changes, size_t count, struct text_buffer *out)
{
	int r;

	r = text_buffer_printf(out, "{\"changes\":[");
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (i > 0)
			r = text_buffer_append(out, ",", 1);
		if (r == 0)
			r = render_change(&changes[i], out);
	}
	return r == 0 ? text_buffer_printf(out, "]}") : r;
}

void change_result_done(struct change_result *result)
{
	free(result->problem);
	free(result->detail);
	result->problem = NULL;
	result->detail = NULL;
}

void change_answers_free(struct change_answer *answers, size_t count)
{
	for (size_t i = 0; answers && i < count; i++) {
		free(answers[i].zone);
		change_result_done(&answers[i].result);
	}
	free(answers);
}

static json_t *answer_to_json(const struct change_answer *answer)
{
	const struct change_result *result = &answer->result;
	json_t *json;

	json = json_pack("{s:s, s:s}", "zone", answer->zone, "result",
			 change_outcome_text(result->outcome));
	if (result->generation)
		json_object_set_new(json, "generation",
				    json_integer((json_int_t)result->generation));
	if (result->problem)
		json_object_set_new(json, "problem", json_string(result->problem));
	if (result->detail)
		json_object_set_new(json, "detail", json_string(result->detail));
	return json;
}

int change_answers_render(const struct change_answer *answers, size_t count,
			  struct text_buffer *out)
{
	json_t *array = json_array(), *json;
	int r = -ENOMEM;
	char *text;

	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(array, answer_to_json(&answers[i])) < 0) {
			json_decref(array);
			return -ENOMEM;
		}
	json = json_pack("{s:o}", "results", array);
	text = json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	if (text)
		r = text_buffer_append(out, text, strlen(text));
	free(text);
	json_decref(json);
	return r;
}

static bool read_outcome(const json_t *json, enum change_outcome *ret_outcome)
{
	const char *text = json_string_value(json);

	for (size_t i = 0; text && i < N_OUTCOMES; i++) {
		if (strcmp(text, outcome_texts[i]) != 0)
			continue;
		*ret_outcome = (enum change_outcome)i;
		return true;
	}
	return false;
}

/*

 * A copy, escaped: what an agent says ends up on a terminal. NULL where the member isn't a string.

 */
static char *copy_text(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));
	char escaped[REASON_SIZE];

	if (!text)
		return NULL;
	text_escape(text, escaped, sizeof(escaped));
	return strdup(escaped);
}

static int read_answer(const json_t *json, const struct change *change,
		       struct change_answer *ret_answer)
{
	const char *zone = json_string_value(json_object_get(json, "zone"));
	const json_t *generation = json_object_get(json, "generation");
	struct change_result result = {0};

	if (!zone || strcmp(zone, change->zone.text) != 0 ||
	    !read_outcome(json_object_get(json, "result"), &result.outcome) ||
	    (generation && !read_integer(generation, 0, TEXT_INTEGER_MAX, &result.generation)))
		return ZP_ESYNTAX;
	result.problem = copy_text(json, "problem");
	result.detail = copy_text(json, "detail");
	*ret_answer = (struct change_answer){.zone = strdup(zone), .result = result};
	return 0;
}

static int read_answers(const json_t *array, const struct change *changes, size_t count,
			struct change_answer **ret_answers, struct reason *why)
{
	struct change_answer *answers;
	int r;

	if (json_array_size(array) != count)
		return reason_fail(why, ZP_ESYNTAX, "%zu results for %zu changes",
				   json_array_size(array), count);
	answers = calloc(count, sizeof(*answers));
	if (!answers)
		return reason_fail(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		r = read_answer(json_array_get(array, i), &changes[i], &answers[i]);
		if (r < 0) {
			change_answers_free(answers, i);
			return reason_fail(why, r, "the result for '%s' is malformed",
					   changes[i].zone.text);
		}
	}
	*ret_answers = answers;
	return 0;
}

int change_answers_parse(const char *text, size_t length, const struct change *changes,
			 size_t count, struct change_answer **ret_answers, struct reason *why)
{
	json_t *json;
	int r;

	json = load(text, length, CHANGE_REPLY_MAX, why);
	if (!json)
		return length > CHANGE_REPLY_MAX ? ZP_ETOOBIG : ZP_ESYNTAX;
	r = read_answers(json_object_get(json, "results"), changes, count, ret_answers, why);
	json_decref(json);
	return r;
}
