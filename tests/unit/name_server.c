#include "tests/unit/name_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/dns_packet.h"

#define GOOD	(DNS_PACKET_QR | DNS_PACKET_AA)
#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define ROOM	(4 * 1024 * 1024)

/* A question, and who asks. */
struct query {
	struct dns_packet packet;
	struct sockaddr_in from;
	char word[64]; /* the letters of its first label */
	uint32_t serial;
};

/* The name of the question, with a dot after each label but the last. */
static void read_name(const struct query *query, char ret_name[static DNS_PACKET_MAX])
{
	const uint8_t *label = query->packet.data + DNS_PACKET_HEADER,
		      *end = query->packet.data + query->packet.length;
	size_t used = 0;

	for (; label<end && * label> 0 && *label < end - label; label += *label + 1) {
		memcpy(ret_name + used, label + 1, *label);
		used += *label;
		ret_name[used++] = '.';
	}
	ret_name[used > 0 ? used - 1 : 0] = '\0';
}

static void read_zone(const struct name_server *server, struct query *query)
{
	char name[DNS_PACKET_MAX];

	read_name(query, name);
	snprintf(query->word, sizeof(query->word), "refused");
	for (const char *const *zone = server->zones; *zone; zone++) {
		const char *blank = strchr(*zone, ' ');

		if (strcasecmp(blank + 1, name) == 0)
			snprintf(query->word, sizeof(query->word), "%.*s", (int)(blank - *zone),
				 *zone);
	}
}

static void read_label(const struct name_server *server, struct query *query)
{
	const char *label = (const char *)query->packet.data + DNS_PACKET_HEADER;
	size_t length = (uint8_t)label[0] & 63, letters;

	if (server->zones) {
		read_zone(server, query);
		return;
	}
	memcpy(query->word, label + 1, length);
	query->word[length] = '\0';
	letters = strspn(query->word, LETTERS);
	query->serial = (uint32_t)strtoul(query->word + letters, NULL, 10) + server->ahead;
	query->word[letters] = '\0';
}

static void send_packet(int fd, const struct query *query, const struct dns_packet *packet)
{
	(void)!sendto(fd, packet->data, packet->length, 0, (const struct sockaddr *)&query->from,
		      sizeof(query->from));
}

static void answer(const struct name_server *server, const struct query *query, uint16_t flags,
		   const uint32_t *serial)
{
	struct dns_packet packet;

	dns_packet_answer(&query->packet, flags, serial, &packet);
	send_packet(server->udp, query, &packet);
}

static void send_garbage(const struct name_server *server, const struct query *query)
{
	struct dns_packet packet = query->packet;

	memset(packet.data + 2, 0xFF, sizeof(packet.data) - 2);
	packet.length = sizeof(packet.data);
	send_packet(server->udp, query, &packet);
	packet.length = 1;
	send_packet(server->udp, query, &packet);
	packet.length = 0;
	send_packet(server->udp, query, &packet);
}

/* Any port that asked but this one. */
static uint16_t find_other_port(const struct name_server *server, uint16_t port)
{
	return server->ports[0] == port ? server->ports[1] : server->ports[0];
}

static bool is_word(const struct query *query, const char *word)
{
	return strcmp(query->word, word) == 0;
}

/* What an attacker could try, all else being right. */
static void send_forgery(struct name_server *server, const struct query *query)
{
	const uint32_t serial = NAME_SERVER_FORGED;
	struct query to = *query;
	struct dns_packet packet;

	dns_packet_answer(&query->packet, GOOD, &serial, &packet);
	if (is_word(query, "id"))
		packet.data[1] ^= 1;
	else if (is_word(query, "question"))
		packet.data[query->packet.length - 3] = 1;
	else if (is_word(query, "zone"))
		packet.data[DNS_PACKET_HEADER + 1] ^= 1;
	else if (is_word(query, "late"))
		dns_packet_set(&packet, 0, server->first_id);
	else if (is_word(query, "astray"))
		to.from.sin_port = find_other_port(server, to.from.sin_port);
	send_packet(is_word(query, "port") ? server->other_udp : server->udp, &to, &packet);
}

static void note_peer(struct name_server *server, const struct sockaddr_in *from)
{
	server->n_foreign += from->sin_addr.s_addr != htonl(INADDR_LOOPBACK);
	for (size_t i = 0; i < server->n_ports; i++)
		if (server->ports[i] == from->sin_port)
			return;
	if (server->n_ports < NAME_SERVER_PORTS_MAX)
		server->ports[server->n_ports++] = from->sin_port;
}

static void reply(struct name_server *server, const struct query *query)
{
	static const char truncated[] = "truncated hangup longest stall",
			  forged[] = "id question zone port astray";

	if (is_word(query, "refused")) {
		answer(server, query, DNS_PACKET_QR | 5, NULL);
	} else if (is_word(query, "absent")) {
		answer(server, query, DNS_PACKET_QR, NULL);
	} else if (is_word(query, "garbage")) {
		send_garbage(server, query);
	} else if (strstr(truncated, query->word)) {
		answer(server, query, GOOD | DNS_PACKET_TC, NULL);
	} else if (is_word(query, "late") && !server->first_id) {
		server->first_id = dns_packet_get(&query->packet, 0);
	} else if (!is_word(query, "silent")) {
		if (strstr(forged, query->word) || is_word(query, "late"))
			send_forgery(server, query);
		answer(server, query, GOOD, &query->serial);
		if (is_word(query, "two"))
			send_forgery(server, query);
	}
}

static void serve_udp(struct name_server *server)
{
	struct query query = {0};
	socklen_t length = sizeof(query.from);
	ssize_t n;

	n = recvfrom(server->udp, query.packet.data, sizeof(query.packet.data), 0,
		     (struct sockaddr *)&query.from, &length);
	if (n <= DNS_PACKET_HEADER)
		return;
	query.packet.length = (size_t)n;
	note_peer(server, &query.from);
	read_label(server, &query);
	reply(server, &query);
}

static void send_in_pieces(int connection, const struct query *query)
{
	struct dns_packet packet;
	uint8_t length[2];

	dns_packet_answer(&query->packet, GOOD, &query->serial, &packet);
	length[0] = (uint8_t)(packet.length >> 8);
	length[1] = (uint8_t)packet.length;
	if (is_word(query, "longest"))
		length[0] = length[1] = 0xFF;
	for (size_t i = 0; i < sizeof(length); i++)
		(void)!send(connection, &length[i], 1, MSG_NOSIGNAL);
	for (size_t i = 0; i < packet.length; i++)
		(void)!send(connection, &packet.data[i], 1, MSG_NOSIGNAL);
}

static void serve_tcp(struct name_server *server)
{
	struct query query = {0};
	socklen_t size = sizeof(query.from);
	uint8_t length[2];
	int connection;
	ssize_t n;

	connection = accept(server->tcp, (struct sockaddr *)&query.from, &size);
	if (connection < 0)
		return;
	server->n_foreign += query.from.sin_addr.s_addr != htonl(INADDR_LOOPBACK);
	n = recv(connection, length, sizeof(length), MSG_WAITALL);
	if (n == sizeof(length)) {
		n = recv(connection, query.packet.data,
			 ((size_t)length[0] << 8 | length[1]) % DNS_PACKET_MAX, MSG_WAITALL);
		query.packet.length = n > 0 ? (size_t)n : 0;
		read_label(server, &query);
	}
	if (is_word(&query, "stall") && server->n_stalled < NAME_SERVER_PORTS_MAX) {
		server->stalled[server->n_stalled++] = connection;
		return;
	}
	if (is_word(&query, "truncated") || is_word(&query, "longest"))
		send_in_pieces(connection, &query);
	close(connection);
}

/* An assertion can't fail outside the test's own thread. */
static void *serve(void *closure)
{
	struct name_server *server = closure;
	struct pollfd polled[] = {
		{.fd = server->stop, .events = POLLIN},
		{.fd = server->udp, .events = POLLIN},
		{.fd = server->tcp, .events = POLLIN},
	};

	while (poll(polled, 3, -1) > 0 && !polled[0].revents) {
		if (polled[1].revents)
			serve_udp(server);
		if (polled[2].revents)
			serve_tcp(server);
	}
	return NULL;
}

/* Of this port, or of any, which is given then. */
static int open_socket(int type, uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port)};
	socklen_t length = sizeof(address);
	const int room = ROOM;
	int fd;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&address, length) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
		close(fd);
		return -1;
	}
	*port = ntohs(address.sin_port);
	return fd;
}

void name_server_start(struct name_server *ret_server)
{
	uint16_t other = 0;

	*ret_server = (struct name_server){.tcp = -1};
	/* Both of one port; another program may have the one over TCP. */
	for (int i = 0; i < 100 && ret_server->tcp < 0; i++) {
		uint16_t port = 0;

		if (i > 0)
			close(ret_server->udp);
		ret_server->udp = open_socket(SOCK_DGRAM, &port);
		ret_server->tcp = open_socket(SOCK_STREAM, &port);
		ret_server->address.port = port;
	}
	snprintf(ret_server->address.host, sizeof(ret_server->address.host), "127.0.0.1");
	ret_server->address.family = AF_INET;
	assert_true(ret_server->udp >= 0 && ret_server->tcp >= 0);
	assert_int_equal(listen(ret_server->tcp, SOMAXCONN), 0);
	ret_server->other_udp = open_socket(SOCK_DGRAM, &other);
	ret_server->stop = eventfd(0, EFD_CLOEXEC);
	assert_true(ret_server->other_udp >= 0 && ret_server->stop >= 0);
	assert_int_equal(pthread_create(&ret_server->thread, NULL, serve, ret_server), 0);
}

void name_server_stop(struct name_server *server)
{
	const uint64_t one = 1;

	assert_true(write(server->stop, &one, sizeof(one)) == sizeof(one));
	pthread_join(server->thread, NULL);
	for (size_t i = 0; i < server->n_stalled; i++)
		close(server->stalled[i]);
	close(server->udp);
	close(server->other_udp);
	close(server->tcp);
	close(server->stop);
}
