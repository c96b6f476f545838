#include "proto/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct file_draft {
	char target[PATH_MAX];
	char temporary[PATH_MAX + 16];
	FILE *stream; /* NULL once sealed */
	bool is_published;
};

static int read_all(int fd, char *data, size_t size, size_t *ret_length)
{
	size_t length = 0;
	ssize_t n;

	while (length < size) {
		n = read(fd, data + length, size - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	*ret_length = length;
	return 0;
}

static int load_descriptor(int fd, size_t most, char **ret_text, size_t *ret_length,
			   struct stat *ret_status)
{
	struct stat status;
	size_t length = 0;
	char *text;
	int r;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if ((uintmax_t)status.st_size > most)
		return ZP_ETOOBIG;

	/* One byte more than there should be tells a file that grew meanwhile. */
	text = malloc((size_t)status.st_size + 2);
	if (!text)
		return -ENOMEM;
	r = read_all(fd, text, (size_t)status.st_size + 1, &length);
	if (r == 0 && length > (size_t)status.st_size)
		r = -EAGAIN;
	if (r < 0) {
		free(text);
		return r;
	}
	text[length] = '\0';
	*ret_text = text;
	*ret_length = length;
	if (ret_status)
		*ret_status = status;
	return 0;
}

int file_load(const char *path, size_t most, char **ret_text, size_t *ret_length,
	      struct stat *ret_status)
{
	int fd, r;

	/* O_NONBLOCK: a FIFO of that name must not hang us before fstat can tell. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	r = load_descriptor(fd, most, ret_text, ret_length, ret_status);
	close(fd);
	return r;
}

/*

 * The directory that path is in: opened before a change to it, so that only fsync can fail after.

 */
static int open_directory_of(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	if (strlen(path) >= sizeof(copy))
		return -ENAMETOOLONG;
	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	return fd < 0 ? -errno : fd;
}

/* Makes the change durable, if there was one (r is 0), and closes the directory. */
static int settle_directory(int fd, int r)
{
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* A directory may have given it already (its set-group-ID bit), where a sandbox forbids chown. */
static bool has_group(int fd, gid_t group)
{
	struct stat status;

	return group == (gid_t)-1 || (fstat(fd, &status) == 0 && status.st_gid == group);
}

/* On the descriptor, so that neither the umask nor a race has a say. */
static int set_access(int fd, mode_t mode, gid_t group)
{
	if (!has_group(fd, group) && fchown(fd, (uid_t)-1, group) < 0)
		return -errno;
	if (fchmod(fd, mode) < 0)
		return -errno;
	return 0;
}

static int open_temporary(struct file_draft *draft, mode_t mode, gid_t group)
{
	char directory[PATH_MAX], name[PATH_MAX];
	int fd, r;

	snprintf(directory, sizeof(directory), "%s", draft->target);
	snprintf(name, sizeof(name), "%s", draft->target);
	r = snprintf(draft->temporary, sizeof(draft->temporary), "%s/.%s.XXXXXX",
		     dirname(directory), basename(name));
	if (r < 0 || (size_t)r >= sizeof(draft->temporary))
		return -ENAMETOOLONG;
	fd = mkostemp(draft->temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = set_access(fd, mode, group);
	if (r == 0) {
		draft->stream = fdopen(fd, "w");
		if (!draft->stream)
			r = -errno;
	}
	if (r < 0) {
		unlink(draft->temporary);
		close(fd);
	}
	return r;
}

int file_draft_new(const char *path, mode_t mode, gid_t group, struct file_draft **ret_draft)
{
	struct file_draft *draft;
	int r;

	if (strlen(path) >= sizeof(draft->target))
		return -ENAMETOOLONG;
	draft = calloc(1, sizeof(*draft));
	if (!draft)
		return -ENOMEM;
	snprintf(draft->target, sizeof(draft->target), "%s", path);
	r = open_temporary(draft, mode, group);
	if (r < 0) {
		free(draft);
		return r;
	}
	*ret_draft = draft;
	return 0;
}

FILE *file_draft_stream(struct file_draft *draft)
{
	return draft->stream;
}

const char *file_draft_path(const struct file_draft *draft)
{
	return draft->temporary;
}

int file_draft_seal(struct file_draft *draft)
{
	FILE *stream = draft->stream;
	int r = 0;

	if (ferror(stream))
		r = -EIO;
	if (fflush(stream) != 0 || fsync(fileno(stream)) < 0)
		r = -errno;
	draft->stream = NULL;
	if (fclose(stream) != 0 && r == 0)
		r = -errno;
	return r;
}

/* Another name for what is in force now, put in the place of an older one in one step. */
static int keep_previous(const struct file_draft *draft, const char *previous)
{
	char temporary[PATH_MAX + 32];
	int r = 0;

	snprintf(temporary, sizeof(temporary), "%s.previous", draft->temporary);
	if (link(draft->target, temporary) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (rename(temporary, previous) < 0)
		r = -errno;
	/* rename(2) does nothing where both names are links to one file. */
	unlink(temporary);
	return r;
}

int file_draft_place(struct file_draft *draft, const char *previous)
{
	int r = 0;

	if (previous)
		r = keep_previous(draft, previous);
	if (r == 0 && rename(draft->temporary, draft->target) < 0)
		r = -errno;
	draft->is_published = r == 0;
	return r;
}

int file_sync_directory(const char *path)
{
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	if (fd < 0)
		return -errno;
	return settle_directory(fd, 0);
}

int file_draft_publish(struct file_draft *draft, const char *previous)
{
	int directory, r;

	directory = open_directory_of(draft->target);
	if (directory < 0)
		return directory;
	r = file_draft_place(draft, previous);
	return settle_directory(directory, r);
}

void file_draft_free(struct file_draft *draft)
{
	if (!draft)
		return;
	if (draft->stream)
		fclose(draft->stream);
	if (!draft->is_published)
		unlink(draft->temporary);
	free(draft);
}

int file_draft_sweep(const char *path)
{
	char directory[PATH_MAX], name[PATH_MAX], pattern[2 * PATH_MAX];
	glob_t drafts = {0};
	int r = 0;

	snprintf(directory, sizeof(directory), "%s", path);
	snprintf(name, sizeof(name), "%s", path);
	snprintf(pattern, sizeof(pattern), "%s/.%s.??????*", dirname(directory), basename(name));
	if (glob(pattern, GLOB_NOSORT, NULL, &drafts) != 0)
		return 0; /* none is there, or none can be seen */
	for (size_t i = 0; i < drafts.gl_pathc; i++)
		if (unlink(drafts.gl_pathv[i]) < 0)
			r = -errno;
	globfree(&drafts);
	return r;
}

/* A sealed draft of these bytes. */
static int make_draft(const char *path, const void *data, size_t length, mode_t mode, gid_t group,
		      struct file_draft **ret_draft)
{
	struct file_draft *draft;
	int r;

	r = file_draft_new(path, mode, group, &draft);
	if (r < 0)
		return r;
	if (fwrite(data, 1, length, draft->stream) != length)
		r = -errno;
	if (r == 0)
		r = file_draft_seal(draft);
	if (r < 0) {
		file_draft_free(draft);
		return r;
	}
	*ret_draft = draft;
	return 0;
}

int file_replace(const char *path, const void *data, size_t length, mode_t mode, gid_t group)
{
	struct file_draft *draft;
	int r;

	r = make_draft(path, data, length, mode, group, &draft);
	if (r < 0)
		return r;
	r = file_draft_publish(draft, NULL);
	file_draft_free(draft);
	return r;
}

int file_create(const char *path, const void *data, size_t length, mode_t mode, gid_t group)
{
	struct file_draft *draft;
	int directory, r;

	directory = open_directory_of(path);
	if (directory < 0)
		return directory;
	r = make_draft(path, data, length, mode, group, &draft);
	if (r == 0) {
		/* link(2), unlike rename(2), never replaces: it appears whole or not at all. */
		if (link(draft->temporary, path) < 0)
			r = -errno;
		file_draft_free(draft);
	}
	return settle_directory(directory, r);
}

int file_touch(const char *path, mode_t mode, gid_t group)
{
	int fd, r = 0;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd >= 0)
		r = set_access(fd, mode, group);
	else if (errno == EEXIST)
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	close(fd);
	return r;
}

int file_remove(const char *path)
{
	int directory, r = 0;

	directory = open_directory_of(path);
	if (directory < 0)
		return directory == -ENOENT ? 0 : directory;
	if (unlink(path) < 0 && errno != ENOENT)
		r = -errno;
	return settle_directory(directory, r);
}

static int set_directory_access(const char *path, mode_t mode, gid_t group)
{
	int fd, r;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	r = set_access(fd, mode, group);
	close(fd);
	return r;
}

static int make_one(const char *path, mode_t mode, gid_t group)
{
	struct stat status;
	int r;

	if (mkdir(path, 0700) < 0) {
		if (errno != EEXIST || stat(path, &status) < 0)
			return -errno;
		return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
	}
	r = set_directory_access(path, mode, group);
	/* Left there, the next try would take it for one whose mode is to be kept. */
	if (r < 0)
		rmdir(path);
	return r;
}

int file_make_directory(const char *path, mode_t mode, gid_t group)
{
	size_t length = strlen(path);
	char copy[PATH_MAX];
	int r;

	if (length >= sizeof(copy))
		return -ENAMETOOLONG;
	snprintf(copy, sizeof(copy), "%s", path);
	/* `a/b/` is b with the mode that was asked for, not something below b. */
	while (length > 1 && copy[length - 1] == '/')
		copy[--length] = '\0';
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		r = make_one(copy, 0755, (gid_t)-1);
		if (r < 0)
			return r;
		*slash = '/';
	}
	return make_one(copy, mode, group);
}

int file_lock(const char *path)
{
	/* Not flock(2): a child that is still between fork and exec would hold it, too. */
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd, error;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_SETLK, &whole) == 0)
		return fd;
	error = errno == EACCES ? EWOULDBLOCK : errno;
	close(fd);
	return -error;
}

void file_stamp_take(const char *path, struct file_stamp *ret_stamp)
{
	struct stat status;

	*ret_stamp = (struct file_stamp){0};
	if (stat(path, &status) == 0)
		*ret_stamp = (struct file_stamp){
			.device = status.st_dev,
			.inode = status.st_ino,
			.size = status.st_size,
			.modified = status.st_mtim,
			.changed = status.st_ctim,
		};
}

static bool times_are_equal(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool file_stamp_is_equal(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       times_are_equal(&a->modified, &b->modified) &&
	       times_are_equal(&a->changed, &b->changed);
}

static int copy_stream(FILE *in, FILE *out)
{
	char buffer[65536];
	size_t n;

	while ((n = fread(buffer, 1, sizeof(buffer), in)) > 0)
		if (fwrite(buffer, 1, n, out) != n)
			return -EIO;
	return ferror(in) ? -EIO : 0;
}

int file_copy(const char *from, const char *path, mode_t mode, gid_t group)
{
	struct file_draft *draft = NULL;
	FILE *in;
	int r;

	in = fopen(from, "re");
	if (!in)
		return -errno;
	r = file_draft_new(path, mode, group, &draft);
	if (r == 0)
		r = copy_stream(in, file_draft_stream(draft));
	if (r == 0)
		r = file_draft_seal(draft);
	if (r == 0)
		r = file_draft_publish(draft, NULL);
	file_draft_free(draft);
	fclose(in);
	return r;
}

int file_move(const char *from, const char *path)
{
	char copy[PATH_MAX];

	if (strlen(path) >= sizeof(copy))
		return -ENAMETOOLONG;
	if (rename(from, path) < 0)
		return -errno;
	snprintf(copy, sizeof(copy), "%s", path);
	return file_sync_directory(dirname(copy));
}
