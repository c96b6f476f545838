#include "slave-agent/route.h"

#include <stdio.h>
#include <string.h>

#include "slave-agent/resource.h"

static const struct route routes[] = {
	{"GET", "/v1/zones", ROUTE_MASTERS, resource_zones_list, NULL},
	{"GET", "/v1/zones/{}", ROUTE_MASTERS, resource_zone_get, NULL},
	{"PUT", "/v1/zones/{}", ROUTE_MASTERS, resource_zone_put, resource_zone_finish},
	{"DELETE", "/v1/zones/{}", ROUTE_MASTERS, resource_zone_delete, resource_zone_finish},
	{"GET", "/v1/zones/{}/masters", ROUTE_LOCAL, resource_zone_masters_get, NULL},
	{"PUT", "/v1/zones/{}/owner", ROUTE_LOCAL, resource_owner_put, resource_owner_finish},
	{"POST", "/v1/changes", ROUTE_MASTERS, resource_changes_post, resource_changes_finish},
	{"GET", "/v1/status", ROUTE_MASTERS, resource_status_get, NULL},
	{"GET", "/v1/identity", ROUTE_MASTERS, resource_identity_get, NULL},
	{"GET", "/v1/digests", ROUTE_MASTERS, resource_digests_get, NULL},
	{"GET", "/v1/master", ROUTE_MASTERS, resource_master_get, NULL},
	{"PUT", "/v1/master", ROUTE_MASTERS, resource_master_put, resource_master_finish},
	{"PUT", "/v1/maintenance", ROUTE_LOCAL, resource_maintenance_put,
	 resource_maintenance_finish},
	{"GET", "/v1/masters", ROUTE_LOCAL, resource_masters_list, NULL},
	{"GET", "/v1/masters/{}", ROUTE_LOCAL, resource_known_master_get, NULL},
	{"PUT", "/v1/masters/{}/policy", ROUTE_LOCAL, resource_policy_put, resource_policy_finish},
	{"POST", "/v1/masters/{}/revoke", ROUTE_LOCAL, resource_revoke_post,
	 resource_revoke_finish},
	{"POST", "/v1/masters/{}/purge", ROUTE_LOCAL, resource_purge_post, resource_estate_finish},
	{"POST", "/v1/masters/{}/give", ROUTE_LOCAL, resource_give_post, resource_estate_finish},
	{"GET", "/v1/invitations", ROUTE_LOCAL, resource_invitations_list, NULL},
	{"POST", "/v1/invitations", ROUTE_LOCAL, resource_invitations_post,
	 resource_invitations_finish},
	{"DELETE", "/v1/invitations/{}", ROUTE_LOCAL, resource_invitation_delete,
	 resource_invitation_finish},
	{"POST", "/v1/enrol", ROUTE_ANY_KEY, resource_enrol_post, resource_enrol_finish},
	{"PUT", "/v1/keys/{}", ROUTE_MASTERS, resource_keys_put, resource_keys_finish},
	{"GET", "/v1/key", ROUTE_LOCAL, resource_agent_key_get, NULL},
	{"POST", "/v1/key/reload", ROUTE_LOCAL, resource_agent_key_reload, NULL},
	{"POST", "/v1/shrink", ROUTE_LOCAL, resource_shrink_post, resource_shrink_finish},
	{"POST", "/v1/masters", ROUTE_LOCAL, resource_masters_post, resource_masters_finish},
};
#define N_ROUTES (sizeof(routes) / sizeof(routes[0]))

/* What stands in the place of `{}`. */
struct argument {
	const char *text;
	size_t length;
};

static bool match(const struct route *route, const char *path, struct argument *ret_argument)
{
	size_t fixed = strcspn(route->path, "{");
	const char *rest = route->path + fixed;

	if (strncmp(path, route->path, fixed) != 0)
		return false;
	*ret_argument = (struct argument){path + fixed, 0};
	if (*rest == '\0')
		return path[fixed] == '\0';
	ret_argument->length = strcspn(path + fixed, "/");
	return ret_argument->length > 0 &&
	       strcmp(path + fixed + ret_argument->length, rest + strlen("{}")) == 0;
}

static const struct route *find(const struct request *request, struct argument *ret_argument)
{
	for (size_t i = 0; i < N_ROUTES; i++)
		if (match(&routes[i], request->path, ret_argument) &&
		    strcmp(routes[i].method, request->method) == 0)
			return &routes[i];
	return NULL;
}

bool route_is_for_any_key(const struct request *request)
{
	struct argument argument;
	const struct route *route = find(request, &argument);

	return route && route->access == ROUTE_ANY_KEY;
}

/* `Allow` of a path that exists (RFC 9110 §10.2.1). */
static void list_methods(struct request *request)
{
	struct argument argument;
	size_t used = 0;

	for (size_t i = 0; i < N_ROUTES; i++)
		if (match(&routes[i], request->path, &argument))
			used += (size_t)snprintf(request->allow + used,
						 sizeof(request->allow) - used, "%s%s",
						 used ? ", " : "", routes[i].method);
}

void route_find(struct request *request)
{
	struct argument argument;
	const struct route *route = find(request, &argument);

	if (route) {
		request->argument = strndup(argument.text, argument.length);
		if (request->argument)
			request->route = route;
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
