#include "master-hook/ask.h"

int ask_all(const struct hook_config *config, const struct key *key, struct client_call *calls,
	    size_t count)
{
	struct client *client = NULL;
	int r;

	r = client_new(key, config->connect_timeout, &client);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = client_start(client, &calls[i]);
	/* Each has its own limit, so that this ends. */
	while (r == 0 && client_count(client) > 0)
		(void)client_next(client, UINT64_MAX, -1);
	client_free(client);
	return r;
}
