#include "proto/soa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/key.h"
#include "proto/soa_tcp.h"

#define PORTS	     16 /* of each family */
#define PACKET_MAX   4096
#define EVENTS	     64
#define NOBODY	     UINT16_MAX
#define IDS	     65536
#define LOOK_MS	     100	   /* how often time-outs are looked for */
#define RECEIVE_ROOM (1024 * 1024) /* of a socket, in bytes */
#define PACKETS_MAX  256	   /* read of a port before others have their turn */

/* Over TCP: how many at once, and how long a question may wait for its turn. */
#define TCP_MAX	    64
#define TCP_TURN_MS 10000

struct question {
	bool is_open;
	struct zone_name zone;
	struct sockaddr_storage to;
	socklen_t to_length;
	uint64_t tag;
	uint16_t id;
	int port; /* descriptor it was sent from */
	unsigned int tries;
	uint64_t until;
	bool wants_tcp; /* the answer was truncated */
	struct soa_tcp *tcp;
};

struct soa {
	soa_answered *answered;
	void *context;
	int epoll;
	struct sockaddr_storage source, source6; /* to bind to, with port 0 */
	int ports[2 * PORTS];			 /* AF_INET, then AF_INET6; -1: not there */
	struct question *questions;
	uint16_t *by_id; /* the question with this id; NOBODY */
	uint16_t free[SOA_QUESTIONS_MAX];
	size_t n_free;
	size_t n_tcp;
	uint64_t look_at;
};

/* Any port of the address; NULL: of any address. */
static void set_source(const struct address *source, int family, struct sockaddr_storage *ret_from)
{
	struct address any_port;

	*ret_from = (struct sockaddr_storage){.ss_family = (sa_family_t)family};
	if (!source)
		return;
	any_port = *source;
	any_port.port = 0;
	address_to_socket(&any_port, ret_from);
}

static int open_port(const struct sockaddr_storage *from)
{
	const int room = RECEIVE_ROOM;
	int fd;

	fd = socket(from->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(fd, (const struct sockaddr *)from, sizeof(*from)) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

static int open_ports(struct soa *soa, const struct sockaddr_storage *from, bool is_required,
		      int ports[])
{
	struct epoll_event event = {.events = EPOLLIN};

	for (size_t i = 0; i < PORTS; i++) {
		ports[i] = open_port(from);
		if (ports[i] < 0)
			return is_required ? ports[i] : 0;
		event.data.u64 = (uint64_t)ports[i];
		if (epoll_ctl(soa->epoll, EPOLL_CTL_ADD, ports[i], &event) < 0)
			return -errno;
	}
	return 0;
}

int soa_new(const struct address *source, const struct address *source6, soa_answered *answered,
	    void *context, struct soa **ret_soa)
{
	struct soa *soa;
	int r;

	soa = calloc(1, sizeof(*soa));
	if (!soa)
		return -ENOMEM;
	soa->answered = answered;
	soa->context = context;
	memset(soa->ports, -1, sizeof(soa->ports));
	set_source(source, AF_INET, &soa->source);
	set_source(source6, AF_INET6, &soa->source6);
	soa->epoll = epoll_create1(EPOLL_CLOEXEC);
	soa->questions = calloc(SOA_QUESTIONS_MAX, sizeof(*soa->questions));
	soa->by_id = malloc(IDS * sizeof(*soa->by_id));
	r = soa->epoll < 0 || !soa->questions || !soa->by_id ? -ENOMEM : 0;
	if (r == 0) {
		memset(soa->by_id, 0xFF, IDS * sizeof(*soa->by_id));
		while (soa->n_free < SOA_QUESTIONS_MAX) {
			soa->free[soa->n_free] = (uint16_t)soa->n_free;
			soa->n_free++;
		}
		r = open_ports(soa, &soa->source, source != NULL, soa->ports);
	}
	if (r == 0)
		r = open_ports(soa, &soa->source6, source6 != NULL, soa->ports + PORTS);
	if (r < 0) {
		soa_free(soa);
		return r;
	}
	*ret_soa = soa;
	return 0;
}

void soa_free(struct soa *soa)
{
	if (!soa)
		return;
	for (size_t i = 0; soa->questions && i < SOA_QUESTIONS_MAX; i++)
		soa_tcp_free(soa->questions[i].tcp);
	for (size_t i = 0; i < 2 * PORTS; i++)
		if (soa->ports[i] >= 0)
			close(soa->ports[i]);
	if (soa->epoll >= 0)
		close(soa->epoll);
	free(soa->questions);
	free(soa->by_id);
	free(soa);
}

size_t soa_count(const struct soa *soa)
{
	return SOA_QUESTIONS_MAX - soa->n_free;
}

static uint16_t choose_id(const struct soa *soa)
{
	uint16_t id;

	do {
		id = (uint16_t)key_random_below(IDS);
	} while (soa->by_id[id] != NOBODY);
	return id;
}

/* What can't be sent is as if it got lost: another try follows. */
static void send_question(struct soa *soa, struct question *question)
{
	size_t first = question->to.ss_family == AF_INET ? 0 : PORTS;
	uint8_t packet[SOA_PACKET_QUERY_MAX];
	size_t length = 0;

	soa->by_id[question->id] = NOBODY;
	question->id = choose_id(soa);
	soa->by_id[question->id] = (uint16_t)(question - soa->questions);
	question->port = soa->ports[first + key_random_below(PORTS)];
	question->until = clock_steady_ms() + SOA_TRY_MS * ++question->tries;
	if (question->port >= 0 &&
	    soa_packet_build(&question->zone, question->id, packet, &length) == 0)
		(void)!sendto(question->port, packet, length, MSG_DONTWAIT,
			      (const struct sockaddr *)&question->to, question->to_length);
}

int soa_ask(struct soa *soa, const struct zone_name *zone, const struct address *server,
	    uint64_t tag)
{
	uint8_t packet[SOA_PACKET_QUERY_MAX];
	struct question *question;
	size_t length;

	if (soa_packet_build(zone, 0, packet, &length) < 0)
		return ZP_ENAME;
	if (soa->n_free == 0)
		return ZP_EFULL;
	question = &soa->questions[soa->free[--soa->n_free]];
	*question = (struct question){
		.is_open = true,
		.zone = *zone,
		.tag = tag,
		.id = choose_id(soa),
	};
	question->to_length = address_to_socket(server, &question->to);
	send_question(soa, question);
	return 0;
}

static void end_question(struct soa *soa, struct question *question,
			 const struct soa_answer *answer)
{
	uint64_t tag = question->tag;

	soa->n_tcp -= question->tcp != NULL;
	soa_tcp_free(question->tcp);
	soa->by_id[question->id] = NOBODY;
	soa->free[soa->n_free++] = (uint16_t)(question - soa->questions);
	*question = (struct question){0};
	soa->answered(soa->context, tag, answer);
}

static void give_up(struct soa *soa, struct question *question)
{
	const struct soa_answer silence = {.outcome = SOA_SILENT};

	end_question(soa, question, &silence);
}

/* Over TCP there is one try, once there is room for it. */
static void ask_by_tcp(struct soa *soa, struct question *question)
{
	const struct sockaddr_storage *from =
		question->to.ss_family == AF_INET ? &soa->source : &soa->source6;
	size_t place = (size_t)(question - soa->questions);

	if (soa->n_tcp == TCP_MAX)
		return;
	question->until = clock_steady_ms() + SOA_TRY_MS * SOA_TRIES;
	if (soa_tcp_new(&question->zone, question->id, from, &question->to, question->to_length,
			soa->epoll, IDS + place, &question->tcp) < 0)
		give_up(soa, question);
	else
		soa->n_tcp++;
}

static void take_truncated(struct soa *soa, struct question *question)
{
	question->wants_tcp = true;
	question->tries = SOA_TRIES;
	question->until = clock_steady_ms() + TCP_TURN_MS;
	ask_by_tcp(soa, question);
}

static bool is_same_peer(const struct question *question, const struct sockaddr_storage *from)
{
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)&question->to,
				 *b4 = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)&question->to,
				  *b6 = (const struct sockaddr_in6 *)from;

	if (question->to.ss_family != from->ss_family)
		return false;
	if (from->ss_family == AF_INET)
		return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return a6->sin6_port == b6->sin6_port &&
	       memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0;
}

static void take_packet(struct soa *soa, int port, const struct sockaddr_storage *from,
			const uint8_t *packet, size_t length)
{
	struct question *question;
	struct soa_answer answer;
	uint16_t id;

	if (length < 2)
		return;
	id = (uint16_t)(packet[0] << 8 | packet[1]);
	if (soa->by_id[id] == NOBODY)
		return;
	question = &soa->questions[soa->by_id[id]];
	if (question->wants_tcp || question->port != port || !is_same_peer(question, from) ||
	    soa_packet_parse(packet, length, &question->zone, id, &answer) < 0)
		return;
	if (answer.outcome == SOA_TRUNCATED)
		take_truncated(soa, question);
	else
		end_question(soa, question, &answer);
}

static void read_port(struct soa *soa, int port)
{
	struct sockaddr_storage from;
	socklen_t from_length;
	uint8_t packet[PACKET_MAX];
	ssize_t n;

	for (size_t i = 0; i < PACKETS_MAX; i++) {
		from_length = sizeof(from);
		n = recvfrom(port, packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&from,
			     &from_length);
		if (n < 0)
			break;
		take_packet(soa, port, &from, packet, (size_t)n);
	}
}

static void continue_tcp(struct soa *soa, size_t place)
{
	struct question *question = &soa->questions[place];
	struct soa_answer answer;
	int r;

	if (!question->tcp)
		return;
	r = soa_tcp_continue(question->tcp, &answer);
	if (r == 0)
		end_question(soa, question, &answer);
	else if (r != -EAGAIN)
		give_up(soa, question);
}

static void look_at_times(struct soa *soa)
{
	uint64_t now = clock_steady_ms();

	if (now < soa->look_at)
		return;
	soa->look_at = now + LOOK_MS;
	for (size_t i = 0; i < SOA_QUESTIONS_MAX; i++) {
		struct question *question = &soa->questions[i];

		if (!question->is_open)
			continue;
		if (question->until > now) {
			if (question->wants_tcp && !question->tcp)
				ask_by_tcp(soa, question);
		} else if (question->tries < SOA_TRIES) {
			send_question(soa, question);
		} else {
			give_up(soa, question);
		}
	}
}

static void watch_wake(struct soa *soa, int wake)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)wake};

	if (wake >= 0)
		epoll_ctl(soa->epoll, EPOLL_CTL_ADD, wake, &event);
}

void soa_wait(struct soa *soa, int wake, unsigned int limit_ms)
{
	struct epoll_event events[EVENTS];
	uint64_t count;
	int n;

	watch_wake(soa, wake);
	if (soa_count(soa) > 0 && limit_ms > LOOK_MS)
		limit_ms = LOOK_MS;
	n = epoll_wait(soa->epoll, events, EVENTS, (int)limit_ms);
	for (int i = 0; i < n; i++) {
		uint64_t what = events[i].data.u64;

		if (what >= IDS)
			continue_tcp(soa, (size_t)(what - IDS));
		else if (wake >= 0 && what == (uint64_t)wake)
			(void)!read(wake, &count, sizeof(count));
		else
			read_port(soa, (int)what);
	}
	look_at_times(soa);
}
