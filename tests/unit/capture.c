#include "tests/unit/capture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

void capture_start(struct capture *capture, int descriptor)
{
	capture->descriptor = descriptor;
	capture->saved = dup(descriptor);
	capture->memory = memfd_create("capture", MFD_CLOEXEC);
	assert_true(capture->saved >= 0 && capture->memory >= 0);
	/* Threads that write at once would overwrite each other: a memfd has no lock on its offset.
	 */
	assert_int_equal(fcntl(capture->memory, F_SETFL, O_APPEND), 0);
	fflush(NULL);
	dup2(capture->memory, descriptor);
}

char *capture_end(struct capture *capture)
{
	off_t length;
	char *text;

	fflush(NULL);
	dup2(capture->saved, capture->descriptor);
	close(capture->saved);

	length = lseek(capture->memory, 0, SEEK_END);
	assert_true(length >= 0);
	text = calloc(1, (size_t)length + 1);
	assert_non_null(text);
	assert_int_equal(pread(capture->memory, text, (size_t)length, 0), length);
	close(capture->memory);
	return text;
}
