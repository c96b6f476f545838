#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "proto/log.h"
#include "slave-agent/claim.h"
#include "slave-agent/resource.h"

struct gift {
	struct zone_name zone;
	char name[REGISTRY_NAME_MAX + 1]; /* of the master that gets it */
};

static int run_give(void *subject, const struct job_tools *tools, struct job_verdict *verdict)
{
	const struct gift *gift = subject;
	struct registry_master master;
	int r;

	r = registry_master_find_name(tools->registry, gift->name, &master);
	if (r == ZP_EUNKNOWN) {
		job_refuse(verdict, PROBLEM_MALFORMED, "there is no master '%s'", gift->name);
		return 0;
	}
	if (r == 0)
		r = claim_give(tools->registry, &gift->zone, master.id);
	if (r == ZP_EUNKNOWN) {
		job_refuse(verdict, PROBLEM_UNKNOWN_ZONE,
			   "master '%s' has no claim on '%s': have the zone made there first",
			   gift->name, gift->zone.text);
		return 0;
	}
	verdict->waits = r == 0;
	verdict->passed_on = gift->zone;
	return r;
}

static const struct job_act give = {run_give, free};

static bool parse_gift(struct request *request, struct gift *gift)
{
	json_t *json = resource_load_json(request);
	json_error_t error;
	const char *name;
	bool parsed;

	if (!json)
		return false;
	parsed = json_unpack_ex(json, &error, JSON_STRICT, "{s:s}", "master", &name) == 0;
	if (parsed)
		snprintf(gift->name, sizeof(gift->name), "%s", name);
	else
		request_fail(request, PROBLEM_MALFORMED, "{\"master\":\"NAME\"} is wanted: %s",
			     error.text);
	json_decref(json);
	return parsed;
}

void resource_owner_put(struct agent *agent, struct request *request)
{
	struct gift gift = {.name = ""};

	(void)agent;
	if (resource_parse_zone(request, &gift.zone) && parse_gift(request, &gift))
		resource_new_act(request, &give, &gift, sizeof(gift));
}

void resource_owner_finish(struct agent *agent, struct request *request)
{
	const struct gift *gift = request->job->subject;
	bool waits = request->job->verdict.waits;

	(void)agent;
	log_notice("owner: zone '%s' is given to '%s'", gift->zone.text, gift->name);
	request_reply_json(request, waits ? 202 : 200,
			   json_pack("{s:s, s:s, s:s}", "zone", gift->zone.text, "master",
				     gift->name, "result", waits ? "accepted" : "applied"));
}
