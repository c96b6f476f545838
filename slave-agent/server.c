#include "slave-agent/server.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/address.h"
#include "proto/file.h"
#include "proto/log.h"
#include "slave-agent/connection.h"

#define BACKLOG		      128
#define SOCKET_DIRECTORY_MODE 0755
#define SOCKET_UMASK	      0177

struct listener {
	struct connection_list connections;
	struct MHD_Daemon *daemon;
};

struct server {
	struct listener listeners[AGENT_LISTEN_MAX + 1];
	size_t count;
};

static void __attribute__((format(printf, 2, 0)))
log_library(void *closure, const char *format, va_list arguments)
{
	char text[256];

	(void)closure;
	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	log_debug("server: libmicrohttpd: %s", text);
}

/* The target stays as it was sent: the signature covers those bytes. */
static size_t keep_escapes(void *closure, struct MHD_Connection *mhd, char *text)
{
	(void)closure;
	(void)mhd;
	return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct connection_list *connections, int fd)
{
	unsigned int flags =
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

	return MHD_start_daemon(flags, 0, NULL, NULL, connection_handle, connections,
				MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
				MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK,
				connection_begin, connections, MHD_OPTION_UNESCAPE_CALLBACK,
				keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, connection_end,
				connections, MHD_OPTION_NOTIFY_CONNECTION, connection_notify,
				connections, MHD_OPTION_CONNECTION_LIMIT,
				(unsigned int)SERVER_CONNECTIONS_MAX,
				MHD_OPTION_PER_IP_CONNECTION_LIMIT,
				(unsigned int)(connections->is_local ? 0 : SERVER_PER_ADDRESS_MAX),
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)SERVER_SILENCE_SECONDS,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVER_MEMORY_MAX,
				MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

/* Takes over the descriptor. */
static int add_listener(struct server *server, struct agent *agent, int fd, bool is_local)
{
	struct listener *listener = &server->listeners[server->count];

	connection_list_init(&listener->connections, agent, is_local);
	listener->daemon = start_daemon(&listener->connections, fd);
	if (!listener->daemon) {
		connection_list_done(&listener->connections);
		close(fd);
		return ZP_ELIBRARY;
	}
	server->count++;
	return 0;
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

static int listen_tcp(struct server *server, struct agent *agent, const struct address *address,
		      struct reason *why)
{
	struct sockaddr_storage socket_address;
	char text[ADDRESS_SIZE];
	socklen_t length;
	int fd, r;

	address_render(address, text);
	length = address_to_socket(address, &socket_address);
	fd = open_socket(address->family, &socket_address, length);
	if (fd == -EAFNOSUPPORT) {
		log_warning("server: this machine can't listen on '%s' (%s)", text, error_text(fd));
		return 0;
	}
	r = fd < 0 ? fd : add_listener(server, agent, fd, false);
	if (r < 0)
		return reason_fail(why, r, "can't listen on '%s' (%s)", text, error_text(r));
	log_notice("server: listening on '%s'", text);
	return 0;
}

/* A socket file that is there is a stale one: whoever had it would hold the registry's lock. */
static int open_local_socket(const char *path)
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

static int listen_local(struct server *server, struct agent *agent, const char *path,
			struct reason *why)
{
	int fd, r;

	fd = open_local_socket(path);
	r = fd < 0 ? fd : add_listener(server, agent, fd, true);
	if (r < 0)
		return reason_fail(why, r, "can't listen on the unix socket '%s' (%s)", path,
				   error_text(r));
	return 0;
}

int server_start(struct agent *agent, struct server **ret_server, struct reason *why)
{
	const struct agent_config *config = agent->config;
	struct server *server;
	int r;

	server = calloc(1, sizeof(*server));
	if (!server)
		return reason_fail(why, -ENOMEM, "out of memory");

	r = listen_local(server, agent, config->socket, why);
	for (size_t i = 0; r == 0 && i < config->n_listen; i++)
		r = listen_tcp(server, agent, &config->listen[i], why);
	if (r < 0) {
		server_free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

void server_tick(struct server *server)
{
	for (size_t i = 0; i < server->count; i++)
		connection_list_tick(&server->listeners[i].connections);
}

void server_quiesce(struct server *server)
{
	MHD_socket fd;

	for (size_t i = 0; i < server->count; i++) {
		fd = MHD_quiesce_daemon(server->listeners[i].daemon);
		if (fd >= 0)
			close(fd);
	}
}

bool server_is_busy(struct server *server)
{
	for (size_t i = 0; i < server->count; i++)
		if (connection_list_is_busy(&server->listeners[i].connections))
			return true;
	return false;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	for (size_t i = 0; i < server->count; i++) {
		MHD_stop_daemon(server->listeners[i].daemon);
		connection_list_done(&server->listeners[i].connections);
	}
	free(server);
}
