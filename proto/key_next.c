#include "proto/key_next.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "proto/file.h"

#define MODE_BITS 07777

/* The path of the next key, and that of its public half. */
struct next {
	char private[PATH_MAX];
	char public[PATH_MAX];
};

static int find_paths(const char *path, struct next *ret_next, struct reason *why)
{
	struct next *next = ret_next;

	if (snprintf(next->public, sizeof(next->public), "%s.next.pub", path) >=
	    (int)sizeof(next->public))
		return reason_fail(why, -ENAMETOOLONG, "'%s' is too long a path", path);
	snprintf(next->private, sizeof(next->private), "%s.next", path);
	return 0;
}

int key_next_load(const char *path, struct key **ret_key, struct reason *why)
{
	struct next next;
	int r;

	r = find_paths(path, &next, why);
	if (r < 0)
		return r;
	if (access(next.private, F_OK) < 0 && errno == ENOENT)
		return -ENOENT;
	return key_load(next.private, ret_key, why);
}

/* A public half without its private one was left by a crash, and is of no use. */
static int make(const struct next *next, const struct stat *present, struct key **ret_key,
		struct reason *why)
{
	int r;

	r = file_remove(next->public);
	if (r < 0)
		return reason_fail(why, r, "can't remove '%s' (%s)", next->public, error_text(r));
	return key_make(next->private, present->st_mode & MODE_BITS, present->st_gid, ret_key, why);
}

int key_next_ensure(const char *path, struct key **ret_key, struct reason *why)
{
	struct key *key = NULL;
	struct stat present;
	struct next next;
	int r;

	r = find_paths(path, &next, why);
	if (r < 0)
		return r;
	if (stat(path, &present) < 0)
		return reason_fail(why, -errno, "there is no key '%s' that another could follow",
				   path);
	r = key_next_load(path, &key, why);
	if (r == -ENOENT)
		r = make(&next, &present, &key, why);
	/* Root makes it, for who uses the present one. */
	if (r == 0 && geteuid() == 0 && chown(next.private, present.st_uid, present.st_gid) < 0)
		r = reason_fail(why, -errno, "can't give '%s' to its user (%s)", next.private,
				error_text(-errno));
	if (r < 0) {
		key_free(key);
		return r;
	}
	*ret_key = key;
	return 0;
}

int key_next_promote(const char *path, struct reason *why)
{
	char public[PATH_MAX];
	struct next next;
	int r;

	r = find_paths(path, &next, why);
	if (r < 0)
		return r;
	/* The private one last: as long as it has its old name, all of this can be done again. */
	snprintf(public, sizeof(public), "%s.pub", path);
	r = file_move(next.public, public);
	if (r == 0 || r == -ENOENT)
		r = file_move(next.private, path);
	if (r < 0)
		return reason_fail(why, r, "can't put '%s' in the place of '%s' (%s)", next.private,
				   path, error_text(r));
	return 0;
}
