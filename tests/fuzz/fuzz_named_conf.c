/* named's configuration, as an administrator may leave it: the scanner ends, inside its text. */
#include <unistd.h>

#include "slave-agent/named_conf.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[] = "/tmp/zonepush-fuzz.XXXXXX";
	static int fd = -1;
	struct text_buffer out = {0};
	struct reason why;

	if (fd < 0)
		fd = mkstemp(path);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	if (named_conf_expand(path, "/i", "candidate;", &out, NULL, &why) == 0 &&
	    !memmem(out.data, out.length, "candidate;", strlen("candidate;")))
		abort();
	text_buffer_done(&out);
	return 0;
}
