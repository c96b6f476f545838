#include "proto/problem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const struct {
	const char *word;
	const char *title;
	int status;
} problems[] = {
	[PROBLEM_MALFORMED] = {"malformed", "The request can't be understood", 400},
	[PROBLEM_UNSIGNED] = {"unsigned", "The request isn't rightly signed", 401},
	[PROBLEM_NOT_LOCAL] = {"not-local", "Only for the local administrator", 403},
	[PROBLEM_NOT_ALLOWED] = {"not-allowed", "Not allowed to this master", 403},
	[PROBLEM_ZONE_LIMIT] = {"zone-limit", "This master has as many zones as it may", 403},
	[PROBLEM_INVITATION] = {"invitation-invalid", "The invitation isn't valid", 403},
	[PROBLEM_NOT_FOUND] = {"not-found", "There is nothing here", 404},
	[PROBLEM_UNKNOWN_ZONE] = {"unknown-zone", "There is no such zone", 404},
	[PROBLEM_WRONG_METHOD] = {"wrong-method", "Not with this method", 405},
	[PROBLEM_REPLAYED] = {"replayed", "The request was seen before", 409},
	[PROBLEM_STALE] = {"stale", "A newer change is known", 409},
	[PROBLEM_GENERATION_REUSED] = {"generation-reused", "The generation was used before", 409},
	[PROBLEM_OWNED] = {"owned", "The zone belongs to another master", 409},
	[PROBLEM_OVERLAP] = {"overlap", "Above or below a zone of another master", 409},
	[PROBLEM_BY_HAND] = {"by-hand", "The slave's administrator configured the zone", 409},
	[PROBLEM_EXISTS] = {"exists", "It exists already", 409},
	[PROBLEM_TOO_LARGE] = {"too-large", "The request is too large", 413},
	[PROBLEM_NOT_JSON] = {"not-json", "The content isn't JSON", 415},
	[PROBLEM_WRONG_AGENT] = {"wrong-agent", "Meant for another agent", 421},
	[PROBLEM_NAME_INVALID] = {"name-invalid", "Not the name of a zone", 422},
	[PROBLEM_NAME_RESERVED] = {"name-reserved", "A reserved name", 422},
	[PROBLEM_CHANGE_INVALID] = {"change-invalid", "Not a change", 422},
	[PROBLEM_KEY_UNKNOWN] = {"key-unknown", "The slave's named doesn't know the key", 422},
	[PROBLEM_NOT_FRESH] = {"not-fresh", "Signed at the wrong time", 425},
	[PROBLEM_FAILED] = {"failed", "The agent failed", 500},
	[PROBLEM_BUSY] = {"busy", "The agent is busy", 503},
	[PROBLEM_NAMED_REFUSED] = {"named-refused", "named can't hold the zone", 503},
	[PROBLEM_NAMED_CONFIG_BROKEN] = {"named-config-broken", "named's configuration is broken",
					 503},
};
#define N_PROBLEMS (sizeof(problems) / sizeof(problems[0]))

const char *problem_word(enum problem_type type)
{
	return problems[type].word;
}

const char *problem_title(enum problem_type type)
{
	return problems[type].title;
}

int problem_status(enum problem_type type)
{
	return problems[type].status;
}

int problem_find(const char *word, enum problem_type *ret_type)
{
	for (size_t i = 0; i < N_PROBLEMS; i++) {
		if (strcmp(problems[i].word, word) != 0)
			continue;
		*ret_type = (enum problem_type)i;
		return 0;
	}
	return ZP_EUNKNOWN;
}

static json_t *to_json(const struct problem *problem)
{
	json_t *json;
	char type[64];

	snprintf(type, sizeof(type), PROBLEM_URN "%s", problem_word(problem->type));
	json = json_pack("{s:s, s:s, s:i, s:s}", "type", type, "title",
			 problem_title(problem->type), "status", problem_status(problem->type),
			 "detail", problem->detail);
	if (problem->generation)
		json_object_set_new(json, "generation",
				    json_integer((json_int_t)problem->generation));
	if (problem->clock) {
		json_object_set_new(json, "clock", json_integer(problem->clock));
		json_object_set_new(json, "not_before", json_integer(problem->not_before));
	}
	return json;
}

int problem_render(const struct problem *problem, struct text_buffer *out)
{
	json_t *json = to_json(problem);
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	int r = -ENOMEM;

	if (text)
		r = text_buffer_append(out, text, strlen(text));
	free(text);
	json_decref(json);
	return r;
}

static bool read_integer(const json_t *json, const char *name, int64_t *ret_value)
{
	const json_t *value = json_object_get(json, name);

	if (!value)
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > (json_int_t)TEXT_INTEGER_MAX)
		return false;
	*ret_value = json_integer_value(value);
	return true;
}

static int from_json(const json_t *json, struct problem *ret_problem)
{
	const char *type = json_string_value(json_object_get(json, "type"));
	const char *detail = json_string_value(json_object_get(json, "detail"));
	struct problem problem = {.type = PROBLEM_FAILED};
	int64_t generation = 0;
	int r;

	if (!type || !read_integer(json, "generation", &generation) ||
	    !read_integer(json, "clock", &problem.clock) ||
	    !read_integer(json, "not_before", &problem.not_before))
		return ZP_ESYNTAX;
	problem.generation = (uint64_t)generation;
	text_escape(detail ? detail : "", problem.detail, sizeof(problem.detail));

	if (strncmp(type, PROBLEM_URN, strlen(PROBLEM_URN)) == 0)
		r = problem_find(type + strlen(PROBLEM_URN), &problem.type);
	else
		r = ZP_EUNKNOWN;
	*ret_problem = problem;
	return r;
}

int problem_parse(const char *text, size_t length, struct problem *ret_problem)
{
	json_t *json = json_loadb(text ? text : "", length, JSON_REJECT_DUPLICATES, NULL);
	int r = ZP_ESYNTAX;

	if (json)
		r = from_json(json, ret_problem);
	json_decref(json);
	return r;
}
