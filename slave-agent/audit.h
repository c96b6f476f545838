#ifndef ZP_AUDIT_H
#define ZP_AUDIT_H

/*
 * The audit log: who wanted what, and what came of it. To the journal as fields where standard
 * error is the journal's, otherwise as a line of the ordinary log; and as lines of JSON in a file,
 * where one is wanted. What can't be written never stops a change. Safe to use from several
 * threads.
 */

#include <stddef.h>
#include <stdint.h>

#include "slave-agent/audit_line.h"

struct audit;

/*
 * path: of the file, or "" for none; it must stay valid. journal: the journal's socket, or NULL for
 * the ordinary log. Returns 0 or -ENOMEM.
 */
int audit_new(const char *path, const char *journal, struct audit **ret_audit)
	__attribute__((warn_unused_result));

/* Tells what is still only counted, and frees. */
void audit_free(struct audit *audit);

/* Entries that are all told: a change of many zones is one call. */
void audit_write(struct audit *audit, const struct audit_entry *entries, size_t count);

/* A refusal of somebody who may be anybody: told, or only counted (audit_limit.h). */
void audit_refuse(struct audit *audit, const struct audit_entry *entry, uint64_t now);

/* Tells what was counted, once the time for it is over. `now`, here too, is clock_steady_ms(). */
void audit_tick(struct audit *audit, uint64_t now);

#endif
