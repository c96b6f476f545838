#ifndef ZP_AUDIT_LIMIT_H
#define ZP_AUDIT_LIMIT_H

/*
 * How much of the audit log strangers can fill: in each window of time so many lines an address and
 * so many in all. What is more is counted, and the counts are told at the window's end. Bounded
 * memory. Not safe for several threads.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_LIMIT_WINDOW_MS	60000
#define AUDIT_LIMIT_PER_ADDRESS 10  /* lines in a window */
#define AUDIT_LIMIT_TOTAL	100 /* likewise, of all addresses together */

/* With "/64" behind an IPv6 address. */
#define AUDIT_SOURCE_SIZE (INET6_ADDRSTRLEN + 4)

/* An IPv4 address, or the /64 that an IPv6 address is in. */
struct audit_source {
	char text[AUDIT_SOURCE_SIZE]; /* "": all others */
	unsigned int lines;
	uint64_t left_out;
};

/* All zero at first. Every source that has a line here wrote it: so there are no more than lines.
 */
struct audit_limit {
	uint64_t ends; /* of the window, clock_steady_ms() */
	unsigned int lines;
	struct audit_source sources[AUDIT_LIMIT_TOTAL];
	size_t count;
	uint64_t others;
};

/* Whether a refusal of this address is told by a line of its own; otherwise it was counted. */
bool audit_limit_take(struct audit_limit *limit, const char *address, uint64_t now);

/*
 * At the end of a window: gives those of which something was left out, and starts anew. Returns
 * their number, 0 before the end.
 */
size_t audit_limit_end(struct audit_limit *limit, uint64_t now,
		       struct audit_source ret_sources[static AUDIT_LIMIT_TOTAL + 1]);

#endif
