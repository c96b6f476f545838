#ifndef ZP_HOOK_CMD_H
#define ZP_HOOK_CMD_H

/* The verbs of zonepush; main.c has their table. Each returns an exit code of verb.h. */

#include <jansson.h>

#include "master-hook/hook_config.h"
#include "master-hook/outbox.h"
#include "proto/key.h"
#include "proto/verb.h"

int cmd_hook(struct verb_call *call);
int cmd_deliver(struct verb_call *call);
int cmd_check(struct verb_call *call);
int cmd_log(struct verb_call *call);
int cmd_curl(struct verb_call *call);
int cmd_explain(struct verb_call *call);
int cmd_event(struct verb_call *call);
int cmd_install(struct verb_call *call);
int cmd_uninstall(struct verb_call *call);
int cmd_sync(struct verb_call *call);
int cmd_status(struct verb_call *call);
int cmd_slave_add(struct verb_call *call);
int cmd_slave_replace(struct verb_call *call);
int cmd_slave_list(struct verb_call *call);
int cmd_slave_show(struct verb_call *call);
int cmd_slave_pause(struct verb_call *call);
int cmd_slave_resume(struct verb_call *call);
int cmd_slave_remove(struct verb_call *call);
int cmd_key_init(struct verb_call *call);
int cmd_key_show(struct verb_call *call);
int cmd_key_rotate(struct verb_call *call);

/* What most verbs work with. The key is NULL where it wasn't asked for, or can't be had. */
struct cmd_context {
	struct hook_config config;
	struct outbox *outbox;
	struct key *key;
};

/* Loads the configuration; false after it said on standard error what is wrong with it. */
bool cmd_load_config(const struct verb_call *call, struct hook_config *ret_config);

/*
 * Loads the configuration and opens the outbox; says on standard error what is wrong and returns
 * false where it can't.
 */
bool cmd_open(const struct verb_call *call, struct cmd_context *ret_context);

/* The second half of that: the outbox of a context that has its configuration. */
bool cmd_open_outbox(struct cmd_context *context);

/*
 * Reads all of the outbox before it is opened, and moves a damaged one aside, so that a new one is
 * made. Says so and returns false then. One process at a time does so; the others find the new one.
 */
bool cmd_mend_outbox(struct cmd_context *context);

/* Loads the key; false after it said why it can't. */
bool cmd_load_key(struct cmd_context *context);

/* The same, and makes the key where there is none yet. */
bool cmd_make_key(struct cmd_context *context);

/*
 * Begins the rotation of the key that is loaded, or goes on with it (rotation.h), and says how far
 * it is. False where it isn't done.
 */
bool cmd_rotate_key(struct cmd_context *context, bool force);

/* The slave of this name; NULL after it said which there are. */
struct outbox_slave *cmd_find_slave(struct outbox_slave *slaves, size_t count, const char *name);

/* The same, out of the outbox; false after it said why there is none. */
bool cmd_load_slave(struct cmd_context *context, const char *name, struct outbox_slave *ret_slave);

/* Says that the outbox failed: `subject: the outbox failed (...)`. */
void cmd_explain_outbox(struct cmd_context *context, const char *subject, int error);

/* Prints it for programs, and a line feed. Takes the JSON over. -ENOMEM where it is NULL, -EIO. */
int cmd_print_json(json_t *json) __attribute__((warn_unused_result));

void cmd_close(struct cmd_context *context);

#endif
