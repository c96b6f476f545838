#include <errno.h>
#include <stdio.h>

#include <jansson.h>

#include "proto/key_next.h"
#include "proto/log.h"
#include "slave-agent/cmd.h"
#include "slave-agent/local_client.h"

#define NAMES_SHOWN 20

static void print_left(const json_t *left)
{
	const json_t *name;
	size_t i;

	log_error("key rotate: %zu masters don't use the next key yet; each takes it as it next "
		  "speaks with this agent (within an hour, where its timer runs): call this "
		  "again then. --force leaves them behind. They are:",
		  json_array_size(left));
	json_array_foreach(left, i, name)
	{
		if (i == NAMES_SHOWN) {
			log_error("key rotate:   and others");
			break;
		}
		log_error("key rotate:   %s", json_string_value(name));
	}
}

/* Has the running agent take the key files as they are. */
static int reload(const struct agent_config *config, json_t **ret_keys, struct reason *why)
{
	return local_client_call(config, "POST", "/v1/key/reload", NULL, ret_keys, why);
}

/* The masters have the next key; the present one goes. */
static int finish(const struct agent_config *config, const struct key *next, struct reason *why)
{
	json_t *keys = NULL;
	int r;

	r = key_next_promote(config->key, why);
	if (r == 0)
		r = reload(config, &keys, why);
	json_decref(keys);
	if (r == 0)
		printf("this agent's key is now %s\n", key_get_public(next)->id);
	return r;
}

/* Whether it is done; -EAGAIN, with what is left printed. */
static int rotate(const struct agent_config *config, bool force, struct reason *why)
{
	struct key *next = NULL;
	json_t *keys = NULL;
	int r;

	r = key_next_ensure(config->key, &next, why);
	if (r < 0)
		return r;
	printf("the next key is %s\n", key_get_public(next)->id);
	r = reload(config, &keys, why);
	if (r == 0 && (force || json_array_size(json_object_get(keys, "left")) == 0))
		r = finish(config, next, why);
	else if (r == 0)
		r = -EAGAIN;
	if (r == -EAGAIN)
		print_left(json_object_get(keys, "left"));
	json_decref(keys);
	key_free(next);
	return r;
}

int cmd_key_rotate(struct verb_call *call)
{
	bool force = false;
	const struct verb_option options[] = {
		{"--force", &force, NULL},
		{NULL, NULL, NULL},
	};
	struct agent_config config;
	struct reason why;
	int r;

	if (!verb_parse(call, options, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;
	r = rotate(&config, force, &why);
	if (r < 0 && r != -EAGAIN)
		log_error("key rotate: %s", why.text);
	agent_config_done(&config);
	return r == 0 ? VERB_OK : VERB_FAILED;
}
