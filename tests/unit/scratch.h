#ifndef ZP_TEST_SCRATCH_H
#define ZP_TEST_SCRATCH_H

/* A directory of a test's own, and files in it. */

#include <stddef.h>

#define SCRATCH_PATH_SIZE 256

/* Makes an empty directory below $TMPDIR or /tmp; the test fails if that can't be done. */
void scratch_make(char ret_path[static SCRATCH_PATH_SIZE]);

/* Removes the directory and what is in it. */
void scratch_remove(const char *path);

/* Writes `directory`/`name`; gives the path. */
void scratch_write(const char *directory, const char *name, const char *text,
		   char ret_path[static SCRATCH_PATH_SIZE]);

#endif
