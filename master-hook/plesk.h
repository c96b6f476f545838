#ifndef ZP_PLESK_H
#define ZP_PLESK_H

/* Plesk's own programs, all of which are run from here. */

#include <stdbool.h>
#include <stdio.h>

#include "master-hook/hook_config.h"
#include "proto/error.h"
#include "proto/text.h"
#include "proto/zone_name.h"

/*
 * What zones are active in Plesk and primary: a name a line, as Plesk has it. The list is good, so
 * that what isn't on it is no longer active, if it isn't empty and has as many names as Plesk
 * counted just before and just after.
 */
struct plesk_list {
	FILE *names; /* at its beginning */
	bool is_good;
	struct reason why_not;
};

/*
 * Asks Plesk for the list. Returns 0, or an error with a reason when there is none: no such
 * program, or it failed. In both cases plesk_list_done() frees.
 */
int plesk_list_zones(const struct hook_config *config, struct plesk_list *list, struct reason *why)
	__attribute__((warn_unused_result));
void plesk_list_done(struct plesk_list *list);

/*
 * Those of the domain's zones that are active and primary: its own, and those of names below it.
 * Appends each name and a line feed. Returns 0 or an error with a reason.
 */
int plesk_list_domain(const struct hook_config *config, const struct zone_name *domain,
		      struct text_buffer *names, struct reason *why)
	__attribute__((warn_unused_result));

/*
 * The custom DNS backend: one command for the whole of Plesk, run by a shell with the changes on
 * its standard input. Who sets it takes it from whoever had it.
 */
#define PLESK_COMMAND_MAX 1000

/* Writes the command in the slot, "" where there is none. */
int plesk_get_backend(const struct hook_config *config,
		      char ret_command[static PLESK_COMMAND_MAX + 1], struct reason *why)
	__attribute__((warn_unused_result));

/* Puts a command into the slot, or empties it (""), and looks that it is so. */
int plesk_set_backend(const struct hook_config *config, const char *command, struct reason *why)
	__attribute__((warn_unused_result));

/* Whether Plesk lets this address, as it is written, transfer all zones already. */
int plesk_find_acl(const struct hook_config *config, const char *address, bool *ret_found,
		   struct reason *why) __attribute__((warn_unused_result));

/* Lets an address transfer all zones, or not any more. */
int plesk_add_acl(const struct hook_config *config, const char *address, struct reason *why)
	__attribute__((warn_unused_result));
int plesk_remove_acl(const struct hook_config *config, const char *address, struct reason *why)
	__attribute__((warn_unused_result));

#endif
