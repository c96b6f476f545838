#ifndef ZP_AUDIT_LINE_H
#define ZP_AUDIT_LINE_H

/*
 * What the audit log tells of one change or refusal, and its three forms: a line of JSON, fields of
 * the journal, a line of the ordinary log. All text in it may come from strangers: each value is
 * escaped to printable ASCII (text_escape()) and cut to AUDIT_VALUE_SIZE.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/text.h"

#define AUDIT_VALUE_SIZE   768 /* bytes of one escaped value, with a NUL */
#define AUDIT_MESSAGE_SIZE 2048
#define AUDIT_TIME_SIZE	   32

/* Text that is NULL or "", and numbers that are 0, are left out. Nothing is owned. */
struct audit_entry {
	/* who */
	bool is_local;	     /* the administrator, on the unix socket */
	uid_t user;	     /* where is_local */
	const char *address; /* the peer's, where not is_local */
	const char *master;  /* whose key signed */
	const char *key;     /* key id */

	/* what */
	const char *method;
	const char *target;
	const char *zone;
	const char *wanted; /* of the zone: present, absent */
	uint64_t generation;
	uint64_t count; /* how many changes or refusals one line is about; 0: one */

	/* what came of it */
	bool is_refused;     /* of whom the agent knows: somebody should look */
	const char *result;  /* applied, accepted, unchanged, stale, refused, incomplete */
	const char *problem; /* PROTOCOL.md §9 */
	const char *detail;
	int status; /* of HTTP */
};

/* "2026-11-24T03:00:00.123Z" (RFC 3339), of ms since 1970. */
void audit_time_render(uint64_t ms, char ret_text[static AUDIT_TIME_SIZE]);

/* Append; return 0 or -ENOMEM. JSON ends with a line feed; the journal's are `NAME=value` lines. */
int audit_line_json(const struct audit_entry *entry, const char *time, struct text_buffer *out)
	__attribute__((warn_unused_result));
int audit_line_journal(const struct audit_entry *entry, struct text_buffer *out)
	__attribute__((warn_unused_result));

/* A sentence for people, without subject; cut to fit. */
void audit_line_message(const struct audit_entry *entry,
			char ret_message[static AUDIT_MESSAGE_SIZE]);

#endif
