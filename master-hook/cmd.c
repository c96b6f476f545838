#include "master-hook/cmd.h"

#include <errno.h>

#include "proto/log.h"

bool cmd_load_config(const struct verb_call *call, struct hook_config *ret_config)
{
	struct reason why;
	int r;

	r = hook_config_load(call->config_path, ret_config, &why);
	if (r < 0)
		log_error("config: %s", why.text);
	return r == 0;
}

bool cmd_open(const struct verb_call *call, struct cmd_context *ret_context)
{
	struct cmd_context context = {0};
	struct reason why;
	int r;

	if (!cmd_load_config(call, &context.config))
		return false;
	r = outbox_open(context.config.state, context.config.group, &context.outbox, &why);
	if (r == -EACCES || r == -EPERM || r == -EROFS)
		log_error("outbox: %s; root may write it, and who is in group '%s'", why.text,
			  context.config.group_name);
	else if (r < 0)
		log_error("outbox: %s", why.text);
	if (r < 0) {
		hook_config_done(&context.config);
		return false;
	}
	*ret_context = context;
	return true;
}

bool cmd_load_key(struct cmd_context *context)
{
	struct reason why;
	int r;

	r = key_load(context->config.key, &context->key, &why);
	if (r < 0)
		log_error("key: %s", why.text);
	return r == 0;
}

void cmd_close(struct cmd_context *context)
{
	key_free(context->key);
	outbox_free(context->outbox);
	hook_config_done(&context->config);
}
