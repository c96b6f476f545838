#include "master-hook/slot.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/file.h"
#include "proto/log.h"

#define MARK_MODE	0660
#define PATH_LENGTH_MAX 480 /* so that the command fits with both */

int slot_render(const char *config_path, char ret_command[static PLESK_COMMAND_MAX + 1],
		struct reason *why)
{
	char program[PATH_MAX], option[PATH_MAX + sizeof(" -c \"\"")] = "";
	ssize_t length;

	length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (length < 0)
		return reason_fail(why, -errno, "can't find out where this program is (%s)",
				   error_text(-errno));
	program[length] = '\0';
	if (strcmp(config_path, HOOK_CONFIG_PATH) != 0)
		snprintf(option, sizeof(option), " -c \"%s\"", config_path);
	/* A shell will read it. */
	if (strpbrk(program, "\"\\$`\n") || strpbrk(config_path, "\"\\$`\n") ||
	    strlen(program) > PATH_LENGTH_MAX || strlen(option) > PATH_LENGTH_MAX)
		return reason_fail(why, ZP_ESYNTAX,
				   "the paths '%s' and '%s' can't stand in a command for Plesk",
				   program, config_path);
	snprintf(ret_command, PLESK_COMMAND_MAX + 1, "\"%.480s\"%.480s hook", program, option);
	return 0;
}

static bool is_ours(const char *command)
{
	size_t length = strlen(command), end = strlen(" hook");

	return length > end && strcmp(command + length - end, " hook") == 0 &&
	       strstr(command, "zonepush");
}

int slot_look(const struct hook_config *config, enum slot_state *ret_state,
	      char ret_command[static PLESK_COMMAND_MAX + 1], struct reason *why)
{
	int r;

	r = plesk_get_backend(config, ret_command, why);
	if (r < 0)
		return r;
	if (!*ret_command)
		*ret_state = SLOT_EMPTY;
	else
		*ret_state = is_ours(ret_command) ? SLOT_OURS : SLOT_OTHERS;
	return 0;
}

static void render_mark_path(const struct hook_config *config, char ret_path[static PATH_MAX])
{
	snprintf(ret_path, PATH_MAX, "%s/" SLOT_MARK_FILE, config->state);
}

int slot_mark(const struct hook_config *config, bool is_ours)
{
	char path[PATH_MAX];

	render_mark_path(config, path);
	return is_ours ? file_touch(path, MARK_MODE, config->group) : file_remove(path);
}

bool slot_is_well(const struct hook_config *config)
{
	char path[PATH_MAX], command[PLESK_COMMAND_MAX + 1];
	enum slot_state state;
	struct reason why;
	int r;

	render_mark_path(config, path);
	if (geteuid() != 0 || access(path, F_OK) < 0)
		return true;
	r = slot_look(config, &state, command, &why);
	if (r < 0)
		log_warning("slot: %s", why.text);
	else if (state == SLOT_EMPTY)
		log_warning("slot: Plesk doesn't call zonepush any more, so that new zones are "
			    "found only by `zonepush sync`; `zonepush install` registers it again");
	else if (state == SLOT_OTHERS)
		log_warning("slot: Plesk calls '%s' instead of zonepush, so that new zones are "
			    "found only by `zonepush sync`; `zonepush install --chain` has both "
			    "called",
			    command);
	return r < 0 || state == SLOT_OURS;
}
