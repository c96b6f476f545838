#include "tests/unit/scratch.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void scratch_make(char ret_path[static SCRATCH_PATH_SIZE])
{
	const char *base = getenv("TMPDIR");

	snprintf(ret_path, SCRATCH_PATH_SIZE, "%s/zonepush-test.XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(ret_path));
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *position)
{
	(void)status;
	(void)type;
	(void)position;
	return remove(path);
}

void scratch_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void scratch_write(const char *directory, const char *name, const char *text,
		   char ret_path[static SCRATCH_PATH_SIZE])
{
	FILE *file;

	snprintf(ret_path, SCRATCH_PATH_SIZE, "%s/%s", directory, name);
	file = fopen(ret_path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}
