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
int cmd_key_init(struct verb_call *call);
int cmd_key_show(struct verb_call *call);

/* Loads the configuration, or says on standard error what is wrong with it and returns false. */
bool cmd_load_config(const struct verb_call *call, struct agent_config *ret_config);

/* Prints JSON for people and programs. Returns 0 or -EIO. */
struct json_t;
int cmd_print_json(const struct json_t *json);

#endif
