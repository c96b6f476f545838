#ifndef ZP_REQUEST_H
#define ZP_REQUEST_H

/*
 * A request and the reply to it, as the resources see them: no HTTP library in it. Lives from the
 * first byte of its target to the last of its reply.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/envelope.h"
#include "proto/error.h"
#include "proto/problem.h"
#include "proto/signature.h"
#include "proto/text.h"
#include "proto/zone_name.h"
#include "slave-agent/job.h"
#include "slave-agent/registry.h"

/* PROTOCOL.md §10. */
#define REQUEST_HEAD_MAX     (16 * 1024) /* bytes, request line and fields */
#define REQUEST_FIELDS_MAX   64
#define REQUEST_TARGET_MAX   1024
#define REQUEST_CONTENT_MAX  CHANGE_CONTENT_MAX
#define REQUEST_WAIT_DEFAULT 10 /* seconds, §8 */
#define REQUEST_WAIT_MAX     60

struct json_t;
struct route;

/* Who asks. */
struct caller {
	bool is_local;
	uid_t user;			/* at the other end of the unix socket, where is_local */
	bool is_administrator;		/* he may do all that the socket offers */
	char address[INET6_ADDRSTRLEN]; /* of the peer, where not is_local */
	int64_t master; /* registry id; 0: nobody who is believed yet, the local administrator, or a
			   key that isn't let in (ROUTE_ANY_KEY) */
	struct key_public key;	     /* that signed, where is_verified */
	const struct key *agent_key; /* of the agent, for the reply to it */
	char name[REGISTRY_NAME_MAX + 1];
	bool is_verified; /* the signature is right: replies are signed, with this nonce */
	char nonce[ENVELOPE_NONCE_MAX + 1];
};

struct request {
	/* The head, as received; owned. */
	char *method;
	char *target;	   /* whole */
	char *path;	   /* of the target */
	const char *query; /* of the target, with its `?`; NULL: none */
	char *version;
	char *authority; /* Host in lower case; NULL before it is there */
	struct signature_field *fields;
	size_t n_fields;
	struct text_buffer content;

	struct caller caller;
	const struct route *route;
	char *argument;	 /* what stands in the path for {zone}; owned */
	struct job *job; /* to be submitted, or answered */

	/* The reply: there as soon as status isn't 0. */
	int status;
	bool is_problem;
	struct problem problem; /* where is_problem */
	bool is_audited;
	bool must_close; /* what follows on this connection can't be trusted */
	char allow[32];	 /* methods, for 405 */
	struct text_buffer reply;
};

/* `target` is copied and split. Returns 0 or -ENOMEM. */
int request_new(const char *target, struct request **ret_request)
	__attribute__((warn_unused_result));
void request_free(struct request *request);

/* Adds a field line; name and value are copied, white space around the value is dropped. */
int request_add_field(struct request *request, const char *name, const char *value)
	__attribute__((warn_unused_result));

/* The value of the first field line of this name, or NULL. */
const char *request_get_field(const struct request *request, const char *name);

/* What a signature sees of the request. Points into it. */
struct signature_message request_as_message(const struct request *request);

/*
 * The parameters of the query. All that may stand there are in `allowed` (ended by NULL). Returns
 * 0, or ZP_ESYNTAX with a reason for one that is unknown, stands twice, or has no `=`.
 */
int request_check_query(const struct request *request, const char *const allowed[],
			struct reason *why) __attribute__((warn_unused_result));

/* The value of a parameter as sent. False where it doesn't stand there or doesn't fit. */
bool request_get_query(const struct request *request, const char *name, char *ret_value,
		       size_t size);

/* `Prefer: wait=N` in seconds (RFC 7240 §4.3), within the limits. */
unsigned int request_get_wait(const struct request *request);

/* Sets the reply. Takes over the JSON, which may be NULL: out of memory. */
void request_reply_json(struct request *request, int status, struct json_t *json);
void request_reply_problem(struct request *request, const struct problem *problem);

/* A problem with no more than a formatted detail. */
void request_fail(struct request *request, enum problem_type type, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
