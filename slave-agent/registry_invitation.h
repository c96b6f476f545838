#ifndef ZP_REGISTRY_INVITATION_H
#define ZP_REGISTRY_INVITATION_H

/*
 * Invitations that were given out: PROTOCOL.md §12. What is kept of one finds it and checks proofs;
 * the token can't be had from it. Times are in seconds since 1970.
 */

#include "proto/invitation.h"
#include "slave-agent/registry.h"

#define REGISTRY_INVITATIONS_MAX 1000

struct registry_invitation {
	char id[INVITATION_ID_SIZE];
	char secret[INVITATION_PROOF_SIZE];
	struct registry_master master; /* what whoever comes is to be: name (""), primaries (none):
					  as they say; TSIG key; policy; no key */
	bool is_for_known;	       /* a new key for the master of this name */
	int64_t made_at;
	int64_t expires_at;
	char used_by[KEY_ID_LENGTH + 1]; /* ""; or the key that was let in by it */
	int64_t used_at;
};

/* Returns 0, ZP_EFULL, or ZP_EDATABASE. */
int registry_invitation_add(struct registry *registry, const struct registry_invitation *invitation)
	__attribute__((warn_unused_result));

/* 0 or ZP_EUNKNOWN. */
int registry_invitation_find(struct registry *registry, const char *id,
			     struct registry_invitation *ret_invitation)
	__attribute__((warn_unused_result));

/* The first one behind the id `after` ("": the first of all), or ZP_EUNKNOWN. */
int registry_invitation_next(struct registry *registry, const char *after,
			     struct registry_invitation *ret_invitation)
	__attribute__((warn_unused_result));

/* Notes by which key it was used. */
int registry_invitation_use(struct registry *registry, const char *id, const char *key_id)
	__attribute__((warn_unused_result));

/* Forgets it: 0 or ZP_EUNKNOWN. */
int registry_invitation_remove(struct registry *registry, const char *id)
	__attribute__((warn_unused_result));

#endif
