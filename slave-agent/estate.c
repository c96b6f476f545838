#include "slave-agent/estate.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/change.h"
#include "slave-agent/claim.h"
#include "slave-agent/intent.h"

/* Names first: what is done to a zone would change what a walk still has to show. */
static int list_names(struct registry *registry, const struct estate *estate,
		      struct zone_name *names, size_t *ret_count)
{
	const struct registry_filter filter = {
		.master = estate->master,
		.after = estate->after.text,
		.all_states = true,
	};
	struct registry_zone zone;
	struct registry_walk *walk;
	size_t count = 0;
	int r;

	r = registry_walk_start(registry, &filter, &walk);
	if (r < 0)
		return r;
	while (count < ESTATE_AT_ONCE && (r = registry_walk_next(walk, &zone)) == 1)
		names[count++] = zone.name;
	registry_walk_done(walk);
	*ret_count = count;
	return r < 0 ? r : 0;
}

/* As if the master itself had deleted it: the oldest claim gets it, if there is one. */
static int delete_zone(const struct agent_config *config, struct registry *registry,
		       const struct registry_master *master, const struct zone_name *name)
{
	const struct change deletion = {.zone = *name};
	struct intent intent;
	int r;

	r = intent_take(config, registry, master, &deletion, &intent);
	if (r == 0)
		change_result_done(&intent.result);
	return r;
}

/* What it claims itself isn't its to give; what it gave it doesn't claim. */
static int give_zone(const struct agent_config *config, struct registry *registry,
		     const struct estate *estate, const struct registry_master *master,
		     const struct zone_name *name)
{
	struct registry_zone zone;
	int r;

	r = registry_zone_get(registry, name, estate->master, &zone);
	if (r == 0 && zone.state == REGISTRY_CLAIM)
		return ZP_EUNKNOWN;
	if (r == 0)
		r = claim_give(registry, name, estate->heir);
	if (r == 0)
		r = delete_zone(config, registry, master, name);
	return r;
}

static int settle_zone(const struct agent_config *config, struct registry *registry,
		       const struct estate *estate, const struct registry_master *master,
		       const struct zone_name *name, struct estate_progress *progress)
{
	int r;

	if (estate->heir)
		r = give_zone(config, registry, estate, master, name);
	else
		r = delete_zone(config, registry, master, name);
	if (r == 0)
		progress->done++;
	return r == ZP_EUNKNOWN ? 0 : r; /* the heir doesn't claim it: it stays */
}

int estate_settle(const struct agent_config *config, struct registry *registry,
		  const struct estate *estate, struct estate_progress *ret_progress)
{
	struct zone_name *names = calloc(ESTATE_AT_ONCE, sizeof(*names));
	struct estate_progress progress = {0};
	struct registry_master master;
	size_t count = 0;
	int r = names ? 0 : -ENOMEM;

	if (r == 0)
		r = registry_master_find(registry, estate->master, &master);
	if (r == 0)
		r = list_names(registry, estate, names, &count);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = settle_zone(config, registry, estate, &master, &names[i], &progress);
	if (r == 0)
		r = registry_master_count_zones(registry, estate->master, &progress.left);
	if (count == ESTATE_AT_ONCE)
		progress.next = names[count - 1];
	free(names);
	if (r == 0)
		*ret_progress = progress;
	return r;
}
