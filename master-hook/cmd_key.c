#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "master-hook/cmd.h"
#include "master-hook/rotation.h"
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

bool cmd_rotate_key(struct cmd_context *context, bool force)
{
	struct rotation_summary summary;
	struct reason why;
	int r;

	r = rotation_run(&context->config, context->key, context->outbox, force, &summary, &why);
	if (r < 0) {
		log_error("key rotate: %s", why.text);
		return false;
	}
	if (!summary.is_done) {
		log_error("key rotate: %zu of %zu slaves know the next key, %s; the present one "
			  "stays in use until all of them do: `zonepush key rotate` goes on, as "
			  "does every `zonepush sync`, and --force leaves the others behind",
			  summary.told, summary.slaves, summary.next.id);
		return false;
	}
	printf("this master's key is now %s; slaves that know it: %zu of %zu\n", summary.next.id,
	       summary.told, summary.slaves);
	if (summary.told < summary.slaves)
		printf("the others need an invitation for this master: `zonepush-agent invite "
		       "--for NAME` there, `zonepush slave replace` here\n");
	return true;
}

int cmd_key_rotate(struct verb_call *call)
{
	bool force = false, good;
	const struct verb_option options[] = {
		{"--force", &force, NULL},
		{NULL, NULL, NULL},
	};
	struct cmd_context context;

	if (!verb_parse(call, options, 0, 0))
		return VERB_USAGE;
	if (!cmd_open(call, &context))
		return VERB_FAILED;
	good = cmd_load_key(&context) && cmd_rotate_key(&context, force);
	cmd_close(&context);
	return good ? VERB_OK : VERB_FAILED;
}
