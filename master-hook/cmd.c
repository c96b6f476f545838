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

static void explain_outbox(const struct hook_config *config, int error, const struct reason *why)
{
	const char *group = config->group_name;

	if ((error == -EACCES || error == -EPERM) && *group)
		log_error("outbox: %s; root may write it, and who is in group '%s': call zonepush "
			  "as one of them, or give the group its rights back by `chgrp -R %s '%s'; "
			  "chmod -R g+rwX '%s'`",
			  why->text, group, group, config->state, config->state);
	else if (error == -EACCES || error == -EPERM)
		log_error("outbox: %s; root may write it, and the owner of '%s'", why->text,
			  config->state);
	else
		log_error("outbox: %s", why->text);
}

bool cmd_open(const struct verb_call *call, struct cmd_context *ret_context)
{
	struct cmd_context context = {0};
	struct reason why;
	int r;

	if (!cmd_load_config(call, &context.config))
		return false;
	r = outbox_open(context.config.state, context.config.group, &context.outbox, &why);
	if (r < 0) {
		explain_outbox(&context.config, r, &why);
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
