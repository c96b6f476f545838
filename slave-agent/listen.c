#include "slave-agent/listen.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/address.h"
#include "proto/file.h"
#include "proto/log.h"
#include "slave-agent/supervisor.h"

#define BACKLOG		      128
#define SOCKET_DIRECTORY_MODE 0755
#define SOCKET_UMASK	      0117 /* for the agent's user and group */

static void add(struct listen_sockets *sockets, int fd, bool is_local)
{
	sockets->items[sockets->count++] = (struct listen_socket){fd, is_local};
}

static int open_socket(int family, const void *address, socklen_t length)
{
	const int on = 1;
	int fd, error;

	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, address, length) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

static int open_tcp(const struct address *address, struct listen_sockets *sockets,
		    struct reason *why)
{
	struct sockaddr_storage socket_address;
	char text[ADDRESS_SIZE];
	socklen_t length;
	int fd;

	address_render(address, text);
	length = address_to_socket(address, &socket_address);
	fd = open_socket(address->family, &socket_address, length);
	if (fd == -EAFNOSUPPORT) {
		log_warning("listen: this machine can't listen on '%s' (%s)", text, error_text(fd));
		return 0;
	}
	if (fd < 0)
		return reason_fail(why, fd, "can't listen on '%s' (%s)", text, error_text(fd));
	add(sockets, fd, false);
	log_notice("listen: on '%s'", text);
	return 0;
}

/* A socket file that is there is a stale one: whoever had it would hold the registry's lock. */
static int open_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char copy[PATH_MAX];
	mode_t mask;
	int fd, r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	snprintf(copy, sizeof(copy), "%s", path);
	r = file_make_directory(dirname(copy), SOCKET_DIRECTORY_MODE, (gid_t)-1);
	if (r == 0)
		r = file_remove(path);
	if (r < 0)
		return r;

	mask = umask(SOCKET_UMASK);
	fd = open_socket(AF_UNIX, &address, sizeof(address));
	umask(mask);
	return fd;
}

static int open_local(const char *path, struct listen_sockets *sockets, struct reason *why)
{
	int fd = open_unix(path);

	if (fd < 0)
		return reason_fail(why, fd, "can't listen on the unix socket '%s' (%s)", path,
				   error_text(fd));
	add(sockets, fd, true);
	return 0;
}

static void take_tcp(const struct supervisor_sockets *passed, struct listen_sockets *sockets)
{
	for (size_t i = 0; i < passed->n_tcp; i++)
		add(sockets, passed->tcp[i], false);
	log_notice("listen: on %zu socket%s of the service manager's; `listen` in the "
		   "configuration isn't used",
		   passed->n_tcp, passed->n_tcp == 1 ? "" : "s");
}

/* Our own verbs look for it where the configuration says. */
static void take_local(const struct agent_config *config, int fd, struct listen_sockets *sockets)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t length = sizeof(address) - 1;

	if (getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
	    strcmp(address.sun_path, config->socket) != 0)
		log_warning("listen: the service manager's unix socket is '%s', and `socket` in "
			    "the configuration '%s', where the agent's own verbs look for it; make "
			    "both the same",
			    address.sun_path, config->socket);
	add(sockets, fd, true);
}

static void close_all(const struct listen_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		close(sockets->items[i].fd);
}

int listen_open(const struct agent_config *config, struct listen_sockets *ret_sockets,
		struct reason *why)
{
	struct listen_sockets sockets = {.count = 0};
	struct supervisor_sockets passed;
	int r;

	r = supervisor_take_sockets(&passed, why);
	if (r < 0)
		return r;
	if (passed.n_tcp > 0)
		take_tcp(&passed, &sockets);
	if (passed.local >= 0)
		take_local(config, passed.local, &sockets);
	else
		r = open_local(config->socket, &sockets, why);
	for (size_t i = 0; r == 0 && passed.n_tcp == 0 && i < config->n_listen; i++)
		r = open_tcp(&config->listen[i], &sockets, why);
	if (r < 0) {
		close_all(&sockets);
		return r;
	}
	*ret_sockets = sockets;
	return 0;
}
