#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "master-hook/cmd.h"
#include "proto/log.h"

#define KEY_MODE 0640

static int make(struct cmd_context *context, struct reason *why)
{
	return key_make(context->config.key, KEY_MODE, context->config.group, &context->key, why);
}

bool cmd_make_key(struct cmd_context *context)
{
	struct reason why;
	int r;

	r = access(context->config.key, F_OK) == 0 ? -EEXIST : make(context, &why);
	if (r == 0)
		printf("this master's key is made: %s\n", key_get_public(context->key)->id);
	else if (r == -EEXIST)
		return cmd_load_key(context);
	else
		log_error("key: %s", why.text);
	return r == 0;
}

int cmd_key_init(struct verb_call *call)
{
	struct cmd_context context;
	struct reason why;
	int r;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	/* The outbox is made here too, by root, so that the hook finds it as it needs it. */
	if (!cmd_open(call, &context))
		return VERB_FAILED;

	r = make(&context, &why);
	if (r < 0)
		log_error("key: %s", why.text);
	else
		printf("%s\n", key_get_public(context.key)->id);
	cmd_close(&context);
	return r == 0 ? VERB_OK : VERB_FAILED;
}

int cmd_key_show(struct verb_call *call)
{
	struct cmd_context context = {0};
	bool good;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &context.config))
		return VERB_FAILED;
	good = cmd_load_key(&context);
	if (good)
		printf("%s\n", key_get_public(context.key)->id);
	cmd_close(&context);
	return good ? VERB_OK : VERB_FAILED;
}
