#include <signal.h>

#include "master-hook/cmd.h"
#include "master-hook/hook_config.h"
#include "proto/key.h"
#include "proto/log.h"

static const struct verb verbs[] = {
	{"hook", "", "take Plesk's changes from standard input and deliver them",
	 "zonepush hook <change.json", cmd_hook},
	{"event", "", "bring the domain that Plesk's event handler names in line",
	 "NEW_DOMAIN_NAME=example.com zonepush event", cmd_event},
	{"install", "[--chain] [--dry-run]",
	 "have Plesk call the hook; --chain keeps a command that Plesk calls already",
	 "zonepush install", cmd_install},
	{"uninstall", "[--dry-run]",
	 "have Plesk not call the hook any more, but what it called before", "zonepush uninstall",
	 cmd_uninstall},
	{"deliver", "", "deliver what slaves still owe, and stay while more is due soon",
	 "zonepush deliver", cmd_deliver},
	{"check", "ZONE... | --all | --sample N [--json]",
	 "ask this server's named and every slave for the zones' serials, as the public does",
	 "zonepush check example.com", cmd_check},
	{"curl", "[-x] SLAVE METHOD PATH [BODY | @FILE]",
	 "print a plain curl command line that is signed, or with -x run it",
	 "zonepush curl -x ns2 GET /v1/status", cmd_curl},
	{"explain", "ZONE [--json]",
	 "one zone, from what is wanted to what each slave serves, and what to do",
	 "zonepush explain example.com", cmd_explain},
	{"log", "[ZONE] [--last N] [--json]",
	 "what was wanted when, and when each slave acknowledged it", "zonepush log example.com",
	 cmd_log},
	{"sync",
	 "[SLAVE...] [--from plesk|named|outbox|-|FILE] [--dry-run] [--prune] [--prune-overdue] "
	 "[--force] [--json]",
	 "bring outbox and slaves in line with what is active in Plesk", "zonepush sync --dry-run",
	 cmd_sync},
	{"status", "[--json | --check]", "every slave at a glance; --check: for monitoring",
	 "zonepush status", cmd_status},
	{"slave add",
	 "INVITATION | - [--name NAME] [--as MASTER] | NAME --key KEY URL [--dns ADDRESS[:PORT]]",
	 "add a slave and push all zones to it; INVITATION is what `zonepush-agent invite` prints "
	 "there",
	 "zonepush slave add zp1.ns2.example.net:8353.KEY.TOKEN.CHECK", cmd_slave_add},
	{"slave replace", "NAME --key KEY [URL]",
	 "a slave was rebuilt with another key: everything is pushed to it anew",
	 "zonepush slave replace ns2 --key KEY", cmd_slave_replace},
	{"slave list", "[--json]", "the slaves that are known", "zonepush slave list",
	 cmd_slave_list},
	{"slave show", "NAME [--json]", "all that is known of a slave, and what it says itself",
	 "zonepush slave show ns2", cmd_slave_show},
	{"slave pause", "NAME", "send nothing to a slave, and keep what it owes",
	 "zonepush slave pause ns2", cmd_slave_pause},
	{"slave resume", "NAME", "send to it again, what was kept at once",
	 "zonepush slave resume ns2", cmd_slave_resume},
	{"slave remove", "NAME [--purge]",
	 "forget a slave; --purge deletes this master's zones on it first",
	 "zonepush slave remove ns2 --purge", cmd_slave_remove},
	{"key init", "", "make this master's key", "zonepush key init", cmd_key_init},
	{"key show", "", "print the key id that slaves need", "zonepush key show", cmd_key_show},
	{"key rotate", "[--force]",
	 "take a new key, once all slaves know it; --force: though some don't",
	 "zonepush key rotate", cmd_key_rotate},
	{NULL, NULL, NULL, NULL, NULL},
};

static const struct verb_program program = {
	.name = "zonepush",
	.summary = "keeps the zones on secondary name servers equal to those of this Plesk server",
	.config_path = HOOK_CONFIG_PATH,
	.verbs = verbs,
};

int main(int argc, char **argv)
{
	/* A reader of our output, or a slave, that goes away is an error to handle, not our end. */
	signal(SIGPIPE, SIG_IGN);
	if (key_library_init() < 0) {
		log_error("libsodium can't be used on this machine");
		return VERB_FAILED;
	}
	return verb_main(&program, argc, argv);
}
