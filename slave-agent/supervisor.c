#include "slave-agent/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/text.h"

#define FIRST_DESCRIPTOR 3 /* SD_LISTEN_FDS_START */
#define MILLISECOND_US	 1000

/* A number in the environment, up to `most`; 0 where there is none. */
static uint64_t get_number(const char *name, uint64_t most)
{
	const char *text = getenv(name);
	uint64_t number = 0;

	if (!text || text_parse_integer(text, 0, most, &number) < 0)
		return 0;
	return number;
}

/* Variables may be meant for another process, whose environment this one has inherited. */
static bool is_meant(const char *pid_name)
{
	return get_number(pid_name, INT32_MAX) == (uint64_t)getpid();
}

static int get_option(int fd, int option)
{
	socklen_t length = sizeof(int);
	int value = -1;

	return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

static int take_one(int fd, struct supervisor_sockets *sockets, struct reason *why)
{
	int domain = get_option(fd, SO_DOMAIN);
	bool listens = get_option(fd, SO_TYPE) == SOCK_STREAM && get_option(fd, SO_ACCEPTCONN) == 1;

	if (!listens || (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX))
		return reason_fail(why, -EINVAL,
				   "descriptor %d, which was passed, isn't a listening stream "
				   "socket of TCP or the unix domain; see the socket unit",
				   fd);
	if (domain != AF_UNIX && sockets->n_tcp == AGENT_LISTEN_MAX)
		return reason_fail(why, -EINVAL, "more than %d TCP sockets were passed",
				   AGENT_LISTEN_MAX);
	if (domain == AF_UNIX && sockets->local >= 0)
		return reason_fail(why, -EINVAL,
				   "two unix sockets were passed; the agent uses one");
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return reason_fail(why, -errno, "descriptor %d can't be used (%s)", fd,
				   error_text(-errno));
	if (domain == AF_UNIX)
		sockets->local = fd;
	else
		sockets->tcp[sockets->n_tcp++] = fd;
	return 0;
}

int supervisor_take_sockets(struct supervisor_sockets *ret_sockets, struct reason *why)
{
	struct supervisor_sockets sockets = {.local = -1};
	int count = 0, r = 0;

	if (is_meant("LISTEN_PID"))
		count = (int)get_number("LISTEN_FDS", INT16_MAX);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	for (int i = 0; r == 0 && i < count; i++)
		r = take_one(FIRST_DESCRIPTOR + i, &sockets, why);
	if (r < 0) {
		for (int i = 0; i < count; i++)
			close(FIRST_DESCRIPTOR + i);
		return r;
	}
	*ret_sockets = sockets;
	return 0;
}

void supervisor_notify(const char *text)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (length < 2 || length >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, length);
	if (*path == '@') /* an abstract one, unix(7) */
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	close(fd);
}

uint64_t supervisor_get_watchdog(void)
{
	uint64_t limit = get_number("WATCHDOG_USEC", TEXT_INTEGER_MAX);

	if (getenv("WATCHDOG_PID") && !is_meant("WATCHDOG_PID"))
		return 0;
	return limit / MILLISECOND_US / 2;
}
