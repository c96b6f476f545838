#include <stdio.h>

#include "proto/key.h"
#include "proto/log.h"
#include "slave-agent/cmd.h"

#define KEY_MODE 0600

int cmd_key_init(struct verb_call *call)
{
	struct agent_config config;
	struct key *key = NULL;
	struct reason why;
	int r;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;

	r = key_make(config.key, KEY_MODE, (gid_t)-1, &key, &why);
	if (r < 0)
		log_error("key: %s", why.text);
	else
		printf("%s\n", key_get_public(key)->id);
	key_free(key);
	agent_config_done(&config);
	return r == 0 ? VERB_OK : VERB_FAILED;
}

int cmd_key_show(struct verb_call *call)
{
	struct agent_config config;
	struct key *key = NULL;
	struct reason why;
	int r;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;

	r = key_load(config.key, &key, &why);
	if (r < 0)
		log_error("key: %s", why.text);
	else
		printf("%s\n", key_get_public(key)->id);
	key_free(key);
	agent_config_done(&config);
	return r == 0 ? VERB_OK : VERB_FAILED;
}
