/*
 * Sends requests that were made before, as fast as they are answered, over connections that stay
 * open: one under way on each. Prints how many were answered 200, and in how many seconds.
 *
 *     keepalive ADDRESS PORT CONNECTIONS <requests
 *
 * Requests have no content, so that each ends with an empty line.
 */

#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define REPLY_SIZE	65536
#define REQUESTS_SIZE	(256 * 1024 * 1024)

static const char end_of_head[] = "\r\n\r\n";

struct connection {
	char reply[REPLY_SIZE];
	size_t length;
};

static struct connection connections[CONNECTIONS_MAX];
static struct pollfd sockets[CONNECTIONS_MAX];
static char *next_request;
static unsigned long good, bad;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void load_requests(void)
{
	char *text = malloc(REQUESTS_SIZE);
	size_t length;

	if (!text)
		fail("malloc");
	length = fread(text, 1, REQUESTS_SIZE - 1, stdin);
	text[length] = '\0';
	next_request = text;
}

static int open_connection(const char *address, const char *port)
{
	struct sockaddr_in server = {.sin_family = AF_INET,
				     .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &server.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&server, sizeof(server)) < 0)
		fail("connect");
	return fd;
}

/* Sends the next request; closes the connection where there is none. */
static bool send_next(struct pollfd *socket)
{
	char *end = strstr(next_request, end_of_head);
	size_t length;

	if (!end) {
		close(socket->fd);
		socket->fd = -1;
		return false;
	}
	length = (size_t)(end - next_request) + strlen(end_of_head);
	if (write(socket->fd, next_request, length) != (ssize_t)length)
		fail("write");
	next_request += length;
	return true;
}

/* Whether the reply is there whole. */
static bool is_complete(struct connection *connection)
{
	char *end, *field;

	connection->reply[connection->length] = '\0';
	end = strstr(connection->reply, end_of_head);
	if (!end)
		return false;
	field = strcasestr(connection->reply, "\r\nContent-Length: ");
	if (!field || field > end)
		return true;
	return connection->length >= (size_t)(end - connection->reply) + strlen(end_of_head) +
					     strtoul(field + 18, NULL, 10);
}

/* Reads what came; false when the connection has nothing more to do. */
static bool receive(struct pollfd *socket, struct connection *connection)
{
	ssize_t n = read(socket->fd, connection->reply + connection->length,
			 sizeof(connection->reply) - 1 - connection->length);

	if (n <= 0)
		fail("the agent closed a connection");
	connection->length += (size_t)n;
	if (!is_complete(connection))
		return true;
	if (strncmp(connection->reply, "HTTP/1.1 200 ", 13) == 0)
		good++;
	else
		bad++;
	connection->length = 0;
	return send_next(socket);
}

int main(int argc, char *argv[])
{
	unsigned long count, open = 0;
	double started;

	if (argc != 4)
		return 2;
	count = strtoul(argv[3], NULL, 10);
	if (count < 1 || count > CONNECTIONS_MAX)
		return 2;
	load_requests();
	for (unsigned long i = 0; i < count; i++)
		sockets[i] = (struct pollfd){open_connection(argv[1], argv[2]), POLLIN, 0};

	started = now();
	for (unsigned long i = 0; i < count; i++)
		open += send_next(&sockets[i]);
	while (open > 0) {
		if (poll(sockets, count, -1) < 0)
			fail("poll");
		for (unsigned long i = 0; i < count; i++)
			if (sockets[i].fd >= 0 && sockets[i].revents)
				open -= !receive(&sockets[i], &connections[i]);
	}
	printf("%lu %lu %.6f\n", good, bad, now() - started);
	return 0;
}
