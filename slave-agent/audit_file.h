#ifndef ZP_AUDIT_FILE_H
#define ZP_AUDIT_FILE_H

/*
 * A file that only grows: lines are appended, each call by one write(2). Before each it is looked
 * whether the file still has its name, so that logrotate may rename it and needn't tell. A file
 * that can't be written is said once, and so is when it can be again. Not safe for several threads.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define AUDIT_FILE_MODE 0640 /* where it is made; one that is there keeps its own */

struct audit_file {
	const char *path; /* not owned */
	int fd;		  /* -1: not open */
	dev_t device;
	ino_t inode;
	bool is_failing;
	bool is_torn;  /* its last line has no end: the disk was full */
	uint64_t lost; /* lines, since it fails */
};

/* Opens the file, or makes it. What goes wrong is logged; it is tried again at each write. */
void audit_file_init(struct audit_file *file, const char *path);
void audit_file_done(struct audit_file *file);

/* Appends whole lines. */
void audit_file_write(struct audit_file *file, const char *lines, size_t length);

#endif
