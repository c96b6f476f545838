#include "tests/unit/fake_named.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/clock.h"
#include "tests/unit/rndc_answer.h"

#define NONCE	    "4711"
#define WAIT_MS	    30000
#define MESSAGE_MAX 4096

struct message {
	uint8_t data[MESSAGE_MAX];
	size_t length;
};

static bool read_message(int connection, struct message *ret_message)
{
	uint32_t length;

	if (recv(connection, &length, sizeof(length), MSG_WAITALL) != (ssize_t)sizeof(length))
		return false;
	ret_message->length = ntohl(length);
	return ret_message->length <= MESSAGE_MAX &&
	       recv(connection, ret_message->data, ret_message->length, MSG_WAITALL) ==
		       (ssize_t)ret_message->length;
}

/* The text of an entry, "" where there is none. */
static void get_text(const struct message *message, const char *key, char *ret_text, size_t size)
{
	const uint8_t *found = memmem(message->data, message->length, key, strlen(key));

	ret_text[0] = '\0';
	if (!found)
		return;
	found += strlen(key) + 1;
	snprintf(ret_text, size, "%.*s", found[3], (const char *)found + 4);
}

static void compose(const struct fake_named *named, const struct message *message,
		    enum fake_deed deed, struct text_buffer *out)
{
	struct hmac_key *other = rndc_test_key(HMAC_SHA256, "b3RoZXI=");
	struct text_buffer content = {0}, body = {0};
	char serial[16], command[64];
	struct rndc_answer answer = {.nonce = NONCE, .is_reply = "1", .result = "0"};
	uint32_t length;

	get_text(message, "_ser", serial, sizeof(serial));
	get_text(message, "type", command, sizeof(command));
	answer.serial = deed == FAKE_STALE ? "1" : serial;
	if (named->error && strcmp(command, "null") != 0) {
		answer.result = "23";
		answer.error = named->error;
		answer.text = named->text;
	}
	rndc_answer_append(&content, &answer);
	rndc_sign(&body, deed == FAKE_UNSIGNED ? other : named->key, content.data, content.length);
	if (deed == FAKE_VERSION)
		body.data[3] = 2;
	if (deed == FAKE_GARBAGE)
		memset(body.data + sizeof(length), '!', body.length - sizeof(length));
	length = htonl(deed == FAKE_HUGE ? UINT32_MAX : (uint32_t)body.length);
	if (text_buffer_append(out, &length, sizeof(length)) < 0 ||
	    text_buffer_append(out, body.data, body.length) < 0)
		abort();
	text_buffer_done(&content);
	text_buffer_done(&body);
	hmac_key_free(other);
}

static void send_bytes(int connection, const struct text_buffer *reply, enum fake_deed deed)
{
	size_t length = reply->length, step = length;

	if (deed == FAKE_HALF || deed == FAKE_HALF_AND_CLOSE)
		step = length /= 2;
	if (deed == FAKE_SLOW)
		step = 1;
	for (size_t at = 0; at < length; at += step)
		if (send(connection, reply->data + at, step, MSG_NOSIGNAL) < 0)
			return;
}

static void reset(int connection)
{
	const struct linger at_once = {.l_onoff = 1};

	setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

/* Returns whether the connection goes on. */
static bool deal_with(struct fake_named *named, int connection, const struct message *message)
{
	size_t number = named->n_messages++;
	enum fake_deed deed = number < FAKE_MESSAGES_MAX ? named->deeds[number] : FAKE_ANSWER;
	struct text_buffer reply = {0};

	if (number < FAKE_MESSAGES_MAX)
		get_text(message, "type", named->commands[number], sizeof(named->commands[number]));
	if (deed == FAKE_RESET)
		reset(connection);
	if (deed == FAKE_RESET || deed == FAKE_CLOSE)
		return false;
	compose(named, message, deed, &reply);
	if (deed != FAKE_SILENCE)
		send_bytes(connection, &reply, deed);
	text_buffer_done(&reply);
	return deed != FAKE_ANSWER_AND_CLOSE && deed != FAKE_HALF_AND_CLOSE;
}

/* Until the listener is shut down. An assertion can't fail outside the test's own thread. */
static void *serve(void *closure)
{
	struct fake_named *named = closure;
	struct message *message = calloc(1, sizeof(*message));
	int connection;

	while (message) {
		connection = accept(named->listener, NULL, NULL);
		if (connection < 0)
			break;
		named->n_connections++;
		while (read_message(connection, message) && deal_with(named, connection, message))
			;
		close(connection);
		__atomic_add_fetch(&named->n_closed, 1, __ATOMIC_RELEASE);
	}
	free(message);
	return NULL;
}

void fake_named_start(struct fake_named *ret_named)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);

	*ret_named = (struct fake_named){.address = {.host = "127.0.0.1", .family = AF_INET}};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ret_named->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(ret_named->listener >= 0);
	assert_int_equal(bind(ret_named->listener, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(ret_named->listener, 16), 0);
	assert_int_equal(getsockname(ret_named->listener, (struct sockaddr *)&address, &length), 0);
	ret_named->address.port = ntohs(address.sin_port);
	ret_named->key = rndc_test_key(HMAC_SHA256, FAKE_SECRET);
	assert_int_equal(pthread_create(&ret_named->thread, NULL, serve, ret_named), 0);
}

void fake_named_stop(struct fake_named *named)
{
	shutdown(named->listener, SHUT_RDWR);
	pthread_join(named->thread, NULL);
	close(named->listener);
	hmac_key_free(named->key);
}

void fake_named_await_closed(struct fake_named *named, size_t count)
{
	uint64_t until = clock_steady_ms() + WAIT_MS;

	while (__atomic_load_n(&named->n_closed, __ATOMIC_ACQUIRE) < count) {
		assert_true(clock_steady_ms() < until);
		poll(NULL, 0, 1);
	}
}
