#include "slave-agent/cmd.h"

int cmd_shrink(struct verb_call *call)
{
	static const struct cmd_order order = {
		.method = "POST",
		.path = "/v1/shrink",
		.done = "named now has the zones that masters want, and no others",
	};
	struct agent_config config;
	int code;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	code = cmd_tell(call, &config, &order);
	agent_config_done(&config);
	return code;
}
