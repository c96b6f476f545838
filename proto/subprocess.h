#ifndef ZP_SUBPROCESS_H
#define ZP_SUBPROCESS_H

/*
 * Running a program: by absolute path and argument array, never by a shell; with a clean
 * environment (PATH and LC_ALL=C only), no descriptors of ours, a time limit, and bounded output.
 */

#include <stddef.h>

#include "proto/error.h"

#define SUBPROCESS_OUTPUT_MAX (64 * 1024)

struct subprocess_output {
	char *text; /* standard output and error together, NUL-terminated, cut at the limit */
	size_t length;
	int status; /* exit status, 0 .. 255 */
};

/*
 * Runs argv[0] and waits for its end. `input` is a descriptor to be its standard input, or -1 for
 * none. Returns 0 if it exited by itself, whatever its status; -ETIMEDOUT after it was killed at
 * the limit; ZP_EPROGRAM when a signal ended it; -errno when it couldn't be started. The output is
 * given in all cases but the last and must be freed by subprocess_output_done().
 */
int subprocess_run(const char *const argv[], int input, unsigned int limit_ms,
		   struct subprocess_output *ret_output) __attribute__((warn_unused_result));

/* The same; all of the output, however much, is also written to the descriptor `sink`. */
int subprocess_run_into(const char *const argv[], int input, int sink, unsigned int limit_ms,
			struct subprocess_output *ret_output) __attribute__((warn_unused_result));
void subprocess_output_done(struct subprocess_output *output);

/*
 * Writes the first line of the output that isn't empty, without its end and cut to size - 1 bytes;
 * "" if there is none.
 */
void subprocess_first_line(const struct subprocess_output *output, char *ret_line, size_t size);

#endif
