/*
 * An agent that never waits for the disk. To be preloaded: the harness must find it, and the
 * benchmark measures with it what waiting costs.
 */

#include <unistd.h>

int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}
