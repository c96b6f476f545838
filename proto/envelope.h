#ifndef ZP_ENVELOPE_H
#define ZP_ENVELOPE_H

/*
 * What zonepush demands of a signature: PROTOCOL.md §3 (requests) and §4 (replies), on top of RFC
 * 9421. The master signs requests and opens replies, the agent opens requests and signs replies.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/digest.h"
#include "proto/key.h"
#include "proto/signature.h"

#define ENVELOPE_TAG	      "zonepush-v1"
#define ENVELOPE_LABELS_MAX   4
#define ENVELOPE_NONCE_MIN    16
#define ENVELOPE_NONCE_MAX    64
#define ENVELOPE_LIFETIME_MAX 300 /* seconds from created to expires */
#define ENVELOPE_CONTENT_TYPE "application/json"
#define ENVELOPE_PROBLEM_TYPE "application/problem+json"

/* The parameters of a request's signature. */
struct envelope_parameters {
	int64_t created; /* seconds since 1970 */
	int64_t expires;
	char nonce[ENVELOPE_NONCE_MAX + 1];
	char key_id[KEY_ID_LENGTH + 1];
};

/* Header fields to add to a message, ready to send; freed by envelope_headers_done(). */
struct envelope_headers {
	char content_digest[DIGEST_FIELD_SIZE];
	char *signature_input;
	char *signature;
};
void envelope_headers_done(struct envelope_headers *headers);

/*
 * Signs a request for `agent` with Content-Type ENVELOPE_CONTENT_TYPE. `target` is path and query
 * as they are sent. `created` is the clock to claim; a nonce is made and everything that the reply
 * must repeat is written to *ret_parameters. Returns 0, -ENOMEM, ZP_ETOOBIG for a target over
 * ENVELOPE_TARGET_MAX bytes, or ZP_ECOMPONENT for one that isn't printable ASCII.
 */
#define ENVELOPE_TARGET_MAX 1024
int envelope_sign_request(const struct key *key, const struct key_public *agent, const char *method,
			  const char *target, const void *body, size_t length, int64_t created,
			  struct envelope_headers *ret_headers,
			  struct envelope_parameters *ret_parameters)
	__attribute__((warn_unused_result));

/* Finds the key of a key id. Returns 0 or ZP_EUNKNOWN (or another error, which is passed on). */
typedef int envelope_find_key(void *context, const char *key_id, struct key_public *ret_key);

/*
 * Opens a request before its content is there: finds the one signature with our tag, checks what
 * it covers and its parameters, finds its key, verifies it, and checks that Zonepush-Agent names
 * `agent`. Neither freshness, nor the nonce, nor the content is looked at. Returns 0;
 * ZP_EUNSIGNED, ZP_ESYNTAX, ZP_ETOOBIG (more than SIGNATURE_COMPONENTS_MAX components),
 * ZP_ECOMPONENT, ZP_EUNKNOWN, ZP_ESIGNATURE, -ENOMEM; -EXDEV when it is rightly signed and meant
 * for another agent. On 0 and -EXDEV the parameters are filled in, and Content-Type, Content-Digest
 * and Zonepush-Agent stand exactly once.
 */
int envelope_open_request(const struct signature_message *request, const struct key_public *agent,
			  envelope_find_key *find_key, void *context,
			  struct envelope_parameters *ret_parameters, struct reason *why)
	__attribute__((warn_unused_result));

/*
 * Whether a request may be taken at `now` by an agent that started at `started` (both in seconds
 * since 1970): PROTOCOL.md §5. Returns 0 or ZP_ENOTFRESH.
 */
#define ENVELOPE_AHEAD_MAX  60
#define ENVELOPE_BEHIND_MAX 300
int envelope_check_fresh(const struct envelope_parameters *parameters, int64_t now, int64_t started)
	__attribute__((warn_unused_result));

/* What the agent says of itself in every signed reply. */
struct envelope_state {
	char instance[KEY_RANDOM_HEX_SIZE];
	uint64_t applied_seq;
	char next_key[KEY_ID_LENGTH + 1]; /* that follows the one that signed; "": none */
};
#define ENVELOPE_STATE_SIZE 160
void envelope_state_render(const struct envelope_state *state,
			   char ret_field[static ENVELOPE_STATE_SIZE]);

/*
 * Signs the reply to a request. `nonce` is the request's; `request` must hold its method, path,
 * query and fields. Returns 0, ZP_ECOMPONENT when the request lacks what a reply must cover, or
 * -ENOMEM.
 */
int envelope_sign_reply(const struct key *key, const struct signature_message *request,
			const char *nonce, int status, const char *content_type, const void *body,
			size_t length, const struct envelope_state *state, int64_t created,
			struct envelope_headers *ret_headers) __attribute__((warn_unused_result));

/*
 * Opens a reply: `agent` signed exactly what PROTOCOL.md §4 lists, for the request with this nonce,
 * and the digest is that of the content. `reply->request` must be set. Returns 0 with the agent's
 * state, or an error as envelope_open_request(), ZP_EREPLAY when it answers another request, or
 * ZP_EDIGEST; after an error nothing in the reply may be believed.
 */
int envelope_open_reply(const struct signature_message *reply, const struct key_public *agent,
			const char *nonce, const void *body, size_t length,
			struct envelope_state *ret_state, struct reason *why)
	__attribute__((warn_unused_result));

#endif
