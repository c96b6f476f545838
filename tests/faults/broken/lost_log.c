/*
 * An agent whose registry loses what it committed last: at its start the write-ahead log is gone,
 * which a clean end leaves empty and a crash doesn't. To be preloaded; the harness must find it.
 */

#include <unistd.h>

__attribute__((constructor)) static void lose(void)
{
	unlink("state/registry.db-wal");
	unlink("state/registry.db-shm");
}
