#include "tests/unit/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/clock.h"
#include "proto/problem.h"

#define REQUEST_MAX 65536
#define FIELDS_MAX  32

/* A request, cut into its parts in place. */
struct request {
	char text[REQUEST_MAX];
	char *method, *target, *body;
	char path[256], *query; /* of the target; with its `?`, or NULL */
	struct signature_field fields[FIELDS_MAX];
	size_t n_fields;
};

static const char *get_field(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->n_fields; i++)
		if (strcasecmp(request->fields[i].name, name) == 0)
			return request->fields[i].value;
	return "";
}

static void cut_head(struct request *request)
{
	char *at = request->text, *line = strsep(&at, "\n");

	request->method = strsep(&line, " ");
	request->target = strsep(&line, " ");
	request->query = strchr(request->target, '?');
	snprintf(request->path, sizeof(request->path), "%.*s", (int)strcspn(request->target, "?"),
		 request->target);
	for (line = strsep(&at, "\n"); at && *line != '\r'; line = strsep(&at, "\n")) {
		struct signature_field *field = &request->fields[request->n_fields++];

		field->name = strsep(&line, ":");
		line[strcspn(line, "\r")] = '\0';
		field->value = line + strspn(line, " ");
	}
	request->body = at;
}

/* Reads the head, then as much of a body as it announces. */
static bool read_request(int connection, struct request *request)
{
	size_t length = 0, expected = REQUEST_MAX;
	char *head_end;

	memset(request, 0, sizeof(*request));
	while (length < expected) {
		ssize_t n = read(connection, request->text + length, REQUEST_MAX - 1 - length);

		if (n <= 0)
			return false;
		length += (size_t)n;
		head_end = strstr(request->text, "\r\n\r\n");
		if (head_end && !request->method) {
			size_t head = (size_t)(head_end + 4 - request->text);

			cut_head(request);
			expected = head + strtoul(get_field(request, "content-length"), NULL, 10);
		}
	}
	return true;
}

static void get_parameter(const struct request *request, const char *name, char *ret_value,
			  size_t size)
{
	const char *value = strstr(get_field(request, "signature-input"), name);

	value = value ? value + strlen(name) : "";
	snprintf(ret_value, size, "%.*s", (int)strcspn(value, "\";"), value);
}

static void decide_all(struct peer *peer, const struct request *request, struct text_buffer *reply)
{
	struct change_answer answers[PEER_CHANGES_MAX] = {0};
	struct change_list list = {0};

	if (change_list_parse(request->body, strlen(request->body), &list, NULL) < 0 ||
	    list.count > PEER_CHANGES_MAX)
		abort();
	peer->n_changes = list.count;
	for (size_t i = 0; i < list.count; i++) {
		const struct change *change = &list.items[i].change;

		peer->changes[i] = *change;
		answers[i].zone = peer->changes[i].zone.text;
		answers[i].result.generation = change->generation;
		if (peer->decide)
			peer->decide(peer->context, change, &answers[i].result);
	}
	if (change_answers_render(answers, list.count, reply) < 0)
		abort();
	for (size_t i = 0; i < list.count; i++)
		change_result_done(&answers[i].result);
	change_list_done(&list);
}

/* Returns the status. */
static int compose(struct peer *peer, const struct request *request, struct text_buffer *reply)
{
	struct problem problem = {.type = PROBLEM_NOT_FRESH, .detail = "not now"};
	char created[32];

	get_parameter(request, "created=", created, sizeof(created));
	if (strtoll(created, NULL, 10) < peer->not_before) {
		problem.clock = peer->not_before;
		problem.not_before = peer->not_before;
		if (problem_render(&problem, reply) < 0)
			abort();
		return problem_status(problem.type);
	}
	if (peer->answer) {
		if (text_buffer_printf(reply, "%s", peer->answer(peer->context, request->target)) <
		    0)
			abort();
	} else if (!peer->body) {
		decide_all(peer, request, reply);
	} else if (text_buffer_printf(reply, "%s", peer->body) < 0) {
		abort();
	}
	return peer->status;
}

static void send_reply(struct peer *peer, int connection, const struct request *request, int status,
		       const struct text_buffer *body)
{
	const struct signature_message message = {
		.method = request->method,
		.path = request->path,
		.query = request->query,
		.fields = request->fields,
		.n_fields = request->n_fields,
	};
	struct envelope_headers headers = {0};
	char nonce[ENVELOPE_NONCE_MAX + 1], state[ENVELOPE_STATE_SIZE];

	peer->state.applied_seq++;
	get_parameter(request, "nonce=\"", nonce, sizeof(nonce));
	envelope_state_render(&peer->state, state);
	if (envelope_sign_reply(peer->signer ? peer->signer : peer->key, &message, nonce, status,
				ENVELOPE_CONTENT_TYPE, body->data, body->length, &peer->state,
				clock_seconds(), &headers) < 0)
		abort();
	dprintf(connection,
		"HTTP/1.1 %d X\r\nConnection: close\r\nContent-Type: " ENVELOPE_CONTENT_TYPE
		"\r\nContent-Length: %zu\r\nContent-Digest: %s\r\nZonepush-State: %s\r\n",
		status, body->length, headers.content_digest, state);
	if (!peer->is_unsigned)
		dprintf(connection, "Signature-Input: %s\r\nSignature: %s\r\n",
			headers.signature_input, headers.signature);
	dprintf(connection, "\r\n%s", body->data);
	envelope_headers_done(&headers);
}

/* Until the listener is shut down. An assertion can't fail outside the test's own thread. */
static void *serve(void *closure)
{
	struct peer *peer = closure;
	struct request *request = calloc(1, sizeof(*request));
	int connection;

	for (;;) {
		struct text_buffer reply = {0};

		connection = accept(peer->listener, NULL, NULL);
		if (connection < 0 || !request)
			break;
		if (read_request(connection, request)) {
			peer->n_requests++;
			if (!peer->is_silent)
				send_reply(peer, connection, request,
					   compose(peer, request, &reply), &reply);
			else
				(void)!read(connection, request->text, 1);
		}
		text_buffer_done(&reply);
		close(connection);
	}
	free(request);
	return NULL;
}

void peer_start(struct peer *ret_peer)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);

	*ret_peer = (struct peer){.status = 200};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ret_peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(ret_peer->listener >= 0);
	assert_int_equal(bind(ret_peer->listener, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(ret_peer->listener, 16), 0);
	assert_int_equal(getsockname(ret_peer->listener, (struct sockaddr *)&address, &length), 0);
	snprintf(ret_peer->url, sizeof(ret_peer->url), "http://127.0.0.1:%u",
		 ntohs(address.sin_port));
	assert_int_equal(key_generate(&ret_peer->key), 0);
	key_random_hex(ret_peer->state.instance);
	assert_int_equal(pthread_create(&ret_peer->thread, NULL, serve, ret_peer), 0);
}

void peer_stop(struct peer *peer)
{
	shutdown(peer->listener, SHUT_RDWR);
	pthread_join(peer->thread, NULL);
	close(peer->listener);
	key_free(peer->key);
}
