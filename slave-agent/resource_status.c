#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/clock.h"
#include "slave-agent/resource.h"

struct figures {
	struct envelope_state state;
	struct registry_counts zones;
	size_t n_masters; /* that the caller may know of */
	bool is_alone;	  /* there is no other master */
};

static int read_figures(struct agent *agent, int64_t master, struct figures *ret_figures)
{
	struct registry_master *masters = NULL;
	struct figures figures;
	int r;

	pthread_mutex_lock(&agent->reader_lock);
	r = registry_get_state(agent->reader, &figures.state);
	if (r == 0)
		r = registry_count(agent->reader, master, &figures.zones);
	if (r == 0)
		r = registry_master_list(agent->reader, &masters, &figures.n_masters);
	pthread_mutex_unlock(&agent->reader_lock);
	free(masters);
	if (r < 0)
		return r;
	figures.is_alone = figures.n_masters == 1;
	if (master)
		figures.n_masters = 1;
	*ret_figures = figures;
	return 0;
}

static json_t *named_to_json(const struct named_status *status)
{
	return json_pack("{s:o, s:s, s:o}", "running",
			 status->is_known ? json_boolean(status->is_running) : json_null(),
			 "version", status->version, "error",
			 *status->error ? json_string(status->error) : json_null());
}

static json_t *alarm_to_json(const struct watcher_alarm *alarm)
{
	char address[ADDRESS_SIZE];

	address_render(&alarm->address, address);
	return json_pack("{s:s, s:s, s:I, s:I}", "address", address, "state",
			 alarm->is_dead ? "unreachable" : "refuses", "since",
			 (json_int_t)alarm->since, "zones", (json_int_t)alarm->zones);
}

/* The watcher doesn't know whose a zone is: where there are others' too, each is looked up. */
static int count_own(struct agent *agent, int64_t master, uint64_t counts[static WATCH_STATES])
{
	const struct registry_filter filter = {.master = master};
	struct registry_walk *walk = NULL;
	struct registry_zone zone;
	struct watcher_zone seen;
	int r;

	pthread_mutex_lock(&agent->reader_lock);
	r = registry_walk_start(agent->reader, &filter, &walk);
	for (r = r == 0 ? registry_walk_next(walk, &zone) : r; r == 1;
	     r = registry_walk_next(walk, &zone)) {
		watcher_get_zone(agent->watcher, &zone.name, &seen);
		counts[seen.state]++;
	}
	registry_walk_done(walk);
	pthread_mutex_unlock(&agent->reader_lock);
	return r;
}

static json_t *counts_to_json(const uint64_t counts[static WATCH_STATES])
{
	json_t *states = json_object();

	for (size_t i = 0; i < WATCH_STATES; i++)
		json_object_set_new(states, watch_state_word((enum watch_state)i),
				    json_integer((json_int_t)counts[i]));
	return states;
}

/* How the zones are served; for the slave's administrator, too, which primaries are in trouble. */
static int add_serving(struct agent *agent, const struct caller *caller, bool is_alone,
		       json_t *status)
{
	json_t *primaries = json_array();
	struct watcher_summary summary;
	uint64_t counts[WATCH_STATES] = {0};
	int r;

	r = watcher_get_summary(agent->watcher, &summary);
	if (r < 0) {
		json_decref(primaries);
		return r;
	}
	if (caller->is_local || is_alone)
		memcpy(counts, summary.zones, sizeof(counts));
	else
		r = count_own(agent, caller->master, counts);
	for (size_t i = 0; i < summary.n_alarms; i++)
		json_array_append_new(primaries, alarm_to_json(&summary.alarms[i]));
	free(summary.alarms);
	if (r == 0)
		json_object_set_new(status, "serving", counts_to_json(counts));
	if (caller->is_local)
		json_object_set(status, "primaries", primaries);
	json_decref(primaries);
	return r;
}

void resource_status_get(struct agent *agent, struct request *request)
{
	static const char *const no_parameters[] = {NULL};
	struct applier_status status;
	struct figures figures;
	struct reason why;
	json_t *json;
	int r;

	r = request_check_query(request, no_parameters, &why);
	if (r < 0) {
		request_fail(request, PROBLEM_MALFORMED, "%s", why.text);
		return;
	}
	r = read_figures(agent, request->caller.master, &figures);
	if (r < 0) {
		resource_fail_registry(request, r);
		return;
	}
	applier_get_status(agent->applier, &status);
	json = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I}, s:o}",
			 "version", ZP_VERSION, "instance", figures.state.instance, "applied_seq",
			 (json_int_t)figures.state.applied_seq, "clock",
			 (json_int_t)clock_seconds(), "started", (json_int_t)agent->started,
			 "masters", (json_int_t)figures.n_masters, "queued",
			 (json_int_t)status.queued, "zones", "applied",
			 (json_int_t)figures.zones.applied, "accepted",
			 (json_int_t)(figures.zones.waiting + figures.zones.leaving), "failing",
			 (json_int_t)figures.zones.failing, "claimed",
			 (json_int_t)figures.zones.claims, "named", named_to_json(&status.named));
	r = add_serving(agent, &request->caller, figures.is_alone, json);
	if (r == 0) {
		request_reply_json(request, 200, json);
		return;
	}
	json_decref(json);
	resource_fail_registry(request, r);
}
