#ifndef ZP_FILE_H
#define ZP_FILE_H

/*
 * Files: loaded with a bound, replaced as a whole and durably. Nothing else in zonepush renames or
 * unlinks a file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "proto/error.h"

/*
 * Loads a regular file of at most `most` bytes. The text has a NUL behind its length bytes and
 * is freed by the caller; *ret_status, unless NULL, is that of the descriptor that was read.
 * Returns 0, -errno, ZP_ETOOBIG, or -EINVAL where path isn't a regular file.
 */
int file_load(const char *path, size_t most, char **ret_text, size_t *ret_length,
	      struct stat *ret_status) __attribute__((warn_unused_result));

/*
 * A file in the making: a temporary one in the directory of the file that it will replace.
 * Write to file_draft_stream(), then seal, then (check it, and) publish.
 */
struct file_draft;

/* mode and group ((gid_t)-1: as it comes) are set on the descriptor, whatever the umask is. */
int file_draft_new(const char *path, mode_t mode, gid_t group, struct file_draft **ret_draft)
	__attribute__((warn_unused_result));
FILE *file_draft_stream(struct file_draft *draft);
const char *file_draft_path(const struct file_draft *draft); /* of the temporary file */

/* Flushes, fsyncs and closes: from here on the draft's bytes are on disk. 0 or -errno. */
int file_draft_seal(struct file_draft *draft) __attribute__((warn_unused_result));

/*
 * Puts a sealed draft in the file's place, atomically and durably. Where `previous` isn't NULL,
 * what was there before stays as a file of that name. Returns 0 or -errno; after an error the old
 * file stands, unless it was the last step that failed (-EIO of the directory's fsync): then the
 * new one is in place, and may be lost with the power.
 */
int file_draft_publish(struct file_draft *draft, const char *previous)
	__attribute__((warn_unused_result));

/*
 * The same for several drafts of one directory: each is placed, in force at once but not durable
 * yet, and file_sync_directory() makes them all so. Return 0 or -errno.
 */
int file_draft_place(struct file_draft *draft, const char *previous)
	__attribute__((warn_unused_result));
int file_sync_directory(const char *path) __attribute__((warn_unused_result));

/* Frees the draft; one that wasn't published leaves no trace. */
void file_draft_free(struct file_draft *draft);

/*
 * Removes drafts of this file that a crash left behind. Only for who alone makes drafts of it. Its
 * name may be a pattern (glob(7)).
 * Returns 0 or -errno.
 */
int file_draft_sweep(const char *path) __attribute__((warn_unused_result));

/* Draft, write, seal and publish in one. */
int file_replace(const char *path, const void *data, size_t length, mode_t mode, gid_t group)
	__attribute__((warn_unused_result));

/* Replaces a file by a copy of another one, durably. Returns 0 or -errno. */
int file_copy(const char *from, const char *path, mode_t mode, gid_t group)
	__attribute__((warn_unused_result));

/* Renames within one directory, durably; what was there before is gone. Returns 0 or -errno. */
int file_move(const char *from, const char *path) __attribute__((warn_unused_result));

/* Makes a new file durably, or fails with -EEXIST. */
int file_create(const char *path, const void *data, size_t length, mode_t mode, gid_t group)
	__attribute__((warn_unused_result));

/* Makes an empty file where there is none, and shows whoever watches it (inotify(7)) a write. */
int file_touch(const char *path, mode_t mode, gid_t group) __attribute__((warn_unused_result));

/* Removes a file durably; one that isn't there is no error. */
int file_remove(const char *path) __attribute__((warn_unused_result));

/*
 * Makes a directory and what is missing above it; one that is there is no error and keeps its
 * mode. Returns 0 or -errno.
 */
int file_make_directory(const char *path, mode_t mode, gid_t group)
	__attribute__((warn_unused_result));

/* By what a change of a file is told without reading it; all zero where there is none. */
struct file_stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};
void file_stamp_take(const char *path, struct file_stamp *ret_stamp);
bool file_stamp_is_equal(const struct file_stamp *a, const struct file_stamp *b);

/*
 * Takes the lock that a daemon holds while it runs (fcntl(2), F_SETLK), on a file made for it. It
 * ends with the process, whatever its children do. Returns a descriptor to keep open, -EWOULDBLOCK
 * where another process holds it, or -errno. One call a process and file.
 */
int file_lock(const char *path) __attribute__((warn_unused_result));

#endif
