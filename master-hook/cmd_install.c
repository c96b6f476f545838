#include <errno.h>
#include <stdio.h>

#include "master-hook/chain.h"
#include "master-hook/cmd.h"
#include "master-hook/slot.h"
#include "proto/file.h"
#include "proto/log.h"

/* What is in Plesk's slot now, and what belongs there. */
struct installation {
	struct hook_config config;
	enum slot_state state;
	char there[PLESK_COMMAND_MAX + 1];
	char ours[PLESK_COMMAND_MAX + 1];
	bool dry_run;
};

static bool look(const struct verb_call *call, struct installation *installation)
{
	struct reason why;
	int r;

	if (!cmd_load_config(call, &installation->config))
		return false;
	r = slot_render(call->config_path, installation->ours, &why);
	if (r == 0)
		r = slot_look(&installation->config, &installation->state, installation->there,
			      &why);
	if (r < 0) {
		log_error("%s: %s", call->verb->name, why.text);
		hook_config_done(&installation->config);
	}
	return r == 0;
}

/* "" empties the slot. Says what is done, or would be. */
static bool set_slot(const struct installation *installation, const char *command)
{
	struct reason why;
	int r;

	if (installation->dry_run) {
		printf("would have Plesk call %s%s%s\n", *command ? "'" : "nothing", command,
		       *command ? "'" : "");
		return true;
	}
	r = plesk_set_backend(&installation->config, command, &why);
	if (r < 0) {
		log_error("%s", why.text);
		return false;
	}
	printf("Plesk calls %s%s%s now\n", *command ? "'" : "nothing", command,
	       *command ? "'" : "");
	return true;
}

static bool mark(const struct installation *installation, bool is_ours)
{
	int r;

	if (installation->dry_run)
		return true;
	r = slot_mark(&installation->config, is_ours);
	if (r < 0)
		log_error("can't note in '%s' what Plesk calls (%s)", installation->config.state,
			  error_text(r));
	return r == 0;
}

/* First the previous command is kept safe, then the slot is taken. */
static bool keep_previous(const struct installation *installation)
{
	int r;

	printf("'%s', which Plesk calls now, %s called by the hook, with the same input\n",
	       installation->there, installation->dry_run ? "would be" : "will be");
	if (installation->dry_run)
		return true;
	r = chain_save(installation->config.chain, installation->there);
	if (r < 0)
		log_error("install: can't keep the command in '%s' (%s); nothing is changed",
			  installation->config.chain, error_text(r));
	return r == 0;
}

static bool refuse_taken(const struct installation *installation)
{
	log_error("install: Plesk calls '%s' already, and can call one command only; nothing is "
		  "changed. `zonepush install --chain` has both called; `plesk bin server_dns "
		  "--disable-custom-backend` ends the other one",
		  installation->there);
	return false;
}

static bool install(const struct installation *installation, bool may_chain)
{
	if (installation->state == SLOT_OTHERS && !may_chain)
		return refuse_taken(installation);
	if (installation->state == SLOT_OTHERS && !keep_previous(installation))
		return false;
	return set_slot(installation, installation->ours) && mark(installation, true);
}

int cmd_install(struct verb_call *call)
{
	struct installation installation = {0};
	bool may_chain = false, good;
	const struct verb_option options[] = {
		{"--chain", &may_chain, NULL},
		{"--dry-run", &installation.dry_run, NULL},
		{NULL, NULL, NULL},
	};

	if (!verb_parse(call, options, 0, 0))
		return VERB_USAGE;
	if (!look(call, &installation))
		return VERB_FAILED;
	good = install(&installation, may_chain);
	hook_config_done(&installation.config);
	return good ? VERB_OK : VERB_FAILED;
}

/* What Plesk is to call after us. A chain that can't be trusted is for a person to look at. */
static bool load_previous(const struct installation *installation,
			  char ret_command[static PLESK_COMMAND_MAX + 1])
{
	struct reason why;
	int r;

	r = chain_load(installation->config.chain, ret_command, &why);
	if (r == -ENOENT)
		*ret_command = '\0';
	else if (r < 0)
		log_error("uninstall: %s; nothing is changed", why.text);
	return r == 0 || r == -ENOENT;
}

static bool forget_previous(const struct installation *installation)
{
	int r;

	if (installation->dry_run)
		return true;
	r = file_remove(installation->config.chain);
	if (r < 0)
		log_error("uninstall: can't remove '%s' (%s)", installation->config.chain,
			  error_text(r));
	return r == 0;
}

static bool uninstall(const struct installation *installation)
{
	char previous[PLESK_COMMAND_MAX + 1];

	if (!load_previous(installation, previous))
		return false;
	if (installation->state == SLOT_OURS && !set_slot(installation, previous))
		return false;
	if (installation->state == SLOT_OTHERS)
		printf("Plesk calls '%s', which isn't zonepush: that is left as it is\n",
		       installation->there);
	if (installation->state == SLOT_EMPTY)
		printf("Plesk calls nothing\n");
	return mark(installation, false) && forget_previous(installation);
}

int cmd_uninstall(struct verb_call *call)
{
	struct installation installation = {0};
	const struct verb_option options[] = {
		{"--dry-run", &installation.dry_run, NULL},
		{NULL, NULL, NULL},
	};
	bool good;

	if (!verb_parse(call, options, 0, 0))
		return VERB_USAGE;
	if (!look(call, &installation))
		return VERB_FAILED;
	good = uninstall(&installation);
	hook_config_done(&installation.config);
	return good ? VERB_OK : VERB_FAILED;
}
