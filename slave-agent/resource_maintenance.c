#include <stdlib.h>

#include <jansson.h>

#include "proto/log.h"
#include "slave-agent/resource.h"

/* What was accepted meanwhile goes to named with the act that ends it. */
static int run_maintenance(void *subject, const struct job_tools *tools,
			   struct job_verdict *verdict)
{
	const bool *on = subject;

	verdict->waits = !*on;
	return registry_set_maintenance(tools->registry, *on);
}

static const struct job_act set_maintenance = {run_maintenance, free};

void resource_maintenance_put(struct agent *agent, struct request *request)
{
	json_t *json = resource_load_json(request);
	json_error_t error;
	int value = 0;
	bool on;

	(void)agent;
	if (!json)
		return;
	if (json_unpack_ex(json, &error, JSON_STRICT, "{s:b}", "on", &value) < 0) {
		request_fail(request, PROBLEM_MALFORMED,
			     "{\"on\":true} or {\"on\":false} is "
			     "wanted: %s",
			     error.text);
	} else {
		on = value != 0;
		resource_new_act(request, &set_maintenance, &on, sizeof(on));
	}
	json_decref(json);
}

void resource_maintenance_finish(struct agent *agent, struct request *request)
{
	const bool *on = request->job->subject;
	bool waits = request->job->verdict.waits;

	(void)agent;
	log_notice("maintenance: %s", *on ? "on; changes are accepted and wait" : "off");
	request_reply_json(request, waits ? 202 : 200,
			   json_pack("{s:b, s:s}", "on", *on, "result",
				     waits ? "accepted" : "applied"));
}
