#include "master-hook/acl.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "master-hook/client.h"
#include "master-hook/plesk.h"
#include "proto/log.h"

#define ADDRESSES_MAX 8

struct addresses {
	char text[ADDRESSES_MAX][INET6_ADDRSTRLEN];
	size_t count;
};

static int note(struct outbox *outbox, const struct outbox_slave *slave)
{
	int r;

	r = outbox_begin(outbox);
	if (r == 0)
		r = outbox_slave_note_acl(outbox, slave);
	if (r == 0)
		r = outbox_commit_slaves(outbox);
	if (r < 0)
		outbox_rollback(outbox);
	return r;
}

static void resolve(const char *host, struct addresses *ret_addresses)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addresses addresses = {0};
	struct addrinfo *found = NULL;
	int r;

	r = getaddrinfo(host, NULL, &hints, &found);
	if (r != 0)
		log_warning("acl: the addresses of '%s' can't be found (%s)", host,
			    gai_strerror(r));
	for (struct addrinfo *at = r == 0 ? found : NULL; at && addresses.count < ADDRESSES_MAX;
	     at = at->ai_next)
		if (getnameinfo(at->ai_addr, at->ai_addrlen, addresses.text[addresses.count],
				INET6_ADDRSTRLEN, NULL, 0, NI_NUMERICHOST) == 0)
			addresses.count++;
	if (r == 0)
		freeaddrinfo(found);
	*ret_addresses = addresses;
}

static bool is_plesk_here(const struct hook_config *config, const char *host)
{
	if (access(config->plesk, X_OK) == 0)
		return true;
	log_notice("acl: there is no Plesk here ('%s'): let '%s' transfer the zones in the name "
		   "server's own configuration (allow-transfer)",
		   config->plesk, host);
	return false;
}

/* Lets one in, unless it is in already. Returns whether it was done. */
static bool admit_address(const struct hook_config *config, const char *address)
{
	struct reason why;
	bool found = false;
	int r;

	r = plesk_find_acl(config, address, &found, &why);
	if (r == 0 && !found)
		r = plesk_add_acl(config, address, &why);
	if (r < 0)
		log_warning("acl: Plesk wasn't told to let '%s' transfer zones (%s); by hand: "
			    "`plesk bin server_dns -u -add-acl %s`",
			    address, why.text, address);
	return r == 0 && !found;
}

void acl_admit(const struct hook_config *config, struct outbox *outbox,
	       const struct outbox_slave *slave)
{
	struct outbox_slave noted = *slave;
	struct addresses addresses;
	char host[OUTBOX_URL_MAX];
	size_t used;
	int r;

	client_get_host(slave->url, host, sizeof(host));
	if (!is_plesk_here(config, host))
		return;
	resolve(host, &addresses);
	for (size_t i = 0; i < addresses.count; i++) {
		used = strlen(noted.acl);
		if (used + INET6_ADDRSTRLEN + 1 > sizeof(noted.acl) ||
		    !admit_address(config, addresses.text[i]))
			continue;
		snprintf(noted.acl + used, sizeof(noted.acl) - used, "%s ", addresses.text[i]);
		log_info("acl: Plesk lets '%s' transfer zones now", addresses.text[i]);
	}
	r = note(outbox, &noted);
	if (r < 0)
		log_warning("acl: it can't be noted that '%s' was let in at Plesk; it stays there "
			    "when the slave is removed (%s)",
			    noted.acl, error_text(r));
}

/* Returns whether another slave is on the same host, after the addresses became its own. */
static bool hand_over(struct outbox *outbox, const struct outbox_slave *slave)
{
	char host[OUTBOX_URL_MAX], other[OUTBOX_URL_MAX];
	struct outbox_slave *slaves = NULL;
	bool found = false;
	size_t count = 0;
	int r;

	client_get_host(slave->url, host, sizeof(host));
	r = outbox_slave_list(outbox, &slaves, &count);
	for (size_t i = 0; r == 0 && !found && i < count; i++) {
		client_get_host(slaves[i].url, other, sizeof(other));
		if (slaves[i].id == slave->id || strcmp(host, other) != 0)
			continue;
		found = true;
		snprintf(slaves[i].acl, sizeof(slaves[i].acl), "%s", slave->acl);
		r = note(outbox, &slaves[i]);
	}
	free(slaves);
	return found && r == 0;
}

void acl_withdraw(const struct hook_config *config, struct outbox *outbox,
		  const struct outbox_slave *slave)
{
	char address[INET6_ADDRSTRLEN];
	struct reason why;
	size_t length;
	int r;

	if (!*slave->acl || hand_over(outbox, slave))
		return;
	for (const char *at = slave->acl; *at; at += length + 1) {
		length = strcspn(at, " ");
		snprintf(address, sizeof(address), "%.*s", (int)length, at);
		r = plesk_remove_acl(config, address, &why);
		if (r < 0)
			log_warning("acl: Plesk still lets '%s' transfer zones (%s); by hand: "
				    "`plesk bin server_dns -u -remove-acl %s`",
				    address, why.text, address);
	}
}
