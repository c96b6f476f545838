#include <string.h>

#include <jansson.h>

#include "proto/log.h"
#include "slave-agent/cmd.h"

int cmd_maintenance(struct verb_call *call)
{
	struct cmd_order order = {.method = "PUT", .path = "/v1/maintenance"};
	struct agent_config config;
	bool on;
	int code;

	if (!verb_parse(call, NULL, 1, 1))
		return VERB_USAGE;
	on = strcmp(call->argv[0], "on") == 0;
	if (!on && strcmp(call->argv[0], "off") != 0) {
		log_error("maintenance: '%s' is neither on nor off", call->argv[0]);
		return VERB_USAGE;
	}
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	order.body = json_pack("{s:b}", "on", on);
	order.done = on ? "maintenance is on: changes are accepted and wait, named is left alone"
			: "maintenance is off: named has what was accepted meanwhile";
	code = cmd_tell(call, &config, &order);
	agent_config_done(&config);
	return code;
}
