#include "slave-agent/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/text.h"

#define HOST_SIZE 256

static bool is_wildcard(const struct address *address)
{
	return strcmp(address->host, "0.0.0.0") == 0 || strcmp(address->host, "::") == 0;
}

static uint16_t choose_port(const struct agent_config *config)
{
	return config->n_listen > 0 ? config->listen[0].port : AGENT_DEFAULT_PORT;
}

/* The name by which others know this machine (hostname -f). */
static int get_host_name(char ret_host[static HOST_SIZE], struct reason *why)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_flags = AI_CANONNAME};
	struct addrinfo *found = NULL;

	if (gethostname(ret_host, HOST_SIZE) < 0)
		return reason_fail(why, -errno, "this machine's name can't be had (%s)",
				   error_text(-errno));
	if (getaddrinfo(ret_host, NULL, &hints, &found) == 0 && found->ai_canonname)
		snprintf(ret_host, HOST_SIZE, "%s", found->ai_canonname);
	if (found)
		freeaddrinfo(found);
	if (!strchr(ret_host, '.'))
		return reason_fail(
			why, ZP_ESYNTAX,
			"this machine knows itself as '%s' only; say where masters reach "
			"it: --endpoint HOST[:PORT]",
			ret_host);
	return 0;
}

static int choose_by_default(const struct agent_config *config,
			     char ret_endpoint[static ENDPOINT_SIZE], struct reason *why)
{
	char host[HOST_SIZE];
	int r;

	for (size_t i = 0; i < config->n_listen; i++) {
		if (is_wildcard(&config->listen[i]))
			continue;
		snprintf(ret_endpoint, ENDPOINT_SIZE, "%s:%u", config->listen[i].host,
			 config->listen[i].port);
		return 0;
	}
	r = get_host_name(host, why);
	if (r == 0)
		snprintf(ret_endpoint, ENDPOINT_SIZE, "%s:%u", host, choose_port(config));
	return r;
}

int endpoint_choose(const struct agent_config *config, const char *text,
		    char ret_endpoint[static ENDPOINT_SIZE], struct reason *why)
{
	const char *colon = text ? strrchr(text, ':') : NULL;
	struct address address;
	uint64_t port;

	if (!text)
		return choose_by_default(config, ret_endpoint, why);
	if (address_parse(text, choose_port(config), &address, NULL) == 0)
		snprintf(ret_endpoint, ENDPOINT_SIZE, "%s:%u", address.host, address.port);
	else if (strlen(text) >= HOST_SIZE)
		return reason_fail(why, ZP_ESYNTAX, "'%.40s…' is too long for a host", text);
	else if (!colon)
		snprintf(ret_endpoint, ENDPOINT_SIZE, "%s:%u", text, choose_port(config));
	else if (text_parse_integer(colon + 1, 1, 65535, &port) == 0)
		snprintf(ret_endpoint, ENDPOINT_SIZE, "%s", text);
	else
		return reason_fail(why, ZP_ESYNTAX, "'%s' isn't HOST or HOST:PORT", text);
	return 0;
}
