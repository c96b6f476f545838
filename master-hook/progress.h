#ifndef ZP_PROGRESS_H
#define ZP_PROGRESS_H

/*
 * How far long work has come, on standard error: on a terminal a bar with rate and time left, which
 * goes away with the end; elsewhere a line in the log every PROGRESS_LINE_MS. Work that takes less
 * than that says nothing.
 */

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_LINE_MS (10 * 1000)

struct progress {
	const char *subject; /* what the log's lines begin with; must stay valid */
	const char *things;  /* what is counted, in the plural; must stay valid */
	uint64_t total;	     /* 0: not known */

	/* own matters */
	bool is_terminal;
	uint64_t began, said; /* clock_steady_ms() */
};

void progress_start(struct progress *progress, const char *subject, const char *things,
		    uint64_t total);

/* May be called as often as one likes. */
void progress_update(struct progress *progress, uint64_t done);
void progress_end(struct progress *progress);

#endif
