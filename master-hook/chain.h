#ifndef ZP_CHAIN_H
#define ZP_CHAIN_H

/*
 * The command that had Plesk's slot before us and is called with the same input after us. It is
 * kept in a file of root's, because a hook that root starts runs it.
 */

#include "master-hook/plesk.h"
#include "proto/error.h"

#define CHAIN_LIMIT_MS (60 * 1000) /* Plesk waits, for it as for us */

/*
 * Reads the command. Returns 0, -ENOENT where there is none, or an error with a reason: also when
 * somebody else than root and the caller could have written the file (-EPERM).
 */
int chain_load(const char *path, char ret_command[static PLESK_COMMAND_MAX + 1], struct reason *why)
	__attribute__((warn_unused_result));

/* Returns 0 or -errno. */
int chain_save(const char *path, const char *command) __attribute__((warn_unused_result));

/*
 * Runs the command by a shell, as Plesk itself would have, with the input. Returns 0, or an error
 * with a reason: it can't be run, fails, or isn't done within the limit.
 */
int chain_run(const char *command, const void *input, size_t length, struct reason *why)
	__attribute__((warn_unused_result));

#endif
