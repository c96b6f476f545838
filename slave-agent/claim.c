#include "slave-agent/claim.h"

#include <stdio.h>
#include <string.h>

#include "proto/clock.h"

static bool may_overlap(const struct agent_config *config, const char *master)
{
	if (config->allow_overlap)
		return true;
	for (size_t i = 0; i < config->overlap_masters.count; i++)
		if (strcmp(config->overlap_masters.items[i], master) == 0)
			return true;
	return false;
}

static int check_owner(struct registry *registry, const struct zone_name *name, int64_t master,
		       struct problem *ret_problem)
{
	struct registry_master owner;
	struct registry_zone owned;
	int r;

	r = registry_zone_get_owned(registry, name, &owned);
	if (r == 0 && owned.master != master)
		r = registry_master_find(registry, owned.master, &owner);
	if (r == ZP_EUNKNOWN || (r == 0 && owned.master == master))
		return 0;
	if (r < 0)
		return r;

	/* Not by name: masters needn't know of each other. */
	*ret_problem = (struct problem){.type = PROBLEM_OWNED};
	snprintf(ret_problem->detail, sizeof(ret_problem->detail),
		 "the zone belongs to another master of this slave; it passes to you when that one "
		 "deletes it");
	return ZP_EOWNED;
}

static int check_overlap(const struct agent_config *config, struct registry *registry,
			 const struct zone_name *name, int64_t master, struct problem *ret_problem)
{
	struct registry_master claimant;
	struct registry_zone other;
	int r;

	r = registry_zone_get_overlap(registry, name, master, &other);
	if (r == ZP_EUNKNOWN)
		return 0;
	if (r == 0)
		r = registry_master_find(registry, master, &claimant);
	if (r < 0)
		return r;
	if (may_overlap(config, claimant.name))
		return 0;

	*ret_problem = (struct problem){.type = PROBLEM_OVERLAP};
	snprintf(ret_problem->detail, sizeof(ret_problem->detail),
		 "'%s', which belongs to another master of this slave, lies %s it; the slave's "
		 "administrator may allow that (overlap-allow)",
		 other.name.text, zone_name_is_within(name, &other.name) ? "above" : "below");
	return ZP_EOWNED;
}

int claim_check(const struct agent_config *config, struct registry *registry,
		const struct zone_name *name, int64_t master, struct problem *ret_problem)
{
	int r;

	r = check_owner(registry, name, master, ret_problem);
	if (r < 0)
		return r;
	return check_overlap(config, registry, name, master, ret_problem);
}

/* A claim becomes the zone. Nobody may own it now. */
static int take_over(struct registry *registry, struct registry_zone *claim, uint64_t made)
{
	claim->state = REGISTRY_WAITING;
	claim->problem[0] = '\0';
	claim->error[0] = '\0';
	claim->since = 0;
	if (made)
		claim->made = made;
	return registry_zone_put(registry, claim);
}

int claim_pass_on(const struct agent_config *config, struct registry *registry,
		  const struct zone_name *name, uint64_t made, bool *ret_passed)
{
	struct registry_zone claim;
	struct problem problem;
	int r;

	*ret_passed = false;
	r = registry_zone_get_claim(registry, name, &claim);
	if (r == 0)
		r = claim_check(config, registry, name, claim.master, &problem);
	if (r == ZP_EUNKNOWN || r == ZP_EOWNED)
		return 0;
	if (r == 0)
		r = take_over(registry, &claim, made);
	*ret_passed = r == 0;
	return r;
}

int claim_give(struct registry *registry, const struct zone_name *name, int64_t master)
{
	struct registry_zone claim, owned;
	uint64_t made = 0;
	int r;

	r = registry_zone_get(registry, name, master, &claim);
	if (r < 0)
		return r;
	if (!claim.present || claim.state != REGISTRY_CLAIM)
		return ZP_EUNKNOWN;

	r = registry_zone_get_owned(registry, name, &owned);
	if (r == 0) {
		made = owned.made;
		owned.state = REGISTRY_CLAIM;
		owned.since = clock_microseconds();
		snprintf(owned.problem, sizeof(owned.problem), "%s", problem_word(PROBLEM_OWNED));
		snprintf(owned.error, sizeof(owned.error),
			 "the slave's administrator gave the zone to another master");
		r = registry_zone_put(registry, &owned);
	}
	if (r < 0 && r != ZP_EUNKNOWN)
		return r;
	return take_over(registry, &claim, made);
}

int claim_retry(const struct agent_config *config, struct registry *registry)
{
	struct zone_name name = {.text = ""};
	bool passed;
	int r;

	do {
		r = registry_claim_next(registry, name.text, &name);
		if (r == 0)
			r = claim_pass_on(config, registry, &name, 0, &passed);
	} while (r == 0);
	return r == ZP_EUNKNOWN ? 0 : r;
}
