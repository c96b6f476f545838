#include "slave-agent/resource.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/clock.h"
#include "proto/log.h"

void resource_fail_registry(struct request *request, int error)
{
	log_error("registry: '%s %s' failed (%s)", request->method, request->path,
		  error_text(error));
	request_fail(request, PROBLEM_FAILED, "the registry failed (%s)", error_text(error));
}

static bool find_by_name(struct agent *agent, struct request *request, const char *name,
			 int64_t *ret_master)
{
	struct registry_master master;
	int r;

	pthread_mutex_lock(&agent->reader_lock);
	r = registry_master_find_name(agent->reader, name, &master);
	pthread_mutex_unlock(&agent->reader_lock);
	if (r == ZP_EUNKNOWN)
		request_fail(request, PROBLEM_MALFORMED, "there is no master '%s'", name);
	else if (r < 0)
		resource_fail_registry(request, r);
	else
		*ret_master = master.id;
	return r == 0;
}

bool resource_find_named_master(struct agent *agent, struct request *request,
				struct registry_master *ret_master)
{
	int r;

	pthread_mutex_lock(&agent->reader_lock);
	r = registry_master_find_name(agent->reader, request->argument, ret_master);
	pthread_mutex_unlock(&agent->reader_lock);
	if (r == ZP_EUNKNOWN)
		request_fail(request, PROBLEM_NOT_FOUND, "there is no master '%.64s'",
			     request->argument);
	else if (r < 0)
		resource_fail_registry(request, r);
	return r == 0;
}

static bool find_only_one(struct agent *agent, struct request *request, int64_t *ret_master)
{
	struct registry_master *masters = NULL;
	size_t count = 0;
	int r;

	pthread_mutex_lock(&agent->reader_lock);
	r = registry_master_list(agent->reader, &masters, &count);
	pthread_mutex_unlock(&agent->reader_lock);
	if (r < 0)
		resource_fail_registry(request, r);
	else if (count == 0)
		request_fail(request, PROBLEM_MALFORMED,
			     "no master is known yet; see `zonepush-agent master add`");
	else if (count > 1)
		request_fail(request, PROBLEM_MALFORMED,
			     "%zu masters are known; say which with ?master=NAME", count);
	else
		*ret_master = masters[0].id;
	free(masters);
	return r == 0 && count == 1;
}

bool resource_find_master(struct agent *agent, struct request *request, bool may_be_all,
			  int64_t *ret_master)
{
	char name[REGISTRY_NAME_MAX + 1];

	if (!request->caller.is_local) {
		*ret_master = request->caller.master;
		return true;
	}
	if (request_get_query(request, "master", name, sizeof(name)))
		return find_by_name(agent, request, name, ret_master);
	if (may_be_all) {
		*ret_master = 0;
		return true;
	}
	return find_only_one(agent, request, ret_master);
}

bool resource_parse_zone(struct request *request, struct zone_name *ret_name)
{
	struct reason why;
	int r;

	r = zone_name_parse_path(request->argument, ret_name, &why);
	if (r < 0)
		request_fail(request, PROBLEM_NAME_INVALID, "%s", why.text);
	return r == 0;
}

bool resource_check_query(struct request *request, const char *const allowed[])
{
	struct reason why;
	int r;

	r = request_check_query(request, allowed, &why);
	if (r < 0)
		request_fail(request, PROBLEM_MALFORMED, "%s", why.text);
	return r == 0;
}

const char *const *resource_only_locally(const struct request *request, const char *const names[])
{
	return request->caller.is_local ? names : names + 1;
}

bool resource_parse_generation(struct request *request, uint64_t *ret_generation)
{
	char text[24];

	if (request_get_query(request, "generation", text, sizeof(text)) &&
	    text_parse_integer(text, 1, TEXT_INTEGER_MAX, ret_generation) == 0)
		return true;
	if (request->caller.is_local && !(request->query && strstr(request->query, "generation")))
		return true;
	request_fail(request, PROBLEM_CHANGE_INVALID,
		     "?generation=N is needed, N from 1 to 2^53-1");
	return false;
}

json_t *resource_load_json(struct request *request)
{
	json_error_t error;
	json_t *json;

	json = json_loadb(request->content.data ? request->content.data : "",
			  request->content.length, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		request_fail(request, PROBLEM_MALFORMED, "the body isn't JSON (%s)", error.text);
	return json;
}

bool resource_new_job(struct request *request)
{
	int r;

	r = job_new(&request->job);
	if (r < 0) {
		request_fail(request, PROBLEM_FAILED, "out of memory");
		return false;
	}
	request->job->deadline = clock_steady_ms() + 1000 * request_get_wait(request);
	return true;
}

void resource_new_act(struct request *request, const struct job_act *act, const void *subject,
		      size_t size)
{
	void *copy;

	if (!resource_new_job(request))
		return;
	copy = malloc(size);
	if (!copy) {
		request_fail(request, PROBLEM_FAILED, "out of memory");
		return;
	}
	memcpy(copy, subject, size);
	request->job->act = act;
	request->job->subject = copy;
}
