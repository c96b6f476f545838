#ifndef ZP_PLESK_H
#define ZP_PLESK_H

/* Plesk's own programs, all of which are run from here. */

#include <stdbool.h>
#include <stdio.h>

#include "master-hook/hook_config.h"
#include "proto/error.h"

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

#endif
