#ifndef ZP_AGENT_CMD_H
#define ZP_AGENT_CMD_H

/* The verbs of zonepush-agent; main.c has their table. Each returns an exit code of verb.h. */

#include "proto/verb.h"
#include "slave-agent/agent_config.h"

int cmd_run(struct verb_call *call);
int cmd_status(struct verb_call *call);
int cmd_master_add(struct verb_call *call);
int cmd_master_list(struct verb_call *call);
int cmd_zone_list(struct verb_call *call);
int cmd_shrink(struct verb_call *call);
int cmd_adopt(struct verb_call *call);
int cmd_rebuild(struct verb_call *call);
int cmd_guard(struct verb_call *call);
int cmd_zone_give(struct verb_call *call);
int cmd_master_set(struct verb_call *call);
int cmd_maintenance(struct verb_call *call);
int cmd_explain(struct verb_call *call);
int cmd_key_init(struct verb_call *call);
int cmd_key_show(struct verb_call *call);
int cmd_key_rotate(struct verb_call *call);

int cmd_invite(struct verb_call *call);
int cmd_invitation_list(struct verb_call *call);
int cmd_invitation_revoke(struct verb_call *call);
int cmd_master_show(struct verb_call *call);
int cmd_master_policy(struct verb_call *call);
int cmd_master_revoke(struct verb_call *call);
int cmd_master_purge(struct verb_call *call);
int cmd_master_give(struct verb_call *call);

/* Loads the configuration, or says on standard error what is wrong with it and returns false. */
bool cmd_load_config(const struct verb_call *call, struct agent_config *ret_config);

/*
 * As root, becomes the owner of the state: what is written then is the agent's, which can replace
 * it. Returns 0 or -EPERM with a reason.
 */
int cmd_become_agent(const struct agent_config *config, struct reason *why)
	__attribute__((warn_unused_result));

struct json_t;

/* Prints it for programs. Returns 0 or -EIO. */
int cmd_print_json(const struct json_t *json);

/* A verb that shows something of the running agent. */
struct cmd_view {
	/* Asks the agent. Returns 0 with the JSON, or an error with a reason. */
	int (*fetch)(const struct agent_config *config, struct json_t **ret_json,
		     struct reason *why);
	/* Prints it for people; with --json it is printed as it is. Returns 0 or -ENOMEM. */
	int (*print)(const struct json_t *json);
	/* Whether all is as it should be, which the exit code says; NULL: always. */
	bool (*is_well)(const struct json_t *json);
};
int cmd_show(struct verb_call *call, const struct cmd_view *view);

/* A verb that has the running agent do something, which named may follow later. */
struct cmd_order {
	const char *method, *path;
	struct json_t *body; /* NULL: none; released by cmd_tell() */
	const char *done;    /* what is printed when named has followed */
};
/* VERB_OK, or VERB_FAILED where it was refused, or named doesn't follow yet; which is said. */
int cmd_tell(const struct verb_call *call, const struct agent_config *config,
	     const struct cmd_order *order);

#endif
