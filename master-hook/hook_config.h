#ifndef ZP_HOOK_CONFIG_H
#define ZP_HOOK_CONFIG_H

/* zonepush.conf: conf/zonepush.conf says what each key means. */

#include <stdint.h>
#include <sys/types.h>

#include "master-hook/primaries.h"
#include "proto/config.h"
#include "proto/error.h"

#define HOOK_CONFIG_PATH "/etc/zonepush/zonepush.conf"

struct hook_config {
	/* as written; times in ms */
	char *state;
	char *key;
	char *group_name;
	uint64_t deadline;
	uint64_t connect_timeout;
	uint64_t request_timeout;
	uint64_t retry_min;
	uint64_t retry_max;
	bool reverse_zones;
	struct config_list primaries_text;
	uint64_t absent_after; /* days; 0: never */
	char *named_text;
	char *plesk;
	char *chain;
	char *named_checkconf;
	char *named_conf;
	char *named_chroot;

	/* made from it */
	gid_t group;		    /* (gid_t)-1: none is set */
	struct address named;	    /* the local name server */
	struct primaries primaries; /* none: what each slave was told stays */
};

extern const struct config_key hook_config_keys[];

/* Loads and checks the file. Returns 0 or an error as config_load(), with its reason. */
int hook_config_load(const char *path, struct hook_config *ret_config, struct reason *why)
	__attribute__((warn_unused_result));
void hook_config_done(struct hook_config *config);

#endif
