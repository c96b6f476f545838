#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/log.h"
#include "slave-agent/estate.h"
#include "slave-agent/resource.h"

/* What is to become of the zones that a master left. */
struct settlement {
	struct estate estate;
	struct estate_progress progress;
};

static int run_settle(void *subject, const struct job_tools *tools, struct job_verdict *verdict)
{
	struct settlement *settlement = subject;
	struct registry_master master;
	int r;

	r = registry_master_find(tools->registry, settlement->estate.master, &master);
	if (r == 0 && master.has_key) {
		job_refuse(verdict, PROBLEM_EXISTS,
			   "master '%s' still has a key; `zonepush-agent master revoke` takes it",
			   master.name);
		return 0;
	}
	if (r == 0)
		r = estate_settle(tools->config, tools->registry, &settlement->estate,
				  &settlement->progress);
	verdict->waits = settlement->progress.done > 0;
	verdict->moves_primaries = verdict->waits;
	return r;
}

static const struct job_act settle = {run_settle, free};

/* Where the walk goes on; "" where nothing is said. */
static bool parse_after(struct request *request, struct zone_name *ret_after)
{
	static const char *const parameters[] = {"after", NULL};
	char text[ZONE_NAME_PATH_SIZE];
	struct reason why;

	ret_after->text[0] = '\0';
	if (!resource_check_query(request, parameters))
		return false;
	if (!request_get_query(request, "after", text, sizeof(text)) ||
	    zone_name_parse_path(text, ret_after, &why) == 0)
		return true;
	request_fail(request, PROBLEM_NAME_INVALID, "%s", why.text);
	return false;
}

static void start(struct agent *agent, struct request *request, struct settlement *settlement)
{
	struct registry_master master;

	if (!resource_find_named_master(agent, request, &master) ||
	    !parse_after(request, &settlement->estate.after))
		return;
	settlement->estate.master = master.id;
	resource_new_act(request, &settle, settlement, sizeof(*settlement));
}

void resource_purge_post(struct agent *agent, struct request *request)
{
	struct settlement settlement = {.estate = {.heir = 0}};

	start(agent, request, &settlement);
}

/* The master that gets the zones. */
static bool find_heir(struct agent *agent, struct request *request, int64_t *ret_heir)
{
	json_t *json = resource_load_json(request);
	struct registry_master master;
	const char *name = NULL;
	int r = ZP_EUNKNOWN;

	if (!json)
		return false;
	if (json_unpack(json, "{s:s!}", "master", &name) == 0) {
		pthread_mutex_lock(&agent->reader_lock);
		r = registry_master_find_name(agent->reader, name, &master);
		pthread_mutex_unlock(&agent->reader_lock);
	}
	if (r == 0)
		*ret_heir = master.id;
	else
		request_fail(request, PROBLEM_MALFORMED,
			     name ? "there is no master '%.64s'"
				  : "{\"master\":\"NAME\"} is wanted%.0s",
			     name ? name : "");
	json_decref(json);
	return r == 0;
}

void resource_give_post(struct agent *agent, struct request *request)
{
	struct settlement settlement = {.estate = {.heir = 0}};

	if (find_heir(agent, request, &settlement.estate.heir))
		start(agent, request, &settlement);
}

void resource_estate_finish(struct agent *agent, struct request *request)
{
	const struct settlement *settlement = request->job->subject;
	const struct estate_progress *progress = &settlement->progress;

	(void)agent;
	if (progress->done > 0)
		log_notice("masters: %llu zones of '%s' are %s", (unsigned long long)progress->done,
			   request->argument,
			   settlement->estate.heir ? "another master's" : "deleted");
	request_reply_json(request, 200,
			   json_pack("{s:I, s:I, s:s?}", "done", (json_int_t)progress->done, "left",
				     (json_int_t)progress->left, "next",
				     *progress->next.text ? progress->next.text : NULL));
}
