/* A file like rndc.key or rndc.conf, as an administrator may leave it. */
#include <unistd.h>

#include "proto/key.h"
#include "slave-agent/rndc_key.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[] = "/tmp/zonepush-fuzz.XXXXXX";
	static int fd = -1;
	struct rndc_key key;
	struct reason why;

	if (fd < 0 && key_library_init() == 0)
		fd = mkstemp(path);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	if (rndc_key_load(path, "", 0, &key, &why) == 0) {
		if (!key.secret == !key.beyond[0] || !key.name[0] || !key.port)
			abort();
		rndc_key_done(&key);
	}
	return 0;
}
