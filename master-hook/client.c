#include "master-hook/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "master-hook/reply.h"
#include "proto/clock.h"
#include "proto/digest.h"
#include "proto/problem.h"

#define URL_SIZE 2048

/* What an answer may need on its way, and the longest wait of PROTOCOL.md §8. */
#define ANSWER_MS	 500
#define WAIT_MAX_SECONDS 60

#define POLL_MS		 1000

/* A call under way. */
struct transfer {
	struct transfer *next;
	struct client *client;
	struct client_call *call;
	CURL *easy;
	struct curl_slist *headers;
	struct envelope_parameters parameters; /* of the request that was signed last */
	char url[URL_SIZE];
	char failure[CURL_ERROR_SIZE];
	uint64_t until;
	bool was_repeated;
	struct reply reply;
};

struct client {
	const struct key *key;
	long connect_timeout;
	CURLM *multi;
	struct transfer *transfers;
	size_t count;
};

void client_call_done(struct client_call *call)
{
	text_buffer_done(&call->body);
	text_buffer_done(&call->reply);
}

int client_new(const struct key *key, uint64_t connect_timeout, struct client **ret_client)
{
	struct client *client;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return ZP_ELIBRARY;
	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	client->key = key;
	client->connect_timeout = (long)connect_timeout;
	client->multi = curl_multi_init();
	if (!client->multi) {
		free(client);
		return -ENOMEM;
	}
	*ret_client = client;
	return 0;
}

/* Takes the transfer out of its client and ends it; the call is left as it is. */
static void end_transfer(struct transfer *transfer)
{
	struct client *client = transfer->client;
	struct transfer **link = &client->transfers;

	while (*link != transfer)
		link = &(*link)->next;
	*link = transfer->next;
	client->count--;

	curl_multi_remove_handle(client->multi, transfer->easy);
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	reply_done(&transfer->reply);
	free(transfer);
}

void client_free(struct client *client)
{
	if (!client)
		return;
	while (client->transfers)
		end_transfer(client->transfers);
	curl_multi_cleanup(client->multi);
	free(client);
}

size_t client_count(const struct client *client)
{
	return client->count;
}

/* curl takes any other number than that of the bytes it gave for a failure. */
static size_t take_body(char *data, size_t size, size_t count, void *reply)
{
	return reply_take_body(reply, data, size * count) == 0 ? size * count : 0;
}

static size_t take_line(char *data, size_t size, size_t count, void *reply)
{
	return reply_take_line(reply, data, size * count) == 0 ? size * count : 0;
}

static int add_header(struct transfer *transfer, const char *name, const char *value)
{
	struct text_buffer line = {0};
	struct curl_slist *headers;
	int r;

	r = text_buffer_printf(&line, "%s: %s", name, value);
	if (r < 0)
		return r;
	headers = curl_slist_append(transfer->headers, line.data);
	text_buffer_done(&line);
	if (!headers)
		return -ENOMEM;
	transfer->headers = headers;
	return 0;
}

/*
 * How long the agent may wait for named: it has to answer before the time is over, since a change
 * that it has taken is safe with it, while no answer looks like a slave that is down.
 */
static uint64_t wait_seconds(const struct client_call *call)
{
	uint64_t seconds = call->limit > ANSWER_MS ? (call->limit - ANSWER_MS) / 1000 : 0;

	return seconds < WAIT_MAX_SECONDS ? seconds : WAIT_MAX_SECONDS;
}

/* Signs the request, as of `created`, and gives it to curl. */
static int sign_request(struct transfer *transfer, int64_t created)
{
	struct client_call *call = transfer->call;
	struct envelope_headers headers;
	char wait[32];
	int r;

	r = envelope_sign_request(transfer->client->key, &call->agent, call->method, call->target,
				  call->body.data, call->body.length, created, &headers,
				  &transfer->parameters);
	if (r < 0)
		return r;
	snprintf(wait, sizeof(wait), "wait=%llu", (unsigned long long)wait_seconds(call));
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
	r = add_header(transfer, "Content-Type", ENVELOPE_CONTENT_TYPE);
	if (r == 0)
		r = add_header(transfer, "Content-Digest", headers.content_digest);
	if (r == 0)
		r = add_header(transfer, "Zonepush-Agent", call->agent.id);
	if (r == 0)
		r = add_header(transfer, "Signature-Input", headers.signature_input);
	if (r == 0)
		r = add_header(transfer, "Signature", headers.signature);
	if (r == 0)
		r = add_header(transfer, "Prefer", wait);
	if (r == 0)
		r = add_header(transfer, "Accept", "application/json, application/problem+json");
	/* Nothing behind the colon: curl then doesn't send the header, which would cost a round
	 * trip. */
	if (r == 0)
		r = add_header(transfer, "Expect", "");
	envelope_headers_done(&headers);
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
	return r;
}

static void set_options(struct transfer *transfer)
{
	const struct client_call *call = transfer->call;
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* A name server that doesn't answer must not hold up the end of the program. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "zonepush/" ZP_VERSION);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, transfer->client->connect_timeout);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->limit);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->failure);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_line);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer->reply);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer->reply);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
	if (call->body.length > 0) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.length);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body.data);
	}
}

int client_start(struct client *client, struct client_call *call)
{
	struct transfer *transfer;
	int r;

	transfer = calloc(1, sizeof(*transfer));
	if (!transfer)
		return -ENOMEM;
	transfer->client = client;
	transfer->call = call;
	transfer->until = clock_steady_ms() + call->limit;
	transfer->easy = curl_easy_init();
	if (!transfer->easy) {
		free(transfer);
		return -ENOMEM;
	}
	snprintf(transfer->url, sizeof(transfer->url), "%s%s", call->url, call->target);
	set_options(transfer);
	r = sign_request(transfer, clock_seconds());
	transfer->next = client->transfers;
	client->transfers = transfer;
	client->count++;
	if (r == 0 && curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK)
		r = ZP_ELIBRARY;
	if (r < 0)
		end_transfer(transfer);
	return r;
}

/* What curl says, in our error space and words. */
static int explain_transport(const struct transfer *transfer, CURLcode code, struct reason *why)
{
	const char *words = *transfer->failure ? transfer->failure : curl_easy_strerror(code);
	int error;

	switch (code) {
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		error = -ECONNREFUSED;
		break;
	case CURLE_OPERATION_TIMEDOUT:
		error = -ETIMEDOUT;
		break;
	case CURLE_WRITE_ERROR:
		return reason_fail(why, ZP_ETOOBIG, "the reply is larger than any right one");
	default:
		error = -EPROTO;
		break;
	}
	return reason_fail(why, error, "%s", words);
}

static int open_reply(struct transfer *transfer)
{
	struct client_call *call = transfer->call;
	size_t path_length = strcspn(call->target, "?");
	char digest[DIGEST_FIELD_SIZE], path[ENVELOPE_TARGET_MAX + 1];
	struct reason inner;
	int r;

	snprintf(path, sizeof(path), "%.*s", (int)path_length, call->target);
	digest_render(call->body.data, call->body.length, digest);
	const struct signature_field request_fields[] = {
		{"content-digest", digest},
		{"zonepush-agent", call->agent.id},
	};
	const struct signature_message request = {
		.method = call->method,
		.path = path,
		.query = call->target[path_length] ? call->target + path_length : NULL,
		.fields = request_fields,
		.n_fields = 2,
	};
	const struct signature_message reply = {
		.status = call->status,
		.fields = transfer->reply.fields,
		.n_fields = transfer->reply.n_fields,
		.request = &request,
	};

	r = envelope_open_reply(&reply, &call->agent, transfer->parameters.nonce,
				transfer->reply.body.data, transfer->reply.body.length,
				&call->state, &inner);
	if (r < 0)
		reason_set(&call->why,
			   "the reply (HTTP %d) isn't rightly signed by this slave's agent: %s",
			   call->status, inner.text);
	return r;
}

/*
 * The agent found our clock wrong, and says so in a reply that can be believed: once more, with a
 * time that it will take. Returns whether the request is under way again.
 */
static bool repeat_with_its_clock(struct transfer *transfer)
{
	struct client_call *call = transfer->call;
	struct problem problem;
	int64_t created;

	if (call->status != problem_status(PROBLEM_NOT_FRESH) || transfer->was_repeated ||
	    problem_parse(transfer->reply.body.data, transfer->reply.body.length, &problem) < 0 ||
	    problem.type != PROBLEM_NOT_FRESH || clock_steady_ms() >= transfer->until)
		return false;

	call->clock_ahead = problem.clock - clock_seconds();
	created = problem.clock > problem.not_before ? problem.clock : problem.not_before;
	transfer->was_repeated = true;
	reply_done(&transfer->reply);
	curl_multi_remove_handle(transfer->client->multi, transfer->easy);
	curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS,
			 (long)(transfer->until - clock_steady_ms()));
	return sign_request(transfer, created) == 0 &&
	       curl_multi_add_handle(transfer->client->multi, transfer->easy) == CURLM_OK;
}

/* Gives the call back, or NULL where it goes on. */
static struct client_call *finish(struct transfer *transfer, CURLcode code)
{
	struct client_call *call = transfer->call;
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	call->status = (int)status;
	if (code != CURLE_OK)
		call->error = explain_transport(transfer, code, &call->why);
	else
		call->error = open_reply(transfer);
	if (call->error == 0 && repeat_with_its_clock(transfer))
		return NULL;

	if (call->error == 0) {
		call->reply = transfer->reply.body;
		transfer->reply.body = (struct text_buffer){0}; /* transferred */
	}
	end_transfer(transfer);
	return call;
}

static struct client_call *take_finished(struct client *client)
{
	struct transfer *transfer;
	struct client_call *call;
	CURLMsg *message;
	int left;

	for (;;) {
		message = curl_multi_info_read(client->multi, &left);
		if (!message)
			return NULL;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		call = finish(transfer, message->data.result);
		if (call)
			return call;
	}
}

/* Waits until something happens. Returns false once the time is over, or `stop` can be read. */
static bool wait_for_any(struct client *client, uint64_t until, int stop)
{
	struct curl_waitfd end = {.fd = stop, .events = CURL_WAIT_POLLIN};
	uint64_t now = clock_steady_ms();

	if (now >= until)
		return false;
	curl_multi_poll(client->multi, &end, stop >= 0 ? 1 : 0,
			until - now > POLL_MS ? POLL_MS : (int)(until - now), NULL);
	return end.revents == 0;
}

struct client_call *client_next(struct client *client, uint64_t until, int stop)
{
	struct client_call *call;
	int running;

	while (client->count > 0) {
		if (curl_multi_perform(client->multi, &running) != CURLM_OK)
			return finish(client->transfers, CURLE_FAILED_INIT);
		call = take_finished(client);
		if (call)
			return call;
		if (!wait_for_any(client, until, stop))
			return NULL;
	}
	return NULL;
}

/* Whether the URL has this part. */
static bool has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool found = curl_url_get(url, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return found;
}

static int check_url(CURLU *url, const char *text, struct reason *why)
{
	char *scheme = NULL, *path = NULL;
	bool good;

	if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
		return reason_fail(why, ZP_ESYNTAX, "'%s' isn't a URL; write http://HOST:PORT",
				   text);
	curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
	curl_url_get(url, CURLUPART_PATH, &path, 0);
	good = scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) && path &&
	       strcmp(path, "/") == 0 && !has_part(url, CURLUPART_QUERY) &&
	       !has_part(url, CURLUPART_FRAGMENT) && !has_part(url, CURLUPART_USER) &&
	       !has_part(url, CURLUPART_PASSWORD);
	curl_free(scheme);
	curl_free(path);
	if (!good)
		return reason_fail(why, ZP_ESYNTAX,
				   "'%s' must be http://HOST:PORT, without user, path or query",
				   text);
	return 0;
}

/* The URL in curl's own words, without the slash that they end with. */
static int render_url(CURLU *url, char *ret_url, size_t size, struct reason *why)
{
	char *text = NULL;
	int r = 0;

	if (curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK)
		return reason_fail(why, -ENOMEM, "out of memory");
	if (strlen(text) > size)
		r = reason_fail(why, ZP_ESYNTAX, "the URL is longer than %zu characters", size - 1);
	else
		snprintf(ret_url, size, "%.*s", (int)strlen(text) - 1, text);
	curl_free(text);
	return r;
}

int client_parse_url(const char *text, char *ret_url, size_t size, struct reason *why)
{
	CURLU *url;
	int r;

	url = curl_url();
	if (!url)
		return reason_fail(why, -ENOMEM, "out of memory");
	r = check_url(url, text, why);
	if (r == 0)
		r = render_url(url, ret_url, size, why);
	curl_url_cleanup(url);
	return r;
}

void client_get_host(const char *url, char *ret_host, size_t size)
{
	const char *host = strstr(url, "://");
	size_t length;

	host = host ? host + 3 : url;
	if (*host == '[')
		host++;
	length = host > url && host[-1] == '[' ? strcspn(host, "]") : strcspn(host, ":/");
	snprintf(ret_host, size, "%.*s", length < size ? (int)length : 0, host);
}
