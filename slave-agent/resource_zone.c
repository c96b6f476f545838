#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/clock.h"
#include "slave-agent/resource.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000

#define LOOK_SECONDS 2 /* what was seen in these is new enough */

static const char *state_text(enum registry_state state)
{
	switch (state) {
	case REGISTRY_WAITING:
		return "accepted";
	case REGISTRY_APPLIED:
		return "applied";
	case REGISTRY_FAILING:
		return "failing";
	case REGISTRY_CLAIM:
		return "claimed";
	}
	return "failing";
}

/* The zone's own name for a master's id; masters come in order of name, not of id. */
static const char *master_name(const struct registry_master *masters, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (masters[i].id == id)
			return masters[i].name;
	return "";
}

static json_t *serial_or_null(bool is_known, uint32_t serial)
{
	return is_known ? json_integer((json_int_t)serial) : json_null();
}

/* Only named's own zones are served; what waits or is claimed isn't looked at. */
static json_t *serving_to_json(struct agent *agent, const struct registry_zone *zone)
{
	struct watcher_zone seen = {.state = WATCH_UNKNOWN};

	if (zone->state == REGISTRY_APPLIED)
		watcher_get_zone(agent->watcher, &zone->name, &seen);
	return json_pack("{s:s, s:o, s:o, s:o}", "state", watch_state_word(seen.state), "serial",
			 serial_or_null(seen.has_serial, seen.serial), "primary_serial",
			 serial_or_null(seen.has_primary_serial, seen.primary_serial), "checked",
			 seen.checked ? json_integer((json_int_t)seen.checked) : json_null());
}

static json_t *zone_to_json(struct agent *agent, const struct registry_zone *zone,
			    const char *master)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:o, s:s, s:o, s:o, s:o}", "zone", zone->name.text,
			 "master", master, "generation", (json_int_t)zone->generation, "made",
			 (json_int_t)zone->made, "serial",
			 serial_or_null(zone->has_serial, zone->serial), "state",
			 state_text(zone->state), "problem",
			 *zone->problem ? json_string(zone->problem) : json_null(), "error",
			 *zone->error ? json_string(zone->error) : json_null(), "serving",
			 serving_to_json(agent, zone));
}

/* Who asks for a zone wants to know how it is now: the next answer will tell. */
static void look_again(struct agent *agent, const struct registry_zone *zone)
{
	struct watcher_zone seen;

	watcher_get_zone(agent->watcher, &zone->name, &seen);
	if (zone->state == REGISTRY_APPLIED && seen.checked < clock_seconds() - LOOK_SECONDS)
		watcher_add(agent->watcher, &zone->name, WATCH_SWEPT);
}

static void reply_zone(struct agent *agent, struct request *request,
		       const struct registry_zone *zone, const char *master)
{
	look_again(agent, zone);
	request_reply_json(request, 200, zone_to_json(agent, zone, master));
}

void resource_zone_get(struct agent *agent, struct request *request)
{
	static const char *const parameters[] = {"master", NULL};
	struct registry_master *masters = NULL;
	struct registry_zone zone;
	struct zone_name name;
	size_t n_masters = 0;
	int64_t master;
	int r;

	if (!resource_parse_zone(request, &name) ||
	    !resource_check_query(request, resource_only_locally(request, parameters)) ||
	    !resource_find_master(agent, request, true, &master))
		return;

	pthread_mutex_lock(&agent->reader_lock);
	if (master)
		r = registry_zone_get(agent->reader, &name, master, &zone);
	else
		r = registry_zone_get_owned(agent->reader, &name, &zone);
	if (r == 0)
		r = registry_master_list(agent->reader, &masters, &n_masters);
	pthread_mutex_unlock(&agent->reader_lock);

	if (r == ZP_EUNKNOWN || (r == 0 && !zone.present))
		request_fail(request, PROBLEM_UNKNOWN_ZONE, "there is no zone '%s'", name.text);
	else if (r < 0)
		resource_fail_registry(request, r);
	else
		reply_zone(agent, request, &zone, master_name(masters, n_masters, zone.master));
	free(masters);
}

static int list_masters(struct agent *agent, const struct zone_name *name, json_t *list)
{
	struct registry_master *masters = NULL;
	struct registry_walk *walk = NULL;
	struct registry_zone zone;
	size_t n_masters = 0;
	json_t *json;
	int r;

	r = registry_master_list(agent->reader, &masters, &n_masters);
	if (r == 0)
		r = registry_walk_zone(agent->reader, name, &walk);
	while (r == 0 && (r = registry_walk_next(walk, &zone)) == 1) {
		json = zone_to_json(agent, &zone, master_name(masters, n_masters, zone.master));
		json_object_set_new(json, "present", json_boolean(zone.present));
		json_array_append_new(list, json);
		r = 0;
	}
	registry_walk_done(walk);
	free(masters);
	return r;
}

void resource_zone_masters_get(struct agent *agent, struct request *request)
{
	json_t *list;
	struct zone_name name;
	int r;

	if (!resource_parse_zone(request, &name))
		return;
	list = json_array();
	pthread_mutex_lock(&agent->reader_lock);
	r = list_masters(agent, &name, list);
	pthread_mutex_unlock(&agent->reader_lock);
	if (r == 0) {
		request_reply_json(request, 200,
				   json_pack("{s:s, s:o}", "zone", name.text, "masters", list));
		return;
	}
	json_decref(list);
	resource_fail_registry(request, r);
}

/* Adds up to `limit` zones; whether there are more is told by *ret_more. */
static int list_page(struct agent *agent, const struct registry_filter *filter, uint64_t limit,
		     json_t *list, bool *ret_more)
{
	struct registry *reader = agent->reader;
	struct registry_master *masters = NULL;
	struct registry_walk *walk = NULL;
	struct registry_zone zone;
	size_t n_masters = 0;
	int r;

	r = registry_master_list(reader, &masters, &n_masters);
	if (r == 0)
		r = registry_walk_start(reader, filter, &walk);
	if (r < 0)
		goto out;
	while ((r = registry_walk_next(walk, &zone)) == 1 && json_array_size(list) < limit)
		json_array_append_new(list,
				      zone_to_json(agent, &zone,
						   master_name(masters, n_masters, zone.master)));
	if (r >= 0) {
		*ret_more = r == 1;
		r = 0;
	}
out:
	registry_walk_done(walk);
	free(masters);
	return r;
}

static void reply_page(struct request *request, json_t *list, bool more)
{
	const json_t *last = json_array_get(list, json_array_size(list) - 1);
	const char *next = json_string_value(json_object_get(last, "zone"));

	request_reply_json(request, 200,
			   json_pack("{s:o, s:o}", "zones", list, "next",
				     more && next ? json_string(next) : json_null()));
}

static int parse_bucket(const char *text, unsigned int *ret_bucket)
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(text) != 2 || strspn(text, digits) != 2)
		return ZP_ESYNTAX;
	*ret_bucket = (unsigned int)strtoul(text, NULL, 16);
	return 0;
}

void resource_zones_list(struct agent *agent, struct request *request)
{
	static const char *const parameters[] = {"master", "after", "limit", "bucket", NULL};
	struct registry_filter filter = {.all_states = true};
	unsigned int bucket;
	char text[3 * ZONE_NAME_MAX + 1];
	uint64_t limit = PAGE_DEFAULT;
	struct zone_name after;
	bool more = false;
	json_t *list;
	int r = 0;

	if (!resource_check_query(request, resource_only_locally(request, parameters)) ||
	    !resource_find_master(agent, request, true, &filter.master))
		return;
	if (request_get_query(request, "limit", text, sizeof(text)))
		r = text_parse_integer(text, 1, PAGE_MAX, &limit);
	if (r == 0 && request_get_query(request, "after", text, sizeof(text))) {
		r = zone_name_parse_path(text, &after, NULL);
		filter.after = after.text;
	}
	if (r == 0 && request_get_query(request, "bucket", text, sizeof(text))) {
		r = parse_bucket(text, &bucket);
		filter.bucket = &bucket;
	}
	if (r < 0) {
		request_fail(request, PROBLEM_MALFORMED,
			     "limit is 1 to %d, after is the name of a zone, bucket is 00 to ff",
			     PAGE_MAX);
		return;
	}

	list = json_array();
	pthread_mutex_lock(&agent->reader_lock);
	r = list_page(agent, &filter, limit, list, &more);
	pthread_mutex_unlock(&agent->reader_lock);
	if (r == 0) {
		reply_page(request, list, more);
		return;
	}
	json_decref(list);
	resource_fail_registry(request, r);
}

/* Makes the job for one change. */
static void start_change(struct agent *agent, struct request *request, const struct change *change)
{
	int64_t master;

	if (!resource_find_master(agent, request, false, &master) || !resource_new_job(request))
		return;
	request->job->master = master;
	request->job->changes.items = calloc(1, sizeof(*request->job->changes.items));
	if (!request->job->changes.items) {
		request_fail(request, PROBLEM_FAILED, "out of memory");
		return;
	}
	request->job->changes.items[0].change = *change;
	request->job->changes.count = 1;
}

static bool parse_change(struct request *request, struct change *change)
{
	static const char *const parameters[] = {"master", "generation", NULL};

	return resource_parse_zone(request, &change->zone) &&
	       resource_check_query(request, resource_only_locally(request, parameters)) &&
	       resource_parse_generation(request, &change->generation);
}

void resource_zone_put(struct agent *agent, struct request *request)
{
	struct change change = {.present = true};
	struct reason why;
	int r;

	if (!parse_change(request, &change))
		return;
	r = change_parse_body(request->content.data, request->content.length, &change, &why);
	if (r < 0) {
		request_fail(request, PROBLEM_CHANGE_INVALID, "%s", why.text);
		return;
	}
	start_change(agent, request, &change);
}

void resource_zone_delete(struct agent *agent, struct request *request)
{
	struct change change = {.present = false};

	if (!parse_change(request, &change))
		return;
	if (request->content.length > 0) {
		request_fail(request, PROBLEM_CHANGE_INVALID, "DELETE has no body");
		return;
	}
	start_change(agent, request, &change);
}

static void reply_refused(struct request *request, const struct change_result *result)
{
	struct problem problem = {.generation = result->generation};

	if (result->outcome == CHANGE_STALE) {
		problem.type = PROBLEM_STALE;
		snprintf(problem.detail, sizeof(problem.detail),
			 "a newer change of this zone is known");
	} else {
		if (problem_find(result->problem, &problem.type) < 0)
			problem.type = PROBLEM_FAILED;
		snprintf(problem.detail, sizeof(problem.detail), "%s", result->detail);
	}
	request_reply_problem(request, &problem);
}

void resource_zone_finish(struct agent *agent, struct request *request)
{
	const struct change_result *result = &request->job->results[0];
	const struct change *change = &request->job->changes.items[0].change;

	(void)agent;
	if (result->outcome == CHANGE_STALE || result->outcome == CHANGE_REFUSED) {
		reply_refused(request, result);
		return;
	}
	request_reply_json(request, result->outcome == CHANGE_ACCEPTED ? 202 : 200,
			   json_pack("{s:s, s:s, s:I}", "zone", change->zone.text, "result",
				     change_outcome_text(result->outcome), "generation",
				     (json_int_t)result->generation));
}
