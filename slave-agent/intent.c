#include "slave-agent/intent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/problem.h"
#include "slave-agent/claim.h"

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

static bool is_owner(const struct registry_zone *zone)
{
	return zone && zone->present && zone->state != REGISTRY_CLAIM;
}

/* The same generation again: a repetition, unless it says something else. */
static int take_repetition(struct registry *registry, const struct change *change,
			   struct registry_zone *known, struct intent *ret_intent)
{
	struct intent intent = {.result = {.generation = known->generation}};
	int r;

	intent.result.outcome =
		known->state == REGISTRY_APPLIED ? CHANGE_UNCHANGED : CHANGE_ACCEPTED;
	intent.waits = known->state != REGISTRY_APPLIED;
	intent.refresh = change->present && change->has_serial &&
			 !(known->has_serial && known->serial == change->serial);
	if (intent.waits || intent.refresh) {
		if (known->state == REGISTRY_FAILING)
			known->state = REGISTRY_WAITING;
		known->problem[0] = '\0';
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

static int refuse_reuse(const struct registry_zone *known, struct intent *ret_intent)
{
	int r;

	r = refuse(ret_intent, PROBLEM_GENERATION_REUSED,
		   "this generation was used for another state of the zone");
	if (r == 0)
		ret_intent->result.generation = known->generation;
	return r;
}

/* Another master's zone is in the way: what is wanted is kept, and had when the way is free. */
static int take_claim(struct registry *registry, const struct registry_zone *known,
		      struct registry_zone *next, const struct problem *problem,
		      struct intent *ret_intent)
{
	int r;

	next->state = REGISTRY_CLAIM;
	next->made = next->generation;
	next->begun = next->generation;
	next->since = known && known->state == REGISTRY_CLAIM ? known->since : clock_microseconds();
	snprintf(next->problem, sizeof(next->problem), "%s", problem_word(problem->type));
	snprintf(next->error, sizeof(next->error), "%.*s", REGISTRY_ERROR_MAX - 1, problem->detail);
	r = registry_zone_put(registry, next);
	if (r < 0)
		return r;
	return refuse(ret_intent, problem->type, problem->detail);
}

/* A zone that is wanted: begun, begun anew, or kept. */
static int plan_presence(struct registry *registry, const struct registry_zone *known,
			 struct registry_zone *next, struct intent *intent)
{
	bool kept = is_owner(known) && !next->anew;

	next->made = kept ? known->made : next->generation;
	next->begun = kept ? known->begun : next->generation;
	next->state =
		kept && known->state == REGISTRY_APPLIED ? REGISTRY_APPLIED : REGISTRY_WAITING;
	intent->refresh = kept;
	if (is_owner(known) && next->anew)
		return registry_litter_add(registry, &known->name, known->made);
	return 0;
}

/*
 * A zone that isn't wanted: its tombstone. If somebody else claims the zone, it goes on with its
 * data, from other primaries.
 */
static int plan_absence(const struct agent_config *config, struct registry *registry,
			const struct registry_zone *known, struct registry_zone *next,
			struct intent *intent)
{
	int r;

	next->made = known ? known->made : 0;
	next->state = known && !known->present ? known->state : REGISTRY_APPLIED;
	if (!is_owner(known))
		return registry_zone_put(registry, next);

	next->state = REGISTRY_WAITING;
	r = registry_zone_put(registry, next);
	if (r == 0)
		r = claim_pass_on(config, registry, &next->name, known->made, &intent->passed_on);
	if (r == 0 && !intent->passed_on)
		r = registry_litter_add(registry, &known->name, known->made);
	return r;
}

static int take_presence(const struct agent_config *config, struct registry *registry,
			 const struct registry_zone *known, struct registry_zone *next,
			 struct intent *ret_intent)
{
	struct intent intent = {0};
	struct problem problem;
	int r = 0;

	if (!is_owner(known))
		r = claim_check(config, registry, &next->name, next->master, &problem);
	if (r == ZP_EOWNED)
		return take_claim(registry, known, next, &problem, ret_intent);
	if (r == 0)
		r = plan_presence(registry, known, next, &intent);
	if (r == 0)
		r = registry_zone_put(registry, next);
	if (r == 0)
		*ret_intent = intent;
	return r;
}

static int take_state(const struct agent_config *config, struct registry *registry, int64_t master,
		      const struct change *change, const struct registry_zone *known,
		      struct intent *ret_intent)
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
		r = take_presence(config, registry, known, &next, &intent);
	else
		r = plan_absence(config, registry, known, &next, &intent);
	if (r < 0)
		return r;

	if (next.state != REGISTRY_CLAIM) {
		intent.waits = next.state == REGISTRY_WAITING;
		intent.result.outcome = intent.waits ? CHANGE_ACCEPTED : CHANGE_APPLIED;
		intent.result.generation = next.generation;
	}
	*ret_intent = intent;
	return 0;
}

static int check_number(struct registry *registry, const struct registry_master *master,
			struct reason *why)
{
	uint64_t count = 0, most = master->policy.max_zones;
	int r;

	if (most == 0)
		return 0;
	r = registry_master_count_zones(registry, master->id, &count);
	if (r < 0 || count < most)
		return r;
	return reason_fail(why, ZP_EFULL,
			   "the slave's administrator lets this master have %" PRIu64
			   " zones, and it has %" PRIu64,
			   most, count);
}

/* Whether the zone may begin; one that is there already may go on whatever the policy says now. */
static int check_allowed(const struct agent_config *config, struct registry *registry,
			 const struct registry_master *master, const struct change *change,
			 const struct registry_zone *known, struct reason *why)
{
	int r;

	if (!change->present || is_owner(known))
		return 0;
	r = zone_name_check_reserved(&change->zone, config->allow_reserved,
				     config->n_allow_reserved, why);
	if (r < 0)
		return r;
	if (!policy_allows_zone(&master->policy, &change->zone))
		return reason_fail(why, ZP_EPOLICY,
				   "the slave's administrator lets this master have zones in "
				   "%sonly",
				   master->policy.suffixes);
	return known && known->present ? 0 : check_number(registry, master, why);
}

/* What may not be is refused, and not stored. */
static int refuse_disallowed(int error, const struct reason *why, struct intent *ret_intent)
{
	switch (error) {
	case ZP_ERESERVED:
		return refuse(ret_intent, PROBLEM_NAME_RESERVED, why->text);
	case ZP_EPOLICY:
		return refuse(ret_intent, PROBLEM_NOT_ALLOWED, why->text);
	case ZP_EFULL:
		return refuse(ret_intent, PROBLEM_ZONE_LIMIT, why->text);
	default:
		return error;
	}
}

int intent_take(const struct agent_config *config, struct registry *registry,
		const struct registry_master *master, const struct change *change,
		struct intent *ret_intent)
{
	struct registry_zone row, *known = NULL;
	struct reason why;
	int r;

	r = registry_zone_get(registry, &change->zone, master->id, &row);
	if (r == 0)
		known = &row;
	else if (r != ZP_EUNKNOWN)
		return r;

	if (known && change->generation && change->generation < known->generation) {
		*ret_intent = (struct intent){
			.result = {.outcome = CHANGE_STALE, .generation = known->generation},
		};
		return 0;
	}
	if (known && change->generation == known->generation) {
		/* A repetition may leave `anew` out, but can't bring it in. */
		if (known->present != change->present || (change->anew && !known->anew))
			return refuse_reuse(known, ret_intent);
		if (known->state != REGISTRY_CLAIM)
			return take_repetition(registry, change, known, ret_intent);
	}

	r = check_allowed(config, registry, master, change, known, &why);
	if (r < 0)
		return refuse_disallowed(r, &why, ret_intent);
	return take_state(config, registry, master->id, change, known, ret_intent);
}
