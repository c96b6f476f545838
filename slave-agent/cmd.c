#include "slave-agent/cmd.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "proto/log.h"
#include "slave-agent/local_client.h"

bool cmd_load_config(const struct verb_call *call, struct agent_config *ret_config)
{
	struct reason why;
	int r;

	r = agent_config_load(call->config_path, ret_config, &why);
	if (r < 0)
		log_error("config: %s", why.text);
	return r == 0;
}

int cmd_print_json(const json_t *json)
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
		r = as_json ? cmd_print_json(json) : view->print(json);
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

static int judge(const struct verb_call *call, const json_t *reply, const char *done)
{
	const char *result = json_string_value(json_object_get(reply, "result"));

	if (result && strcmp(result, "accepted") == 0) {
		log_error("%s: noted, but named doesn't follow yet; `zonepush-agent status` says "
			  "why",
			  call->verb->name);
		return VERB_FAILED;
	}
	printf("%s\n", done);
	return VERB_OK;
}

int cmd_tell(const struct verb_call *call, const struct agent_config *config,
	     const struct cmd_order *order)
{
	json_t *reply = NULL;
	struct reason why;
	char *body = NULL;
	int r = 0, code;

	if (order->body) {
		body = json_dumps(order->body, JSON_COMPACT);
		json_decref(order->body);
		r = body ? 0 : reason_fail(&why, -ENOMEM, "out of memory");
	}
	if (r == 0)
		r = local_client_call(config, order->method, order->path, body, &reply, &why);
	free(body);
	if (r < 0) {
		log_error("%s: %s", call->verb->name, why.text);
		return VERB_FAILED;
	}
	code = judge(call, reply, order->done);
	json_decref(reply);
	return code;
}

int cmd_become_agent(const struct agent_config *config, struct reason *why)
{
	const struct passwd *user;
	struct stat state;

	if (geteuid() != 0 || stat(config->state, &state) < 0 || state.st_uid == 0)
		return 0;
	user = getpwuid(state.st_uid);
	if (!user || initgroups(user->pw_name, user->pw_gid) < 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		return reason_fail(why, -EPERM, "can't become the owner of '%s'", config->state);
	return 0;
}
