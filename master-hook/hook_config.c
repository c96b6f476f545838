#include "master-hook/hook_config.h"

#include <grp.h>
#include <string.h>

#define MEMBER(name) offsetof(struct hook_config, name)
#define DNS_PORT     53
#define HOUR_MS	     (3600 * 1000)

const struct config_key hook_config_keys[] = {
	{"state", CONFIG_PATH, "/var/lib/zonepush", MEMBER(state), 0, 0, NULL},
	{"key", CONFIG_PATH, "/etc/zonepush/key.pem", MEMBER(key), 0, 0, NULL},
	{"group", CONFIG_STRING, "psaadm", MEMBER(group_name), 0, 0, NULL},
	{"deadline", CONFIG_SECONDS, "3", MEMBER(deadline), 100, HOUR_MS, NULL},
	{"connect-timeout", CONFIG_SECONDS, "2", MEMBER(connect_timeout), 100, HOUR_MS, NULL},
	{"request-timeout", CONFIG_SECONDS, "30", MEMBER(request_timeout), 100, HOUR_MS, NULL},
	{"retry-min", CONFIG_SECONDS, "5", MEMBER(retry_min), 100, HOUR_MS, NULL},
	{"retry-max", CONFIG_SECONDS, "900", MEMBER(retry_max), 100, 24 * HOUR_MS, NULL},
	{"reverse-zones", CONFIG_BOOLEAN, "no", MEMBER(reverse_zones), 0, 0, NULL},
	{"primaries", CONFIG_LIST, "", MEMBER(primaries_text), 0, 0, NULL},
	{"absent-after", CONFIG_INTEGER, "7", MEMBER(absent_after), 0, 3650, NULL},
	{"chain", CONFIG_PATH, "/etc/zonepush/chain", MEMBER(chain), 0, 0, NULL},
	{"named", CONFIG_STRING, "127.0.0.1:53", MEMBER(named_text), 0, 0, NULL},
	{"plesk", CONFIG_PATH, "/usr/sbin/plesk", MEMBER(plesk), 0, 0, NULL},
	{"named-checkconf", CONFIG_PATH, "/usr/bin/named-checkconf", MEMBER(named_checkconf), 0, 0,
	 NULL},
	{"named-conf", CONFIG_PATH, "/etc/bind/named.conf", MEMBER(named_conf), 0, 0, NULL},
	{"named-chroot", CONFIG_STRING, "", MEMBER(named_chroot), 0, 0, NULL},
	{NULL, CONFIG_STRING, NULL, 0, 0, 0, NULL},
};

static int resolve_group(struct hook_config *config, struct reason *why)
{
	const struct group *entry;

	config->group = (gid_t)-1;
	if (!*config->group_name)
		return 0;
	entry = getgrnam(config->group_name);
	if (!entry)
		return reason_fail(why, ZP_EUNKNOWN,
				   "group: there is no group '%s' here; name the group that runs "
				   "the hook (psaadm on a Plesk server), or leave it empty",
				   config->group_name);
	config->group = entry->gr_gid;
	return 0;
}

static int resolve_primaries(struct hook_config *config, struct reason *why)
{
	struct reason inner;
	int r;

	r = primaries_parse(&config->primaries_text, &config->primaries, &inner);
	return r < 0 ? reason_fail(why, r, "primaries: %s", inner.text) : 0;
}

static int resolve_named(struct hook_config *config, struct reason *why)
{
	struct reason inner;
	int r;

	r = address_parse(config->named_text, DNS_PORT, &config->named, &inner);
	return r < 0 ? reason_fail(why, r, "named: %s", inner.text) : 0;
}

int hook_config_load(const char *path, struct hook_config *ret_config, struct reason *why)
{
	struct hook_config config = {.group = (gid_t)-1};
	struct reason inner;
	int r;

	r = config_load(path, hook_config_keys, &config, why);
	if (r < 0)
		return r;
	r = resolve_group(&config, &inner);
	if (r == 0)
		r = resolve_primaries(&config, &inner);
	if (r == 0)
		r = resolve_named(&config, &inner);
	if (r < 0) {
		hook_config_done(&config);
		return reason_fail(why, r, "%s: %s", path, inner.text);
	}
	*ret_config = config;
	return 0;
}

void hook_config_done(struct hook_config *config)
{
	config_done(hook_config_keys, config);
	memset(config, 0, sizeof(*config));
}
