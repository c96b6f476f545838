#include "slave-agent/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/error.h"
#include "proto/log.h"

/* O_NONBLOCK: a pipe in the file's place must not stop the agent before it is seen to be one. */
#define OPEN_FLAGS (O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK)

/* The mode is set on a file of our own only, whatever the umask is. */
static int open_path(const char *path)
{
	int fd;

	fd = open(path, OPEN_FLAGS);
	if (fd >= 0 || errno != ENOENT)
		return fd >= 0 ? fd : -errno;
	fd = open(path, OPEN_FLAGS | O_CREAT | O_EXCL, AUDIT_FILE_MODE);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, AUDIT_FILE_MODE) == 0)
		return fd;
	close(fd);
	return -EPERM;
}

static int reopen(struct audit_file *file)
{
	struct stat status;
	int fd;

	audit_file_done(file);
	fd = open_path(file->path);
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	file->fd = fd;
	file->device = status.st_dev;
	file->inode = status.st_ino;
	file->is_torn = false;
	return 0;
}

static int look(struct audit_file *file)
{
	struct stat status;

	if (file->fd >= 0 && stat(file->path, &status) == 0 && status.st_dev == file->device &&
	    status.st_ino == file->inode)
		return 0;
	return reopen(file);
}

static void report(struct audit_file *file, int error)
{
	if (error < 0 && !file->is_failing)
		log_error("audit: can't write '%s' (%s); changes go on without it, and stand in "
			  "the log: mend it, or give `audit` another path",
			  file->path, error == -EINVAL ? "not a file" : error_text(error));
	if (error == 0 && file->is_failing) {
		log_notice("audit: '%s' is written again; %llu lines are missing in it", file->path,
			   (unsigned long long)file->lost);
		file->lost = 0;
	}
	file->is_failing = error < 0;
}

void audit_file_init(struct audit_file *file, const char *path)
{
	*file = (struct audit_file){.path = path, .fd = -1};
	report(file, reopen(file));
}

void audit_file_done(struct audit_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

/* Returns 0 or -errno, with what was written in either case. */
static int append(int fd, const char *data, size_t length, size_t *ret_written)
{
	size_t written = 0;
	ssize_t n;

	while (written < length) {
		n = write(fd, data + written, length - written);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		written += (size_t)n;
	}
	*ret_written = written;
	return written == length ? 0 : -errno;
}

static uint64_t count_lines(const char *text, size_t length)
{
	uint64_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += text[i] == '\n';
	return count;
}

void audit_file_write(struct audit_file *file, const char *lines, size_t length)
{
	size_t written = 0;
	int r;

	r = look(file);
	if (r == 0 && file->is_torn) {
		r = append(file->fd, "\n", 1, &written);
		file->is_torn = r < 0;
		written = 0;
	}
	if (r == 0)
		r = append(file->fd, lines, length, &written);
	if (r < 0) {
		file->is_torn |= written > 0 && lines[written - 1] != '\n';
		file->lost += count_lines(lines + written, length - written);
	}
	report(file, r);
}
