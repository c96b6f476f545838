/*
 * An agent that doesn't replace files in one step: rename(2) writes over the old content. To be
 * preloaded; the harness must find it.
 */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int rename(const char *old, const char *new)
{
	int from = open(old, O_RDONLY | O_CLOEXEC);
	int to = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	char part[64];
	ssize_t n;
	int r = from < 0 || to < 0 ? -1 : 0;

	while (r == 0 && (n = read(from, part, sizeof(part))) > 0)
		if (write(to, part, (size_t)n) != n)
			r = -1;
	if (r == 0)
		r = fsync(to);
	close(from);
	close(to);
	return r == 0 ? unlink(old) : r;
}
