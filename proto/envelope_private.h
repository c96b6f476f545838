#ifndef ZP_ENVELOPE_PRIVATE_H
#define ZP_ENVELOPE_PRIVATE_H

/* What envelope.c gives to envelope_request.c and envelope_reply.c; nobody else includes it. */

#include <stdbool.h>

#include "proto/covering.h"
#include "proto/envelope.h"

#define ENVELOPE_LABEL "zp" /* of the signatures that we make */

/*
 * Adds the components of a list that ends with NULL, in its order; "@query" only where there is
 * one. `of_request` is `;req`.
 */
void envelope_cover(struct covering *covering, const char *const names[], bool of_request,
		    bool has_query);

/* The one signature of a message that has our tag. */
struct envelope_signature {
	struct sf_dictionary inputs;   /* the whole of Signature-Input */
	struct sf_dictionary values;   /* the whole of Signature */
	const struct sf_member *input; /* ours: what is covered, and the parameters */
	const struct sf_member *value; /* ours: the bytes */
};

/*
 * Finds it. Returns 0 with one to be ended by envelope_signature_done(), ZP_EUNSIGNED where there
 * is none, ZP_ESYNTAX where there are two, too many labels, or no Dictionaries.
 */
int envelope_find_signature(const struct signature_message *message,
			    struct envelope_signature *ret_signature, struct reason *why)
	__attribute__((warn_unused_result));
void envelope_signature_done(struct envelope_signature *signature);

/* A parameter that a signature must or may have; a list ends with one without a key. */
struct envelope_rule {
	const char *key;
	enum sf_type type;
	bool is_optional;
};

/*
 * Checks that the signature has the parameters of `rules` and no others, and that `alg`, where it
 * stands, is ed25519. Returns 0 or ZP_ECOMPONENT.
 */
int envelope_check_parameters(const struct sf_member *input, const struct envelope_rule *rules,
			      struct reason *why) __attribute__((warn_unused_result));

/*
 * Checks that each of these header fields (a list ended by NULL; names with `@` are passed over)
 * stands exactly once in the message: whoever reads one of them later can't read another.
 * Returns 0 or ZP_ECOMPONENT.
 */
int envelope_check_fields(const struct signature_message *message, const char *const names[],
			  struct reason *why) __attribute__((warn_unused_result));

/* The value of a field that envelope_check_fields() has passed. */
const char *envelope_get_field(const struct signature_message *message, const char *name);

#endif
