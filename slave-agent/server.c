#include "slave-agent/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/log.h"
#include "slave-agent/connection.h"
#include "slave-agent/listen.h"

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

static int add_listener(struct server *server, struct agent *agent,
			const struct listen_socket *socket)
{
	struct listener *listener = &server->listeners[server->count];

	connection_list_init(&listener->connections, agent, socket->is_local);
	listener->daemon = start_daemon(&listener->connections, socket->fd);
	if (!listener->daemon) {
		connection_list_done(&listener->connections);
		return ZP_ELIBRARY;
	}
	server->count++;
	return 0;
}

int server_start(struct agent *agent, struct server **ret_server, struct reason *why)
{
	struct listen_sockets sockets;
	struct server *server;
	int r;

	server = calloc(1, sizeof(*server));
	if (!server)
		return reason_fail(why, -ENOMEM, "out of memory");

	r = listen_open(agent->config, &sockets, why);
	for (size_t i = 0; r == 0 && i < sockets.count; i++) {
		r = add_listener(server, agent, &sockets.items[i]);
		if (r < 0)
			reason_set(why, "libmicrohttpd can't serve a socket (%s)", error_text(r));
	}
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

bool server_is_stuck(const struct server *server, uint64_t limit_ms)
{
	for (size_t i = 0; i < server->count; i++)
		if (pulse_is_stuck(&server->listeners[i].connections.pulse, limit_ms))
			return true;
	return false;
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
