#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "proto/log.h"
#include "slave-agent/cmd.h"
#include "slave-agent/local_client.h"

int cmd_shrink(struct verb_call *call)
{
	struct agent_config config;
	json_t *reply = NULL;
	struct reason why;
	const char *result;
	int r;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;

	r = local_client_call(&config, "POST", "/v1/shrink", NULL, &reply, &why);
	agent_config_done(&config);
	if (r < 0) {
		log_error("shrink: %s", why.text);
		return VERB_FAILED;
	}
	result = json_string_value(json_object_get(reply, "result"));
	if (result && strcmp(result, "applied") == 0)
		printf("named now has the zones that masters want, and no others\n");
	else
		log_error("shrink: named doesn't follow yet; `zonepush-agent status` says why");
	r = result && strcmp(result, "applied") == 0 ? VERB_OK : VERB_FAILED;
	json_decref(reply);
	return r;
}
