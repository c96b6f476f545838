#include <string.h>

#include <jansson.h>

#include "proto/clock.h"
#include "proto/log.h"
#include "slave-agent/resource.h"
#include "slave-agent/settings.h"

/* New settings of one master, and what came of them. */
struct update {
	struct registry_master wanted; /* id, primaries, tsig, generation; 0: the newest */
	enum change_outcome outcome;
	bool is_local;
};

static bool load_master(struct agent *agent, struct request *request,
			struct registry_master *ret_master)
{
	int64_t id;
	int r;

	if (!resource_find_master(agent, request, false, &id))
		return false;
	pthread_mutex_lock(&agent->reader_lock);
	r = registry_master_find(agent->reader, id, ret_master);
	pthread_mutex_unlock(&agent->reader_lock);
	if (r < 0)
		resource_fail_registry(request, r);
	return r == 0;
}

void resource_master_get(struct agent *agent, struct request *request)
{
	static const char *const parameters[] = {"master", NULL};
	struct registry_master master;

	if (!resource_check_query(request, resource_only_locally(request, parameters)) ||
	    !load_master(agent, request, &master))
		return;
	request_reply_json(request, 200,
			   json_pack("{s:s, s:o, s:o, s:I, s:o, s:I}", "name", master.name,
				     "primaries", settings_primaries_to_json(&master), "tsig",
				     settings_tsig_to_json(&master), "generation",
				     (json_int_t)master.generation, "policy",
				     policy_to_json(&master.policy), "zones",
				     (json_int_t)master.n_zones));
}

static void refuse_old(const struct registry_master *known, enum problem_type type,
		       struct job_verdict *verdict)
{
	job_refuse(verdict, type,
		   type == PROBLEM_STALE ? "newer settings of this master are known"
					 : "this generation was used for other settings");
	verdict->problem.generation = known->generation;
}

/* The administrator may do what he may allow. */
static void check_allowed(const struct update *update, const struct policy *policy,
			  const struct job_tools *tools, struct job_verdict *verdict)
{
	const struct registry_master *wanted = &update->wanted;
	struct reason why;
	int r = 0;

	if (!update->is_local)
		r = policy_check_primaries(policy, wanted->primaries, wanted->n_primaries, &why);
	if (r < 0)
		job_refuse(verdict, PROBLEM_NOT_ALLOWED, "%s", why.text);
	else
		settings_check_tsig(wanted, tools, verdict);
}

/* As PROTOCOL.md §7 orders changes. */
static int run_update(void *subject, const struct job_tools *tools, struct job_verdict *verdict)
{
	struct update *update = subject;
	struct registry_master *wanted = &update->wanted, known;
	int r;

	r = registry_master_find(tools->registry, wanted->id, &known);
	if (r < 0)
		return r;
	if (wanted->generation == 0)
		wanted->generation = clock_microseconds() > known.generation ? clock_microseconds()
									     : known.generation + 1;
	if (wanted->generation < known.generation) {
		refuse_old(&known, PROBLEM_STALE, verdict);
		return 0;
	}
	if (settings_are_equal(wanted, &known)) {
		update->outcome = CHANGE_UNCHANGED;
		return registry_master_set_generation(tools->registry, wanted);
	}
	if (wanted->generation == known.generation) {
		refuse_old(&known, PROBLEM_GENERATION_REUSED, verdict);
		return 0;
	}
	check_allowed(update, &known.policy, tools, verdict);
	if (verdict->is_refused)
		return 0;
	update->outcome = CHANGE_ACCEPTED;
	verdict->waits = true;
	verdict->moves_primaries = true;
	return registry_master_update(tools->registry, wanted);
}

static const struct job_act update_master = {run_update, free};

static int parse_settings(json_t *json, struct registry_master *master, struct reason *why)
{
	json_t *primaries, *tsig = NULL;
	json_error_t error;
	int r;

	if (json_unpack_ex(json, &error, JSON_STRICT, "{s:o, s?o}", "primaries", &primaries, "tsig",
			   &tsig) < 0)
		return reason_fail(why, ZP_ESYNTAX, "primaries, and perhaps tsig, are wanted: %s",
				   error.text);
	r = settings_parse_primaries(primaries, master, why);
	if (r == 0)
		r = settings_parse_tsig(tsig, master, why);
	return r;
}

void resource_master_put(struct agent *agent, struct request *request)
{
	static const char *const parameters[] = {"master", "generation", NULL};
	struct update update = {
		.outcome = CHANGE_REFUSED,
		.is_local = request->caller.is_local,
	};
	uint64_t generation = 0;
	struct reason why;
	json_t *json;
	int r;

	if (!resource_check_query(request, resource_only_locally(request, parameters)) ||
	    !resource_parse_generation(request, &generation) ||
	    !load_master(agent, request, &update.wanted))
		return;
	json = resource_load_json(request);
	if (!json)
		return;
	r = parse_settings(json, &update.wanted, &why);
	json_decref(json);
	if (r < 0) {
		request_fail(request, PROBLEM_CHANGE_INVALID, "%s", why.text);
		return;
	}
	update.wanted.generation = generation;
	resource_new_act(request, &update_master, &update, sizeof(update));
}

void resource_master_finish(struct agent *agent, struct request *request)
{
	const struct update *update = request->job->subject;
	enum change_outcome outcome = update->outcome;

	(void)agent;
	if (outcome == CHANGE_ACCEPTED && !request->job->verdict.waits)
		outcome = CHANGE_APPLIED;
	if (outcome != CHANGE_UNCHANGED)
		log_notice("master: the zones of '%s' have other primaries", update->wanted.name);
	request_reply_json(request, outcome == CHANGE_ACCEPTED ? 202 : 200,
			   json_pack("{s:s, s:I}", "result", change_outcome_text(outcome),
				     "generation", (json_int_t)update->wanted.generation));
}
