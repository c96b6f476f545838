#include "slave-agent/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "proto/address.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "slave-agent/audit_request.h"
#include "slave-agent/exchange.h"
#include "slave-agent/head.h"
#include "slave-agent/local_peer.h"
#include "slave-agent/request.h"

void connection_list_init(struct connection_list *list, struct agent *agent, bool is_local)
{
	*list = (struct connection_list){.agent = agent, .is_local = is_local};
	pthread_mutex_init(&list->lock, NULL);
}

void connection_list_done(struct connection_list *list)
{
	pthread_mutex_destroy(&list->lock);
}

void connection_list_tick(struct connection_list *list)
{
	uint64_t now = clock_steady_ms();

	pthread_mutex_lock(&list->lock);
	for (struct connection *c = list->first; c; c = c->next)
		if (!c->is_busy && now - c->since > CONNECTION_REQUEST_MS)
			shutdown(c->fd, SHUT_RDWR);
	pthread_mutex_unlock(&list->lock);
}

bool connection_list_is_busy(struct connection_list *list)
{
	bool busy = false;

	pthread_mutex_lock(&list->lock);
	for (const struct connection *c = list->first; c; c = c->next)
		busy |= c->is_busy;
	pthread_mutex_unlock(&list->lock);
	return busy;
}

/* NULL where there was no memory for it. */
static struct connection *find(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void set_busy(struct connection_list *list, struct MHD_Connection *mhd, bool is_busy)
{
	struct connection *connection = find(mhd);

	if (!connection)
		return;
	pthread_mutex_lock(&list->lock);
	connection->is_busy = is_busy;
	connection->since = clock_steady_ms();
	pthread_mutex_unlock(&list->lock);
}

static void open_connection(struct connection_list *list, struct MHD_Connection *mhd,
			    void **socket_closure)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct connection *connection;
	struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
	socklen_t length = sizeof(address);

	connection = calloc(1, sizeof(*connection));
	if (!connection || !info) {
		free(connection);
		return;
	}
	connection->fd = info->connect_fd;
	connection->since = clock_steady_ms();
	connection->user = (uid_t)-1;
	if (list->is_local)
		connection->is_administrator =
			local_peer_is_administrator(connection->fd, &connection->user);
	if (getpeername(connection->fd, (struct sockaddr *)&address, &length) == 0)
		address_render_host(&address, connection->address);
	*socket_closure = connection;

	pthread_mutex_lock(&list->lock);
	connection->next = list->first;
	if (list->first)
		list->first->previous = connection;
	list->first = connection;
	pthread_mutex_unlock(&list->lock);
}

static void close_connection(struct connection_list *list, struct connection *connection)
{
	if (!connection)
		return;
	pthread_mutex_lock(&list->lock);
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		list->first = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	pthread_mutex_unlock(&list->lock);
	free(connection);
}

void connection_notify(void *closure, struct MHD_Connection *mhd, void **socket_closure,
		       enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		open_connection(closure, mhd, socket_closure);
	else
		close_connection(closure, *socket_closure);
}

/* The only place where the target can be had as it was sent. */
void *connection_begin(void *closure, const char *target, struct MHD_Connection *mhd)
{
	const struct connection_list *list = closure;
	const struct connection *connection = find(mhd);
	struct request *request;
	int r;

	r = request_new(target, &request);
	if (r < 0)
		return NULL;
	request->caller.is_local = list->is_local;
	request->caller.user = (uid_t)-1;
	if (connection) {
		request->caller.user = connection->user;
		request->caller.is_administrator = connection->is_administrator;
		memcpy(request->caller.address, connection->address, sizeof(connection->address));
	}
	return request;
}

void connection_end(void *closure, struct MHD_Connection *mhd, void **request_closure,
		    enum MHD_RequestTerminationCode code)
{
	struct connection_list *list = closure;

	(void)code;
	set_busy(list, mhd, false);
	if (*request_closure)
		audit_request(list->agent->audit, *request_closure);
	request_free(*request_closure);
	*request_closure = NULL;
}

static int add_signature(struct agent *agent, const struct request *request,
			 struct MHD_Response *response)
{
	char state[ENVELOPE_STATE_SIZE];
	struct envelope_headers headers;
	int r;

	r = exchange_sign(agent, request, &headers, state);
	if (r < 0)
		return r;
	MHD_add_response_header(response, "Zonepush-State", state);
	MHD_add_response_header(response, "Content-Digest", headers.content_digest);
	MHD_add_response_header(response, "Signature-Input", headers.signature_input);
	MHD_add_response_header(response, "Signature", headers.signature);
	envelope_headers_done(&headers);
	return 0;
}

/* A reply that can't be signed is sent all the same: the master takes it for an unknown outcome. */
static enum MHD_Result send_reply(struct connection_list *list, struct request *request,
				  struct MHD_Connection *mhd)
{
	struct MHD_Response *response;
	enum MHD_Result result;
	int r;

	response = MHD_create_response_from_buffer(request->reply.length, request->reply.data,
						   MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type",
				request->is_problem ? ENVELOPE_PROBLEM_TYPE
						    : ENVELOPE_CONTENT_TYPE);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	if (*request->allow)
		MHD_add_response_header(response, "Allow", request->allow);
	if (request->must_close)
		MHD_add_response_header(response, "Connection", "close");
	if (request->caller.is_verified) {
		r = add_signature(list->agent, request, response);
		if (r < 0)
			log_error("server: can't sign a reply (%s)", error_text(r));
	}
	result = MHD_queue_response(mhd, (unsigned int)request->status, response);
	MHD_destroy_response(response);
	return result;
}

static void log_exchange(const struct request *request)
{
	log_info("server: %s '%s %s' %d", request->caller.is_local ? "local" : request->caller.name,
		 request->method, request->target, request->status);
}

static void handle_head(struct connection_list *list, struct request *request,
			struct MHD_Connection *mhd, const char *method, const char *version)
{
	int r;

	r = head_take(mhd, method, version, request);
	if (r < 0) {
		request->must_close = true;
		request_fail(request, r == -ENOMEM ? PROBLEM_FAILED : PROBLEM_MALFORMED,
			     "the head can't be taken (%s)", error_text(r));
	} else if (list->is_local && !request->caller.is_administrator) {
		request_fail(request, PROBLEM_NOT_LOCAL,
			     "this socket is for root, and the agent's own user and group");
	} else {
		exchange_head(list->agent, request);
	}
}

static void resume(void *context)
{
	MHD_resume_connection(context);
}

/* Suspended before it is submitted, so that an answer can't come too early. */
static void submit(struct connection_list *list, struct request *request,
		   struct MHD_Connection *mhd)
{
	request->job->answered = resume;
	request->job->context = mhd;
	MHD_suspend_connection(mhd);
	applier_submit(list->agent->applier, request->job);
}

static enum MHD_Result handle(struct connection_list *list, struct MHD_Connection *mhd,
			      const char *method, const char *version, const char *data,
			      size_t *size, struct request *request)
{
	if (!request->method) {
		handle_head(list, request, mhd, method, version);
		if (!request->status)
			return MHD_YES;
	} else if (*size > 0) {
		exchange_content(request, data, *size);
		*size = 0;
		/* libmicrohttpd takes no reply in the middle of the content. */
		return request->status ? MHD_NO : MHD_YES;
	} else if (!request->job) {
		set_busy(list, mhd, true);
		exchange_start(list->agent, request);
		if (!request->status) {
			submit(list, request, mhd);
			return MHD_YES;
		}
	} else {
		exchange_finish(list->agent, request);
	}
	log_exchange(request);
	audit_request(list->agent->audit, request);
	return send_reply(list, request, mhd);
}

enum MHD_Result connection_handle(void *closure, struct MHD_Connection *mhd, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **request_closure)
{
	struct connection_list *list = closure;
	enum MHD_Result result;

	(void)url;
	if (!*request_closure)
		return MHD_NO;
	pulse_begin(&list->pulse);
	result = handle(list, mhd, method, version, data, size, *request_closure);
	pulse_end(&list->pulse);
	return result;
}
