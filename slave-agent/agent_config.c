#include "slave-agent/agent_config.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#define DNS_PORT     53

#define MEMBER(name) offsetof(struct agent_config, name)

/* It stands in commands to named and in its configuration, where this needs no quoting. */
static int check_view(const char *text, struct reason *why)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_.-";
	size_t length = strlen(text);

	if (length <= AGENT_VIEW_MAX && strspn(text, letters) == length)
		return 0;
	return reason_fail(why, ZP_ESYNTAX,
			   "'%s' must be at most %d letters, digits, '_', '.' and '-'", text,
			   AGENT_VIEW_MAX);
}

static int check_audit(const char *text, struct reason *why)
{
	if (!*text || *text == '/')
		return 0;
	return reason_fail(why, ZP_ESYNTAX, "'%s' isn't an absolute path", text);
}

const struct config_key agent_config_keys[] = {
	{"listen", CONFIG_LIST, "0.0.0.0:8353, [::]:8353", MEMBER(listen_texts), 0, 0, NULL},
	{"socket", CONFIG_PATH, "/run/zonepush-agent/socket", MEMBER(socket), 0, 0, NULL},
	{"state", CONFIG_PATH, "/var/lib/zonepush-agent", MEMBER(state), 0, 0, NULL},
	{"key", CONFIG_PATH, "/etc/zonepush-agent/key.pem", MEMBER(key), 0, 0, NULL},
	{"include", CONFIG_PATH, "/var/lib/bind/zonepush/zones.conf", MEMBER(include), 0, 0, NULL},
	{"data", CONFIG_PATH, "/var/cache/bind/zonepush", MEMBER(data), 0, 0, NULL},
	{"audit", CONFIG_STRING, "", MEMBER(audit), 0, 0, check_audit},
	{"group", CONFIG_STRING, "bind", MEMBER(group_name), 0, 0, NULL},
	{"named-conf", CONFIG_PATH, "/etc/bind/named.conf", MEMBER(named_conf), 0, 0, NULL},
	{"named-checkconf", CONFIG_PATH, "/usr/bin/named-checkconf", MEMBER(named_checkconf), 0, 0,
	 NULL},
	{"named-nzd2nzf", CONFIG_PATH, "/usr/bin/named-nzd2nzf", MEMBER(nzd2nzf), 0, 0, NULL},
	{"rndc", CONFIG_PATH, "/usr/sbin/rndc", MEMBER(rndc), 0, 0, NULL},
	{"rndc-key", CONFIG_PATH, "/etc/bind/rndc.key", MEMBER(rndc_key), 0, 0, NULL},
	{"rndc-address", CONFIG_STRING, "", MEMBER(rndc_address), 0, 0, NULL},
	{"rndc-port", CONFIG_INTEGER, "0", MEMBER(rndc_port), 0, 65535, NULL},
	{"rndc-timeout", CONFIG_SECONDS, "120", MEMBER(rndc_timeout), 1000, 3600 * 1000, NULL},
	{"named-address", CONFIG_STRING, "127.0.0.1", MEMBER(named_address_text), 0, 0, NULL},
	{"transfer-source", CONFIG_STRING, "", MEMBER(transfer_source_text), 0, 0, NULL},
	{"transfer-source-v6", CONFIG_STRING, "", MEMBER(transfer_source_v6_text), 0, 0, NULL},
	{"sweep", CONFIG_SECONDS, "3600", MEMBER(sweep), 1000, 7 * 24 * 3600 * 1000, NULL},
	{"view", CONFIG_STRING, "", MEMBER(view), 0, 0, check_view},
	{"retry", CONFIG_SECONDS, "5", MEMBER(retry), 100, 3600 * 1000, NULL},
	{"allow-reserved", CONFIG_LIST, "", MEMBER(reserved_texts), 0, 0, NULL},
	{"overlap", CONFIG_STRING, "refuse", MEMBER(overlap), 0, 0, NULL},
	{"overlap-allow", CONFIG_LIST, "", MEMBER(overlap_masters), 0, 0, NULL},
	{NULL, CONFIG_STRING, NULL, 0, 0, 0, NULL},
};

static int resolve_listen(struct agent_config *config, struct reason *why)
{
	struct reason inner;
	int r;

	if (config->listen_texts.count > AGENT_LISTEN_MAX)
		return reason_fail(why, ZP_ETOOBIG, "listen: more than %d addresses",
				   AGENT_LISTEN_MAX);

	for (size_t i = 0; i < config->listen_texts.count; i++) {
		r = address_parse(config->listen_texts.items[i], AGENT_DEFAULT_PORT,
				  &config->listen[i], &inner);
		if (r < 0)
			return reason_fail(why, r, "listen: %s", inner.text);
	}
	config->n_listen = config->listen_texts.count;
	return 0;
}

static int resolve_source(const char *key, const char *text, int family, struct address *ret_source,
			  struct reason *why)
{
	struct reason inner;
	int r;

	if (!*text)
		return 0;
	r = address_parse(text, DNS_PORT, ret_source, &inner);
	if (r < 0)
		return reason_fail(why, r, "%s: %s", key, inner.text);
	if (ret_source->family != family)
		return reason_fail(why, ZP_ESYNTAX, "%s: '%s' isn't an IPv%c address", key, text,
				   family == AF_INET ? '4' : '6');
	return 0;
}

static int resolve_dns(struct agent_config *config, struct reason *why)
{
	struct reason inner;
	int r;

	r = address_parse(config->named_address_text, DNS_PORT, &config->named_address, &inner);
	if (r < 0)
		return reason_fail(why, r, "named-address: %s", inner.text);
	r = resolve_source("transfer-source", config->transfer_source_text, AF_INET,
			   &config->transfer_source, why);
	if (r < 0)
		return r;
	return resolve_source("transfer-source-v6", config->transfer_source_v6_text, AF_INET6,
			      &config->transfer_source_v6, why);
}

static int resolve_group(struct agent_config *config, struct reason *why)
{
	const struct group *entry;

	config->group = (gid_t)-1;
	if (!config->group_name || !*config->group_name)
		return 0;

	entry = getgrnam(config->group_name);
	if (!entry)
		return reason_fail(why, ZP_EUNKNOWN,
				   "group: there is no group '%s' here; name the group that "
				   "named runs in, or leave it empty",
				   config->group_name);
	config->group = entry->gr_gid;
	return 0;
}

static int resolve_reserved(struct agent_config *config, struct reason *why)
{
	const struct config_list *texts = &config->reserved_texts;
	struct reason inner;
	int r;

	if (!texts->count)
		return 0;

	config->allow_reserved = calloc(texts->count, sizeof(*config->allow_reserved));
	if (!config->allow_reserved)
		return reason_fail(why, -ENOMEM, "allow-reserved: out of memory");

	for (size_t i = 0; i < texts->count; i++) {
		r = zone_name_parse(texts->items[i], &config->allow_reserved[i], &inner);
		if (r < 0)
			return reason_fail(why, r, "allow-reserved: %s", inner.text);
	}
	config->n_allow_reserved = texts->count;
	return 0;
}

static int resolve_overlap(struct agent_config *config, struct reason *why)
{
	config->allow_overlap = strcmp(config->overlap, "allow") == 0;
	if (!config->allow_overlap && strcmp(config->overlap, "refuse") != 0)
		return reason_fail(why, ZP_ESYNTAX, "overlap: '%s' is neither refuse nor allow",
				   config->overlap);
	return 0;
}

int agent_config_load(const char *path, struct agent_config *ret_config, struct reason *why)
{
	struct agent_config config = {.group = (gid_t)-1};
	struct reason inner;
	int r;

	r = config_load(path, agent_config_keys, &config, why);
	if (r < 0)
		return r;

	r = resolve_listen(&config, &inner);
	if (r == 0)
		r = resolve_dns(&config, &inner);
	if (r == 0)
		r = resolve_group(&config, &inner);
	if (r == 0)
		r = resolve_reserved(&config, &inner);
	if (r == 0)
		r = resolve_overlap(&config, &inner);
	if (r < 0) {
		agent_config_done(&config);
		return reason_fail(why, r, "%s: %s", path, inner.text);
	}

	*ret_config = config;
	return 0;
}

void agent_config_done(struct agent_config *config)
{
	config_done(agent_config_keys, config);
	free(config->allow_reserved);
	memset(config, 0, sizeof(*config));
}
