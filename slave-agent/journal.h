#ifndef ZP_JOURNAL_H
#define ZP_JOURNAL_H

/*
 * Entries with fields for systemd's journal, in its native protocol (systemd's
 * JOURNAL_NATIVE_PROTOCOL): a datagram each, of `NAME=value` lines, without a library of systemd's.
 */

#include <stddef.h>
#include <sys/uio.h>

#define JOURNAL_SOCKET	 "/run/systemd/journal/socket"
#define JOURNAL_SEND_MAX 64 /* entries in one call of the kernel */

/* Returns a descriptor, to be closed by the caller, or -errno. */
int journal_open(const char *path) __attribute__((warn_unused_result));

/*
 * Sends entries, each a buffer. Waits a second at most where the journal doesn't read. Returns how
 * many were sent.
 */
size_t journal_send(int fd, struct iovec *entries, size_t count);

#endif
