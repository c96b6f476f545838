#ifndef ZP_COVERING_H
#define ZP_COVERING_H

/* What a signature of ours covers, in the making: an Inner List as in Signature-Input. */

#include <stdbool.h>
#include <stdint.h>

#include "proto/signature.h"

#define COVERING_PARAMETERS_MAX 8

/* Borrows every text that is added to it. Its parts point into it: it must not be copied. */
struct covering {
	struct sf_item items[SIGNATURE_COMPONENTS_MAX];
	struct sf_parameter parameters[COVERING_PARAMETERS_MAX];
	struct sf_parameter req; /* of components of the request */
	struct sf_member member;
};

void covering_init(struct covering *covering, const char *label);

/* Adds a component; of_request: with `;req`. There is room for all that PROTOCOL.md names. */
void covering_add(struct covering *covering, const char *component, bool of_request);
void covering_add_string(struct covering *covering, const char *parameter, const char *text);
void covering_add_integer(struct covering *covering, const char *parameter, int64_t integer);

/*

 * Signs; the values of Signature-Input and Signature are the caller's to free. As signature_sign().

 */
int covering_sign(const struct covering *covering, const struct signature_message *message,
		  const struct key *key, char **ret_input, char **ret_signature)
	__attribute__((warn_unused_result));

#endif
