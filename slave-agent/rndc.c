#include "slave-agent/rndc.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/clock.h"

/* A command that does nothing: the first message of a connection only fetches the nonce. */
#define HELLO "null"

struct rndc {
	struct address address;
	const struct hmac_key *key;
	int fd; /* -1: not connected */
	uint32_t serial;
	uint32_t nonce;
	uint64_t used_at; /* clock_steady_ms() */
	uint64_t epoch;
};

int rndc_new(struct rndc **ret_rndc)
{
	struct rndc *rndc;

	rndc = calloc(1, sizeof(*rndc));
	if (!rndc)
		return -ENOMEM;
	rndc->fd = -1;
	*ret_rndc = rndc;
	return 0;
}

static void disconnect(struct rndc *rndc)
{
	if (rndc->fd >= 0)
		close(rndc->fd);
	rndc->fd = -1;
}

void rndc_free(struct rndc *rndc)
{
	if (!rndc)
		return;
	disconnect(rndc);
	free(rndc);
}

void rndc_set_peer(struct rndc *rndc, const struct address *address, const struct hmac_key *key)
{
	disconnect(rndc);
	rndc->address = *address;
	rndc->key = key;
}

uint64_t rndc_get_epoch(const struct rndc *rndc)
{
	return rndc->epoch;
}

/* Returns 0, -ETIMEDOUT or -errno. */
static int await(int fd, short events, uint64_t until)
{
	struct pollfd end = {.fd = fd, .events = events};
	uint64_t now;
	int n;

	for (;;) {
		now = clock_steady_ms();
		if (now >= until)
			return -ETIMEDOUT;
		n = poll(&end, 1, (int)(until - now));
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static int send_all(int fd, const char *data, size_t length, uint64_t until)
{
	ssize_t n;
	int r;

	while (length > 0) {
		n = send(fd, data, length, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			r = await(fd, POLLOUT, until);
			if (r < 0)
				return r;
		} else if (n < 0 && errno != EINTR) {
			return -errno;
		} else if (n > 0) {
			data += n;
			length -= (size_t)n;
		}
	}
	return 0;
}

/* Returns 0, -ENOTCONN where the other end closed the connection, -ETIMEDOUT or -errno. */
static int receive_all(int fd, uint8_t *ret_data, size_t length, uint64_t until)
{
	ssize_t n;
	int r;

	while (length > 0) {
		n = recv(fd, ret_data, length, 0);
		if (n == 0)
			return -ENOTCONN;
		if (n < 0 && errno == EAGAIN) {
			r = await(fd, POLLIN, until);
			if (r < 0)
				return r;
		} else if (n < 0 && errno != EINTR) {
			return -errno;
		} else if (n > 0) {
			ret_data += n;
			length -= (size_t)n;
		}
	}
	return 0;
}

static int receive_reply(const struct rndc *rndc, const struct rndc_request *request,
			 uint64_t until, struct rndc_reply *ret_reply)
{
	uint8_t head[RNDC_LENGTH_BYTES], *data;
	size_t length = 0;
	int r;

	r = receive_all(rndc->fd, head, sizeof(head), until);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(head); i++)
		length = length << 8 | head[i];
	if (length > RNDC_REPLY_MAX)
		return ZP_ETOOBIG;
	data = malloc(length + 1);
	if (!data)
		return -ENOMEM;
	r = receive_all(rndc->fd, data, length, until);
	if (r == 0)
		r = rndc_message_parse(data, length, rndc->key, request, ret_reply);
	free(data);
	return r;
}

/* One request and its reply; *ret_sent says whether named may have got the request. */
static int exchange(struct rndc *rndc, const char *command, uint64_t until,
		    struct rndc_reply *ret_reply, bool *ret_sent)
{
	const struct rndc_request request = {
		.command = command,
		.serial = ++rndc->serial,
		.nonce = rndc->nonce,
		.now = clock_seconds(),
	};
	struct text_buffer message = {0};
	int r;

	*ret_sent = false;
	r = rndc_message_render(&request, rndc->key, &message);
	if (r == 0) {
		*ret_sent = true;
		r = send_all(rndc->fd, message.data, message.length, until);
	}
	text_buffer_done(&message);
	if (r == 0)
		r = receive_reply(rndc, &request, until, ret_reply);
	return r;
}

static int connect_socket(int fd, const struct address *address, uint64_t until)
{
	struct sockaddr_storage socket_address;
	socklen_t length;
	int error = 0, r;

	length = address_to_socket(address, &socket_address);
	if (connect(fd, (struct sockaddr *)&socket_address, length) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	r = await(fd, POLLOUT, until);
	if (r < 0)
		return r;
	length = sizeof(error);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return -errno;
	return -error;
}

static int open_socket(struct rndc *rndc, uint64_t until, struct reason *why)
{
	char where[ADDRESS_SIZE];
	int r;

	rndc->fd = socket(rndc->address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	r = rndc->fd < 0 ? -errno : connect_socket(rndc->fd, &rndc->address, until);
	if (r == 0)
		return 0;
	address_render(&rndc->address, where);
	return reason_fail(why, ZP_ENAMEDDOWN,
			   "nobody listens on named's control channel %s (%s); is named running, "
			   "with this address in its `controls`?",
			   where, error_text(r));
}

/* Why a connection that was taken didn't come about. */
static int judge_hello(const struct rndc *rndc, int error, struct reason *why)
{
	char where[ADDRESS_SIZE];

	address_render(&rndc->address, where);
	switch (error) {
	case -ENOTCONN:
	case ZP_ESIGNATURE:
		return reason_fail(
			why, ZP_EPROGRAM,
			"named's control channel %s doesn't take us; its log says why: "
			"`controls` there must have the key of rndc-key and `allow` us, and the "
			"clocks be within 5 minutes",
			where);
	case ZP_EVERSION:
		return reason_fail(why, error,
				   "named's control channel %s speaks another version of the "
				   "protocol",
				   where);
	case -ETIMEDOUT:
		return reason_fail(why, ZP_ENAMEDDOWN,
				   "named takes connections on its control channel %s, but doesn't "
				   "answer; is it stopped, or busy with its configuration?",
				   where);
	case -ECONNRESET:
	case -EPIPE:
		return reason_fail(
			why, ZP_ENAMEDDOWN,
			"named broke off the connection to its control channel %s; is it "
			"stopping, or doesn't `allow` in its `controls` have us?",
			where);
	default:
		return reason_fail(why, ZP_EPROGRAM,
				   "what listens on %s doesn't answer as named's control channel "
				   "does (%s)",
				   where, error_text(error));
	}
}

static int open_connection(struct rndc *rndc, unsigned int limit_ms, struct reason *why)
{
	uint64_t until = clock_steady_ms() +
			 (limit_ms < RNDC_HELLO_LIMIT_MS ? limit_ms : RNDC_HELLO_LIMIT_MS);
	struct rndc_reply reply;
	bool sent;
	int r;

	/*
	 * named remembers serials for a while, of all its clients, and drops what it has seen; and
	 * a reply recorded earlier must not fit.
	 */
	if (getrandom(&rndc->serial, sizeof(rndc->serial), 0) != sizeof(rndc->serial))
		return reason_fail(why, -errno, "there is no randomness (%s)", error_text(-errno));
	r = open_socket(rndc, until, why);
	if (r == 0) {
		rndc->nonce = 0;
		r = exchange(rndc, HELLO, until, &reply, &sent);
		if (r < 0)
			r = judge_hello(rndc, r, why);
	}
	if (r < 0) {
		disconnect(rndc);
		return r;
	}
	rndc->nonce = reply.nonce;
	rndc->epoch++;
	return 0;
}

/* named says nothing unasked, so what there is to read is the end of the connection. */
static bool is_stale(const struct rndc *rndc)
{
	struct pollfd end = {.fd = rndc->fd, .events = POLLIN | POLLRDHUP};

	return clock_steady_ms() - rndc->used_at > RNDC_IDLE_MAX_MS || poll(&end, 1, 0) != 0;
}

static int judge_command(const char *command, int error, bool sent, unsigned int limit_ms,
			 struct reason *why)
{
	if (!sent)
		return reason_fail(why, error, "can't send '%s' to named (%s)", command,
				   error_text(error));
	if (error == -ETIMEDOUT)
		return reason_fail(why, -ETIMEDOUT, "named didn't answer '%s' within %u s", command,
				   limit_ms / 1000);
	return reason_fail(
		why, -ETIMEDOUT,
		"whether named did '%s' isn't known: the connection ended before a right "
		"reply (%s)",
		command, error_text(error));
}

int rndc_command(struct rndc *rndc, const char *command, unsigned int limit_ms,
		 struct rndc_reply *ret_reply, struct reason *why)
{
	bool sent = false;
	int r;

	if (rndc->fd >= 0 && is_stale(rndc))
		disconnect(rndc);
	if (rndc->fd < 0) {
		r = open_connection(rndc, limit_ms, why);
		if (r < 0)
			return r;
	}
	r = exchange(rndc, command, clock_steady_ms() + limit_ms, ret_reply, &sent);
	if (r < 0) {
		/* A reply that comes too late would be taken for that to the next command. */
		disconnect(rndc);
		return judge_command(command, r, sent, limit_ms, why);
	}
	rndc->used_at = clock_steady_ms();
	return 0;
}
