#ifndef ZP_KEY_PROOF_H
#define ZP_KEY_PROOF_H

/* That whoever brings in a new key has its private half: PROTOCOL.md §12, `PUT /v1/keys/`. */

#include "proto/key.h"

#define KEY_PROOF_SIZE 87 /* base64url of a signature, and a NUL */

/* Signed by the new key: it follows `old` at this agent. */
void key_proof_make(const struct key *new, const struct key_public *agent,
		    const struct key_public *old, char ret_proof[static KEY_PROOF_SIZE]);

/* Returns 0 or ZP_ESIGNATURE. */
int key_proof_check(const char *proof, const struct key_public *agent, const struct key_public *old,
		    const struct key_public *new) __attribute__((warn_unused_result));

#endif
