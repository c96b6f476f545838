#ifndef ZP_AGENT_CONFIG_H
#define ZP_AGENT_CONFIG_H

/* zonepush-agent.conf: conf/zonepush-agent.conf says what each key means. */

#include <stdint.h>
#include <sys/types.h>

#include "proto/address.h"
#include "proto/config.h"
#include "proto/error.h"
#include "proto/zone_name.h"

#define AGENT_CONFIG_PATH  "/etc/zonepush-agent/zonepush-agent.conf"
#define AGENT_DEFAULT_PORT 8353
#define AGENT_LISTEN_MAX   8
#define AGENT_VIEW_MAX	   64 /* bytes */

struct agent_config {
	/* as written; times in ms */
	struct config_list listen_texts;
	char *socket;
	char *state;
	char *key;
	char *include;
	char *data;
	char *audit; /* "": no file */
	char *group_name;
	char *named_conf;
	char *named_checkconf;
	char *nzd2nzf;
	char *rndc;
	char *rndc_key;
	char *rndc_address; /* "": what rndc_key says, else 127.0.0.1 */
	uint64_t rndc_port; /* 0: likewise, else 953 */
	uint64_t rndc_timeout;
	char *named_address_text;
	char *transfer_source_text, *transfer_source_v6_text;
	uint64_t sweep;
	char *view; /* "": named has no views, or the zone is looked for in all */
	uint64_t retry;
	struct config_list reserved_texts;
	char *overlap;
	struct config_list overlap_masters;

	/* made from it */
	struct address listen[AGENT_LISTEN_MAX];
	size_t n_listen;
	struct address named_address;
	struct address transfer_source, transfer_source_v6; /* family 0: the system chooses */
	gid_t group;					    /* (gid_t)-1: none is set */
	struct zone_name *allow_reserved;
	size_t n_allow_reserved;
	bool allow_overlap;
};

extern const struct config_key agent_config_keys[];

/* Loads and checks the file. Returns 0 or an error as config_load(), with its reason. */
int agent_config_load(const char *path, struct agent_config *ret_config, struct reason *why)
	__attribute__((warn_unused_result));
void agent_config_done(struct agent_config *config);

#endif
