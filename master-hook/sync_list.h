#ifndef ZP_SYNC_LIST_H
#define ZP_SYNC_LIST_H

/* The list of zones that there are to be, as `zonepush sync` reads it from where it is told. */

#include <stdbool.h>
#include <stdint.h>

#include "master-hook/hook_config.h"
#include "proto/error.h"
#include "proto/name_set.h"

#define SYNC_LIST_ZONES_MAX 10000000

/* Where a list can come from, beside a file by its path. */
#define SYNC_LIST_PLESK "plesk" /* what is active in Plesk */
#define SYNC_LIST_NAMED "named" /* what the local named is primary for */
#define SYNC_LIST_INPUT "-"	/* standard input */

struct sync_list {
	struct name_set names; /* sorted */
	uint64_t passed_over;  /* entries that are no zones that can be served */
	/* Whether what isn't on it can be held to be gone. */
	bool is_good;
	struct reason why_not;
	bool lacks_pointers; /* it never has reverse zones that were found by PTR records */
};

/*
 * Reads a list. A file has a name a line, `#` begins a comment; entries that can't be used are
 * reported in the log. Returns 0 or an error with a reason: there is no list at all. In both cases
 * sync_list_done() frees.
 */
int sync_list_load(const struct hook_config *config, const char *from, struct sync_list *list,
		   struct reason *why) __attribute__((warn_unused_result));
void sync_list_done(struct sync_list *list);

#endif
