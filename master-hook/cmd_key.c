#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>

#include "master-hook/cmd.h"
#include "proto/file.h"
#include "proto/log.h"

#define KEY_MODE	   0640
#define KEY_DIRECTORY_MODE 0755

static bool load_config(const struct verb_call *call, struct hook_config *ret_config)
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

	if (!load_config(call, &context.config))
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

static int make_key(const struct hook_config *config, struct reason *why)
{
	struct key *key = NULL;
	char copy[PATH_MAX];
	int r;

	snprintf(copy, sizeof(copy), "%s", config->key);
	r = file_make_directory(dirname(copy), KEY_DIRECTORY_MODE, (gid_t)-1);
	if (r < 0)
		return reason_fail(why, r, "can't make the directory of '%s' (%s)", config->key,
				   error_text(r));
	r = key_generate(&key);
	if (r < 0)
		return reason_fail(why, r, "can't make a key (%s)", error_text(r));
	r = key_save(key, config->key, KEY_MODE, config->group, why);
	if (r == 0)
		printf("%s\n", key_get_public(key)->id);
	key_free(key);
	return r;
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

	r = make_key(&context.config, &why);
	if (r == -EEXIST)
		log_error("key: '%s' is there already and is kept; `zonepush key show` prints its "
			  "key id",
			  context.config.key);
	else if (r < 0)
		log_error("key: %s", why.text);
	cmd_close(&context);
	return r == 0 ? VERB_OK : VERB_FAILED;
}

int cmd_key_show(struct verb_call *call)
{
	struct cmd_context context = {0};
	bool good;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	if (!load_config(call, &context.config))
		return VERB_FAILED;
	good = cmd_load_key(&context);
	if (good)
		printf("%s\n", key_get_public(context.key)->id);
	cmd_close(&context);
	return good ? VERB_OK : VERB_FAILED;
}
