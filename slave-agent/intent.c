#include "slave-agent/intent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/problem.h"

int intent_refuse(struct change_result *ret_result, const char *problem, const char *format, ...)
{
	struct change_result result = {.outcome = CHANGE_REFUSED};
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vasprintf(&result.detail, format, arguments);
	va_end(arguments);
	if (n < 0)
		return -ENOMEM;
	result.problem = strdup(problem);
	if (!result.problem) {
		free(result.detail);
		return -ENOMEM;
	}
	*ret_result = result;
	return 0;
}

static int refuse(struct intent *ret_intent, enum problem_type type, const char *detail)
{
	struct intent intent = {0};
	int r;

	r = intent_refuse(&intent.result, problem_word(type), "%s", detail);
	if (r == 0)
		*ret_intent = intent;
	return r;
}

/* The local socket may leave the generation out: the change is then the newest. */
static uint64_t choose_generation(const struct change *change, const struct registry_zone *known)
{
	uint64_t now = clock_microseconds();

	if (change->generation)
		return change->generation;
	return known && known->generation >= now ? known->generation + 1 : now;
}

/* The same generation again: a repetition, unless it says something else. */
static int take_repetition(struct registry *registry, const struct change *change,
			   struct registry_zone *known, struct intent *ret_intent)
{
	struct intent intent = {.result = {.generation = known->generation}};
	int r;

	/* A repetition may leave `anew` out, but can't bring it in. */
	if (known->present != change->present || (change->anew && !known->anew)) {
		r = refuse(ret_intent, PROBLEM_GENERATION_REUSED,
			   "this generation was used for another state of the zone");
		if (r == 0)
			ret_intent->result.generation = known->generation;
		return r;
	}

	intent.result.outcome =
		known->state == REGISTRY_APPLIED ? CHANGE_UNCHANGED : CHANGE_ACCEPTED;
	intent.waits = known->state != REGISTRY_APPLIED;
	intent.refresh = change->present && change->has_serial &&
			 !(known->has_serial && known->serial == change->serial);
	if (intent.waits || intent.refresh) {
		if (known->state == REGISTRY_FAILING)
			known->state = REGISTRY_WAITING;
		known->error[0] = '\0';
		known->has_serial = change->has_serial;
		known->serial = change->serial;
		r = registry_zone_put(registry, known);
		if (r < 0)
			return r;
	}
	*ret_intent = intent;
	return 0;
}

/* A zone that is wanted: begun, begun anew, or kept. */
static int plan_presence(struct registry *registry, const struct registry_zone *known,
			 struct registry_zone *next, bool *ret_refresh)
{
	bool kept = known && known->present && !next->anew;

	if (known && known->present && next->anew) {
		int r = registry_litter_add(registry, &known->name, known->made);

		if (r < 0)
			return r;
	}
	next->made = kept ? known->made : next->generation;
	next->state =
		kept && known->state == REGISTRY_APPLIED ? REGISTRY_APPLIED : REGISTRY_WAITING;
	*ret_refresh = kept;
	return 0;
}

/* A zone that isn't wanted: its tombstone. */
static int plan_absence(struct registry *registry, const struct registry_zone *known,
			struct registry_zone *next)
{
	next->made = known ? known->made : 0;
	next->state = known ? known->state : REGISTRY_APPLIED;
	if (!known || !known->present)
		return 0;
	next->state = REGISTRY_WAITING;
	return registry_litter_add(registry, &known->name, known->made);
}

static int take_state(struct registry *registry, int64_t master, const struct change *change,
		      const struct registry_zone *known, struct intent *ret_intent)
{
	struct registry_zone next = {
		.name = change->zone,
		.master = master,
		.present = change->present,
		.anew = change->anew,
		.generation = choose_generation(change, known),
		.has_serial = change->has_serial,
		.serial = change->serial,
	};
	struct intent intent = {0};
	int r;

	if (next.present)
		r = plan_presence(registry, known, &next, &intent.refresh);
	else
		r = plan_absence(registry, known, &next);
	if (r == 0)
		r = registry_zone_put(registry, &next);
	if (r < 0)
		return r;

	intent.waits = next.state == REGISTRY_WAITING;
	intent.result.outcome = intent.waits ? CHANGE_ACCEPTED : CHANGE_APPLIED;
	intent.result.generation = next.generation;
	*ret_intent = intent;
	return 0;
}

static int check_owner(struct registry *registry, int64_t master, const struct change *change)
{
	struct registry_zone owned;
	int r;

	r = registry_zone_get_owned(registry, &change->zone, &owned);
	if (r == ZP_EUNKNOWN)
		return 0;
	if (r < 0)
		return r;
	return owned.master == master ? 0 : ZP_EOWNED;
}

int intent_take(const struct agent_config *config, struct registry *registry, int64_t master,
		const struct change *change, struct intent *ret_intent)
{
	struct registry_zone known;
	struct reason why;
	bool is_known;
	int r;

	r = registry_zone_get(registry, &change->zone, master, &known);
	if (r < 0 && r != ZP_EUNKNOWN)
		return r;
	is_known = r == 0;

	if (is_known && change->generation == known.generation)
		return take_repetition(registry, change, &known, ret_intent);
	if (is_known && change->generation && change->generation < known.generation) {
		*ret_intent = (struct intent){
			.result = {.outcome = CHANGE_STALE, .generation = known.generation},
		};
		return 0;
	}

	if (change->present) {
		r = zone_name_check_reserved(&change->zone, config->allow_reserved,
					     config->n_allow_reserved, &why);
		if (r == ZP_ERESERVED)
			return refuse(ret_intent, PROBLEM_NAME_RESERVED, why.text);
		r = check_owner(registry, master, change);
		if (r == ZP_EOWNED)
			return refuse(ret_intent, PROBLEM_OWNED,
				      "the zone belongs to another master of this slave");
		if (r < 0)
			return r;
	}
	return take_state(registry, master, change, is_known ? &known : NULL, ret_intent);
}
