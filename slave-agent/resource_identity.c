#include <jansson.h>

#include "slave-agent/resource.h"

void resource_identity_get(struct agent *agent, struct request *request)
{
	static const char *const no_parameters[] = {NULL};
	struct applier_status status;
	struct envelope_state state;
	int r;

	if (!resource_check_query(request, no_parameters))
		return;
	pthread_mutex_lock(&agent->reader_lock);
	r = registry_get_state(agent->reader, &state);
	pthread_mutex_unlock(&agent->reader_lock);
	if (r < 0) {
		resource_fail_registry(request, r);
		return;
	}
	applier_get_status(agent->applier, &status);
	request_reply_json(request, 200,
			   json_pack("{s:s, s:s, s:s, s:s}", "agent",
				     key_get_public(identity_get_present(agent->identity))->id,
				     "instance", state.instance, "version", ZP_VERSION, "bind",
				     status.named.version));
}
