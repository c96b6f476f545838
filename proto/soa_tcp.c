#include "proto/soa_tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define REPLY_MAX 4096 /* a SOA with its signatures, by far */

struct soa_tcp {
	struct zone_name zone;
	uint16_t id;
	int fd, epoll;
	uint64_t mark;

	uint8_t out[2 + SOA_PACKET_QUERY_MAX];
	size_t out_length, sent;
	uint8_t in[2 + REPLY_MAX];
	size_t received;
};

static int watch(struct soa_tcp *tcp, int operation, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u64 = tcp->mark};

	return epoll_ctl(tcp->epoll, operation, tcp->fd, &event) < 0 ? -errno : 0;
}

static int begin(struct soa_tcp *tcp, const struct sockaddr_storage *from,
		 const struct sockaddr_storage *server, socklen_t length)
{
	const int yes = 1;
	size_t packet = 0;
	int r;

	r = soa_packet_build(&tcp->zone, tcp->id, tcp->out + 2, &packet);
	if (r < 0)
		return r;
	tcp->out[0] = (uint8_t)(packet >> 8);
	tcp->out[1] = (uint8_t)packet;
	tcp->out_length = packet + 2;
	tcp->fd = socket(server->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (tcp->fd < 0)
		return -errno;
	/* The port is chosen for this server only; else many connections would use them up. */
	setsockopt(tcp->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
	if (bind(tcp->fd, (const struct sockaddr *)from, length) < 0)
		return -errno;
	if (connect(tcp->fd, (const struct sockaddr *)server, length) < 0 && errno != EINPROGRESS)
		return -errno;
	return watch(tcp, EPOLL_CTL_ADD, EPOLLOUT);
}

int soa_tcp_new(const struct zone_name *zone, uint16_t id, const struct sockaddr_storage *from,
		const struct sockaddr_storage *server, socklen_t length, int epoll, uint64_t mark,
		struct soa_tcp **ret_tcp)
{
	struct soa_tcp *tcp;
	int r;

	tcp = calloc(1, sizeof(*tcp));
	if (!tcp)
		return -ENOMEM;
	tcp->zone = *zone;
	tcp->id = id;
	tcp->fd = -1;
	tcp->epoll = epoll;
	tcp->mark = mark;
	r = begin(tcp, from, server, length);
	if (r < 0) {
		soa_tcp_free(tcp);
		return r;
	}
	*ret_tcp = tcp;
	return 0;
}

void soa_tcp_free(struct soa_tcp *tcp)
{
	if (!tcp)
		return;
	if (tcp->fd >= 0)
		close(tcp->fd);
	free(tcp);
}

static int write_more(struct soa_tcp *tcp)
{
	ssize_t n;

	n = send(tcp->fd, tcp->out + tcp->sent, tcp->out_length - tcp->sent, MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	tcp->sent += (size_t)n;
	return tcp->sent == tcp->out_length ? watch(tcp, EPOLL_CTL_MOD, EPOLLIN) : 0;
}

/* Returns 0 once the reply is whole. */
static int read_more(struct soa_tcp *tcp)
{
	size_t wanted = 2;
	ssize_t n;

	if (tcp->received >= 2)
		wanted += (size_t)(tcp->in[0] << 8 | tcp->in[1]);
	if (wanted > sizeof(tcp->in))
		return ZP_ETOOBIG;
	n = recv(tcp->fd, tcp->in + tcp->received, wanted - tcp->received, 0);
	if (n <= 0)
		return n < 0 ? -errno : -ECONNRESET;
	tcp->received += (size_t)n;
	return tcp->received == wanted && wanted > 2 ? 0 : -EAGAIN;
}

int soa_tcp_continue(struct soa_tcp *tcp, struct soa_answer *ret_answer)
{
	struct soa_answer answer;
	int r;

	if (tcp->sent < tcp->out_length) {
		r = write_more(tcp);
		return r < 0 ? r : -EAGAIN;
	}
	r = read_more(tcp);
	if (r < 0)
		return r;
	r = soa_packet_parse(tcp->in + 2, tcp->received - 2, &tcp->zone, tcp->id, &answer);
	if (r < 0 || answer.outcome == SOA_TRUNCATED)
		return ZP_ESYNTAX;
	*ret_answer = answer;
	return 0;
}
