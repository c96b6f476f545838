#ifndef ZP_SIGNATURE_H
#define ZP_SIGNATURE_H

/*
 * HTTP Message Signatures, RFC 9421, algorithm ed25519: the base, signing and verifying, for any
 * list of components. What zonepush demands of a signature stands in envelope.h.
 */

#include <stddef.h>

#include "proto/key.h"
#include "proto/structured_field.h"
#include "proto/text.h"

#define SIGNATURE_COMPONENTS_MAX 16
#define SIGNATURE_BASE_MAX	 (64 * 1024)

/* A field line as received, white space around the value trimmed. */
struct signature_field {
	const char *name; /* compared without regard to case */
	const char *value;
};

/* A message, as far as a signature sees it. The caller owns everything in it. */
struct signature_message {
	const char *method;    /* requests; NULL in replies */
	const char *authority; /* Host, lower case; NULL where it isn't known */
	const char *path;      /* requests: as sent, without query */
	const char *query;     /* with its `?`; NULL: the target had none */
	int status;	       /* replies; 0 in requests */
	const struct signature_field *fields;
	size_t n_fields;
	const struct signature_message *request; /* replies: what `;req` means; or NULL */
};

/*
 * Appends the value of a header field: all its lines, joined by a comma and a blank (RFC 9421
 * §2.1). Returns how many lines the message has of it, 0 for none; ZP_ECOMPONENT where one isn't
 * printable ASCII; -ENOMEM.
 */
int signature_append_field(const struct signature_message *message, const char *name,
			   struct text_buffer *out) __attribute__((warn_unused_result));

/*
 * Appends the signature base (RFC 9421 §2.5) of message for the covered components and parameters
 * in `covered`, an Inner List as in Signature-Input. Knows the derived components @method,
 * @authority, @path, @query and @status, header fields, and the parameter `req`. Returns 0;
 * ZP_ECOMPONENT for an unknown, repeated or missing component, any other component parameter or a
 * value that isn't printable ASCII; ZP_ESYNTAX where covered isn't an Inner List of Strings;
 * ZP_ETOOBIG; -ENOMEM.
 */
int signature_base(const struct signature_message *message, const struct sf_member *covered,
		   struct text_buffer *base) __attribute__((warn_unused_result));

/*
 * Signs: appends the values of Signature-Input (`label=(…);…`) and Signature (`label=:…:`) to the
 * two buffers. `covered` is an Inner List with its label as key.
 */
int signature_sign(const struct signature_message *message, const struct sf_member *covered,
		   const struct key *key, struct text_buffer *input, struct text_buffer *signature)
	__attribute__((warn_unused_result));

/*
 * Verifies one signature: `covered` and `signature` are the members that have its label in
 * Signature-Input and Signature. Returns 0, ZP_ESIGNATURE, or as signature_base().
 */
int signature_verify(const struct signature_message *message, const struct sf_member *covered,
		     const struct sf_member *signature, const struct key_public *key)
	__attribute__((warn_unused_result));

#endif
