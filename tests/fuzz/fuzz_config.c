/* The input is a configuration file: both programs take it or say why not. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "master-hook/hook_config.h"
#include "slave-agent/agent_config.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("zonepush.conf", MFD_CLOEXEC);
	struct agent_config agent;
	struct hook_config hook;
	struct reason why;
	char path[32];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (agent_config_load(path, &agent, &why) == 0)
		agent_config_done(&agent);
	else if (!*why.text)
		abort();
	if (hook_config_load(path, &hook, &why) == 0)
		hook_config_done(&hook);
	close(fd);
	return 0;
}
