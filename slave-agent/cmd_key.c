#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>

#include "proto/file.h"
#include "proto/key.h"
#include "proto/log.h"
#include "slave-agent/cmd.h"

#define KEY_MODE	   0600
#define KEY_DIRECTORY_MODE 0755

bool cmd_load_config(const struct verb_call *call, struct agent_config *ret_config)
{
	struct reason why;
	int r;

	r = agent_config_load(call->config_path, ret_config, &why);
	if (r < 0)
		log_error("config: %s", why.text);
	return r == 0;
}

static int make_key(const struct agent_config *config, struct reason *why)
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
	r = key_save(key, config->key, KEY_MODE, (gid_t)-1, why);
	if (r == 0)
		printf("%s\n", key_get_public(key)->id);
	key_free(key);
	return r;
}

int cmd_key_init(struct verb_call *call)
{
	struct agent_config config;
	struct reason why;
	int r;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;

	r = make_key(&config, &why);
	if (r == -EEXIST)
		log_error("key: '%s' is there already and is kept; `zonepush-agent key show` "
			  "prints its key id",
			  config.key);
	else if (r < 0)
		log_error("key: %s", why.text);
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
