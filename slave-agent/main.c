#include "proto/key.h"
#include "proto/log.h"
#include "slave-agent/agent_config.h"
#include "slave-agent/cmd.h"
#include "slave-agent/policy_words.h"

static const struct verb verbs[] = {
	{"run", "", "serve masters and keep named in line, in the foreground", "zonepush-agent run",
	 cmd_run},
	{"status", "[--json]", "what the running agent and its named do", "zonepush-agent status",
	 cmd_status},
	{"invite",
	 "[--name NAME | --for MASTER] [--primaries ADDRESS[:PORT][,...]] [--tsig KEYNAME] "
	 "[--ttl TIME] [--endpoint HOST[:PORT]] " POLICY_WORDS_HELP,
	 "print the line that lets a master in, to be run there", "zonepush-agent invite --ttl 30m",
	 cmd_invite},
	{"invitation list", "[--json]", "the invitations that were made, and who used them",
	 "zonepush-agent invitation list", cmd_invitation_list},
	{"invitation revoke", "ID", "take an invitation back that wasn't used",
	 "zonepush-agent invitation revoke 0123456789abcdef", cmd_invitation_revoke},
	{"master add",
	 "NAME KEY --primaries ADDRESS[:PORT][,...] [--tsig KEYNAME] " POLICY_WORDS_HELP,
	 "let a master in; KEY is what `zonepush key show` prints there",
	 "zonepush-agent master add plesk1 KEY --primaries 192.0.2.1", cmd_master_add},
	{"master set", "NAME [--primaries ADDRESS[:PORT][,...]] [--tsig KEYNAME|none]",
	 "have a master's zones come from elsewhere, or with another TSIG key",
	 "zonepush-agent master set plesk1 --primaries 192.0.2.7", cmd_master_set},
	{"master policy", "NAME " POLICY_WORDS_HELP,
	 "limit what a master may do; none takes a limit away",
	 "zonepush-agent master policy plesk1 --suffix example.com --max-zones 1000",
	 cmd_master_policy},
	{"master show", "NAME [--json]", "a master's keys, settings and limits",
	 "zonepush-agent master show plesk1", cmd_master_show},
	{"master revoke", "NAME [KEY]",
	 "take a master's keys away; its zones stay, and nobody can change them",
	 "zonepush-agent master revoke plesk1", cmd_master_revoke},
	{"master give", "NAME TO", "give the zones of a revoked master to another that claims them",
	 "zonepush-agent master give plesk1 plesk2", cmd_master_give},
	{"master purge", "NAME", "delete the zones of a revoked master",
	 "zonepush-agent master purge plesk1", cmd_master_purge},
	{"master list", "[--json]", "the masters that are let in", "zonepush-agent master list",
	 cmd_master_list},
	{"zone list", "[--json]", "all zones, their masters and states", "zonepush-agent zone list",
	 cmd_zone_list},
	{"zone give", "ZONE MASTER", "give a zone to a master that claims it",
	 "zonepush-agent zone give example.com plesk2", cmd_zone_give},
	{"explain", "ZONE [--json]", "all that is known of a zone, and what is wrong with it",
	 "zonepush-agent explain example.com", cmd_explain},
	{"maintenance", "on|off", "leave named alone for a while; changes wait",
	 "zonepush-agent maintenance on", cmd_maintenance},
	{"adopt", "--master NAME --from-file FILE [--dry-run]",
	 "take over secondaries that were configured by hand",
	 "zonepush-agent adopt --master plesk1 --from-file /etc/bind/named.conf.local --dry-run",
	 cmd_adopt},
	{"rebuild", "[--dry-run]",
	 "make a lost registry anew from named's include; the agent mustn't run",
	 "zonepush-agent rebuild --dry-run", cmd_rebuild},
	{"shrink", "",
	 "let zones go that vanished from the registry, though no master deleted them",
	 "zonepush-agent shrink", cmd_shrink},
	{"guard", "[--check]",
	 "see to it, before named starts, that the zones don't keep it from starting",
	 "zonepush-agent guard --check", cmd_guard},
	{"key init", "", "make this agent's key", "zonepush-agent key init", cmd_key_init},
	{"key show", "", "print the key id that masters need", "zonepush-agent key show",
	 cmd_key_show},
	{"key rotate", "[--force]",
	 "take a new key, once all masters use it; --force: though some don't",
	 "zonepush-agent key rotate", cmd_key_rotate},
	{NULL, NULL, NULL, NULL, NULL},
};

static const struct verb_program program = {
	.name = "zonepush-agent",
	.summary = "makes and removes secondary zones in the local named, as masters want it",
	.config_path = AGENT_CONFIG_PATH,
	.verbs = verbs,
};

int main(int argc, char **argv)
{
	if (key_library_init() < 0) {
		log_error("libsodium can't be used on this machine");
		return VERB_FAILED;
	}
	return verb_main(&program, argc, argv);
}
