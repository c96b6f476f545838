#include <stdlib.h>

#include <jansson.h>

#include "proto/clock.h"
#include "slave-agent/resource.h"

struct figures {
	struct envelope_state state;
	struct registry_counts zones;
	size_t n_masters;
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

void resource_status_get(struct agent *agent, struct request *request)
{
	static const char *const no_parameters[] = {NULL};
	struct applier_status status;
	struct figures figures;
	struct reason why;
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
	request_reply_json(
		request, 200,
		json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I}, s:o}",
			  "version", ZP_VERSION, "instance", figures.state.instance, "applied_seq",
			  (json_int_t)figures.state.applied_seq, "clock",
			  (json_int_t)clock_seconds(), "started", (json_int_t)agent->started,
			  "masters", (json_int_t)figures.n_masters, "queued",
			  (json_int_t)status.queued, "zones", "applied",
			  (json_int_t)figures.zones.applied, "accepted",
			  (json_int_t)(figures.zones.waiting + figures.zones.leaving), "failing",
			  (json_int_t)figures.zones.failing, "claimed",
			  (json_int_t)figures.zones.claims, "named", named_to_json(&status.named)));
}
