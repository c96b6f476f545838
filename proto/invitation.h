#ifndef ZP_INVITATION_H
#define ZP_INVITATION_H

/*
 * An invitation: PROTOCOL.md §12. One word that a slave's administrator gives to a master's, by any
 * way that nobody else reads. It names the agent and its key, and holds a secret, the token, which
 * never travels over the network: what is proved is that one has it.
 *
 *     zp1.HOST:PORT.<agent's key id>.<token>.<checksum>
 */

#include <stddef.h>

#include "proto/error.h"
#include "proto/key.h"

#define INVITATION_ENDPOINT_MAX 280 /* host, `:`, port */
#define INVITATION_TOKEN_LENGTH 22  /* 128 random bits in base64url without padding */
#define INVITATION_SIZE                                                                            \
	(4 + INVITATION_ENDPOINT_MAX + 1 + KEY_ID_LENGTH + 1 + INVITATION_TOKEN_LENGTH + 6)
#define INVITATION_ID_SIZE    17 /* 16 hex digits and a NUL */
#define INVITATION_PROOF_SIZE 44 /* 43 characters of base64url and a NUL */

struct invitation {
	char endpoint[INVITATION_ENDPOINT_MAX + 1]; /* as in a URL: IPv6 in brackets */
	struct key_public agent;
	char token[INVITATION_TOKEN_LENGTH + 1]; /* secret */
};

/* Makes a new one, with a token of its own. Returns 0, or ZP_ESYNTAX for a bad endpoint. */
int invitation_make(const char *endpoint, const struct key_public *agent,
		    struct invitation *ret_invitation, struct reason *why)
	__attribute__((warn_unused_result));

/* Wipes the token. */
void invitation_done(struct invitation *invitation);

void invitation_render(const struct invitation *invitation, char ret_text[static INVITATION_SIZE]);

/* Reads one. Returns 0 or ZP_ESYNTAX, with a reason that never repeats the token. */
int invitation_parse(const char *text, struct invitation *ret_invitation, struct reason *why)
	__attribute__((warn_unused_result));

/*
 * What the agent keeps of an invitation: by its id it is found, and by its secret proofs are
 * checked. Neither tells the token.
 */
void invitation_get_id(const struct invitation *invitation, char ret_id[static INVITATION_ID_SIZE]);
void invitation_get_secret(const struct invitation *invitation,
			   char ret_secret[static INVITATION_PROOF_SIZE]);

/*
 * Proves to the agent that the holder of `master` has the token, and means this agent. Whoever
 * changes one of the keys on the way has no proof for it.
 */
int invitation_prove(const char *secret, const struct key_public *agent,
		     const struct key_public *master, char ret_proof[static INVITATION_PROOF_SIZE])
	__attribute__((warn_unused_result));

/* Checks it in constant time. Returns 0 or ZP_ESIGNATURE. */
int invitation_check(const char *secret, const struct key_public *agent,
		     const struct key_public *master, const char *proof)
	__attribute__((warn_unused_result));

#endif
