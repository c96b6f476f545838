#include <stdlib.h>

#include <jansson.h>

#include "proto/log.h"
#include "slave-agent/resource.h"

/* Nothing changes in the registry: what it wants already may now go into force. */
static int run_shrink(void *subject, const struct job_tools *tools, struct job_verdict *verdict)
{
	(void)subject;
	(void)tools;
	verdict->waits = true;
	verdict->may_lose = true;
	return 0;
}

static const struct job_act shrink = {run_shrink, free};

void resource_shrink_post(struct agent *agent, struct request *request)
{
	(void)agent;
	if (request->content.length > 0) {
		request_fail(request, PROBLEM_MALFORMED, "this has no body");
		return;
	}
	log_notice("shrink: the administrator lets zones go that no master deleted");
	if (!resource_new_job(request))
		return;
	request->job->act = &shrink;
}

void resource_shrink_finish(struct agent *agent, struct request *request)
{
	bool waits = request->job->verdict.waits;

	(void)agent;
	request_reply_json(request, waits ? 202 : 200,
			   json_pack("{s:s}", "result", waits ? "accepted" : "applied"));
}
