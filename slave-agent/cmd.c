#include "slave-agent/cmd.h"

#include <errno.h>
#include <stdio.h>

#include <jansson.h>

#include "proto/log.h"

bool cmd_load_config(const struct verb_call *call, struct agent_config *ret_config)
{
	struct reason why;
	int r;

	r = agent_config_load(call->config_path, ret_config, &why);
	if (r < 0)
		log_error("config: %s", why.text);
	return r == 0;
}

static int print_json(const json_t *json)
{
	if (json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0)
		return -EIO;
	putchar('\n');
	return 0;
}

static int show(const struct verb_call *call, const struct agent_config *config,
		const struct cmd_view *view, bool as_json)
{
	json_t *json = NULL;
	struct reason why;
	bool well = false;
	int r;

	r = view->fetch(config, &json, &why);
	if (r == 0) {
		r = as_json ? print_json(json) : view->print(json);
		if (r < 0)
			reason_set(&why, "can't print it (%s)", error_text(r));
		well = r == 0 && (!view->is_well || view->is_well(json));
	}
	if (r < 0)
		log_error("%s: %s", call->verb->name, why.text);
	json_decref(json);
	return well ? VERB_OK : VERB_FAILED;
}

int cmd_show(struct verb_call *call, const struct cmd_view *view)
{
	bool as_json = false;
	const struct verb_option options[] = {
		{"--json", &as_json, NULL},
		{NULL, NULL, NULL},
	};
	struct agent_config config;
	int code;

	if (!verb_parse(call, options, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	code = show(call, &config, view, as_json);
	agent_config_done(&config);
	return code;
}
