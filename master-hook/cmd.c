#include "master-hook/cmd.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/file.h"
#include "proto/log.h"
#include "proto/text.h"

/* Of slaves, where one is asked for that isn't there. */
#define NAMES_SHOWN 20

/* For another process that is moving a damaged outbox aside: it reads all of it first. */
#define MEND_WAIT_MS  60000
#define MEND_PAUSE_MS 50

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
	else if (error == ZP_EDAMAGED)
		log_error("outbox: %s; `zonepush sync` does so, and fills a new one with what is "
			  "active in Plesk",
			  why->text);
	else
		log_error("outbox: %s", why->text);
}

bool cmd_open_outbox(struct cmd_context *context)
{
	struct reason why;
	int r;

	r = outbox_open(context->config.state, context->config.group, &context->outbox, &why);
	if (r < 0) {
		explain_outbox(&context->config, r, &why);
		return false;
	}
	r = outbox_restore_slaves(context->outbox);
	if (r < 0) {
		cmd_explain_outbox(context, "outbox", r);
		outbox_free(context->outbox);
		context->outbox = NULL;
	}
	return r == 0;
}

/* Returns 0, or ZP_EDAMAGED with a reason; other errors are a matter of opening it. */
static int check_outbox(struct cmd_context *context, struct reason *why)
{
	int r;

	r = outbox_open(context->config.state, context->config.group, &context->outbox, why);
	if (r < 0)
		return r == ZP_EDAMAGED ? r : 0;
	r = outbox_check(context->outbox);
	if (r == ZP_EDAMAGED)
		reason_set(why, "'%s/" OUTBOX_FILE "' is damaged", context->config.state);
	outbox_free(context->outbox);
	context->outbox = NULL;
	return r == ZP_EDAMAGED ? r : 0;
}

static int lock_mending(const struct hook_config *config)
{
	uint64_t until = clock_steady_ms() + MEND_WAIT_MS;
	char path[PATH_MAX];
	int lock;

	snprintf(path, sizeof(path), "%.3000s/" OUTBOX_LOCK_FILE, config->state);
	for (;;) {
		lock = file_lock(path);
		if (lock != -EWOULDBLOCK || clock_steady_ms() >= until)
			return lock;
		poll(NULL, 0, MEND_PAUSE_MS);
	}
}

/*
 * Two may notice at once: who comes second must not take the new outbox for the damaged one.
 * Leaves the path empty where another process was first.
 */
static int set_aside(struct cmd_context *context, char ret_path[static PATH_MAX],
		     struct reason *why)
{
	int lock, r;

	lock = lock_mending(&context->config);
	if (lock < 0)
		return lock;
	ret_path[0] = '\0';
	r = check_outbox(context, why);
	if (r == ZP_EDAMAGED)
		r = outbox_set_aside(context->config.state, ret_path);
	close(lock);
	return r;
}

bool cmd_mend_outbox(struct cmd_context *context)
{
	char aside[PATH_MAX];
	struct reason why;
	int r;

	r = check_outbox(context, &why);
	if (r == 0)
		return true;
	r = set_aside(context, aside, &why);
	if (r == -EWOULDBLOCK)
		log_error("outbox: %s, and another process has been mending it for %d s; call "
			  "`zonepush sync` again when that has ended",
			  why.text, MEND_WAIT_MS / 1000);
	else if (r < 0)
		log_error("outbox: %s, and can't be moved aside (%s)", why.text, error_text(r));
	else if (*aside)
		log_error("outbox: %s: it is kept as '%s', and a new one is made; deletions that "
			  "slaves still owed are forgotten, and shown by sync as zones that were "
			  "never wanted here",
			  why.text, aside);
	return r == 0 && !*aside;
}

bool cmd_open(const struct verb_call *call, struct cmd_context *ret_context)
{
	struct cmd_context context = {0};

	if (!cmd_load_config(call, &context.config))
		return false;
	if (!cmd_open_outbox(&context)) {
		hook_config_done(&context.config);
		return false;
	}
	*ret_context = context;
	return true;
}

bool cmd_load_key(struct cmd_context *context)
{
	struct reason why;
	int r = 0;

	if (!context->key)
		r = key_load(context->config.key, &context->key, &why);
	if (r < 0)
		log_error("key: %s", why.text);
	return r == 0;
}

struct outbox_slave *cmd_find_slave(struct outbox_slave *slaves, size_t count, const char *name)
{
	struct text_buffer names = {0};
	int r = 0;

	for (size_t i = 0; i < count; i++)
		if (strcmp(slaves[i].name, name) == 0)
			return &slaves[i];
	for (size_t i = 0; r == 0 && i < count && i < NAMES_SHOWN; i++)
		r = text_buffer_printf(&names, "%s%s", i > 0 ? ", " : "", slaves[i].name);
	if (count == 0)
		log_error("there is no slave '%s', and no other yet; `zonepush slave add` adds one",
			  name);
	else
		log_error("there is no slave '%s'; known are: %s%s", name,
			  r == 0 ? names.data : "?", count > NAMES_SHOWN ? ", ..." : "");
	text_buffer_done(&names);
	return NULL;
}

bool cmd_load_slave(struct cmd_context *context, const char *name, struct outbox_slave *ret_slave)
{
	struct outbox_slave *slaves = NULL, *found = NULL;
	size_t count = 0;
	int r;

	r = outbox_slave_list(context->outbox, &slaves, &count);
	if (r < 0)
		cmd_explain_outbox(context, "slave", r);
	else
		found = cmd_find_slave(slaves, count, name);
	if (found)
		*ret_slave = *found;
	free(slaves);
	return found;
}

void cmd_explain_outbox(struct cmd_context *context, const char *subject, int error)
{
	log_error("%s: the outbox failed (%s: %s)", subject, error_text(error),
		  outbox_reason(context->outbox));
}

int cmd_print_json(json_t *json)
{
	int r = json ? 0 : -ENOMEM;

	if (r == 0 && json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0)
		r = -EIO;
	if (r == 0)
		putchar('\n');
	json_decref(json);
	return r;
}

void cmd_close(struct cmd_context *context)
{
	key_free(context->key);
	outbox_free(context->outbox);
	hook_config_done(&context->config);
}
