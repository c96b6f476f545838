#include "slave-agent/route.h"

#include <stdio.h>
#include <string.h>

#include "slave-agent/resource.h"

static const struct route routes[] = {
	{"GET", "/v1/zones", false, resource_zones_list, NULL},
	{"GET", "/v1/zones/{}", false, resource_zone_get, NULL},
	{"PUT", "/v1/zones/{}", false, resource_zone_put, resource_zone_finish},
	{"DELETE", "/v1/zones/{}", false, resource_zone_delete, resource_zone_finish},
	{"POST", "/v1/changes", false, resource_changes_post, resource_changes_finish},
	{"GET", "/v1/status", false, resource_status_get, NULL},
	{"GET", "/v1/masters", true, resource_masters_list, NULL},
	{"POST", "/v1/shrink", true, resource_shrink_post, resource_shrink_finish},
	{"POST", "/v1/masters", true, resource_masters_post, resource_masters_finish},
};
#define N_ROUTES (sizeof(routes) / sizeof(routes[0]))

/* Gives what stands in the place of `{}`, "" where the route has none, or NULL: another path. */
static const char *match(const struct route *route, const char *path)
{
	size_t fixed = strcspn(route->path, "{");

	if (route->path[fixed] == '\0')
		return strcmp(path, route->path) == 0 ? "" : NULL;
	if (strncmp(path, route->path, fixed) != 0)
		return NULL;
	path += fixed;
	return *path && !strchr(path, '/') ? path : NULL;
}

/* `Allow` of a path that exists (RFC 9110 §10.2.1). */
static void list_methods(struct request *request)
{
	size_t used = 0;

	for (size_t i = 0; i < N_ROUTES; i++)
		if (match(&routes[i], request->path))
			used += (size_t)snprintf(request->allow + used,
						 sizeof(request->allow) - used, "%s%s",
						 used ? ", " : "", routes[i].method);
}

void route_find(struct request *request)
{
	const char *argument;

	for (size_t i = 0; i < N_ROUTES; i++) {
		argument = match(&routes[i], request->path);
		if (!argument || strcmp(routes[i].method, request->method) != 0)
			continue;
		request->argument = strdup(argument);
		if (request->argument)
			request->route = &routes[i];
		else
			request_fail(request, PROBLEM_FAILED, "out of memory");
		return;
	}

	list_methods(request);
	if (*request->allow)
		request_fail(request, PROBLEM_WRONG_METHOD, "allowed here: %s", request->allow);
	else
		request_fail(request, PROBLEM_NOT_FOUND, "there is nothing at '%.200s'",
			     request->path);
}
