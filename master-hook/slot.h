#ifndef ZP_SLOT_H
#define ZP_SLOT_H

/*
 * Plesk's one slot for a custom DNS backend, and whether it is still ours: whatever registers there
 * last has it, without a word to who had it before.
 */

#include <stdbool.h>

#include "master-hook/hook_config.h"
#include "master-hook/plesk.h"
#include "proto/error.h"

#define SLOT_MARK_FILE "installed" /* in the state directory: the slot is to be ours */

enum slot_state {
	SLOT_EMPTY,
	SLOT_OURS,
	SLOT_OTHERS, /* the command of another program */
};

/* Writes the command that belongs into the slot: this very program, with this configuration. */
int slot_render(const char *config_path, char ret_command[static PLESK_COMMAND_MAX + 1],
		struct reason *why) __attribute__((warn_unused_result));

/* What is in the slot, and whose it is: ours is any zonepush's hook. */
int slot_look(const struct hook_config *config, enum slot_state *ret_state,
	      char ret_command[static PLESK_COMMAND_MAX + 1], struct reason *why)
	__attribute__((warn_unused_result));

/* Notes, for slot_is_well(), whether the slot is to be ours. Returns 0 or -errno. */
int slot_mark(const struct hook_config *config, bool is_ours) __attribute__((warn_unused_result));

/*
 * Whether Plesk still calls the hook, where it once was installed. Says in the log what is wrong,
 * and how it is mended. Where that can't be known (only root may ask Plesk), it is taken as well.
 */
bool slot_is_well(const struct hook_config *config);

#endif
