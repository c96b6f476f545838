#ifndef ZP_TEST_VECTOR_H
#define ZP_TEST_VECTOR_H

/* The files of proto/vectors/. A test fails where one can't be read. */

#include <stddef.h>

#include "proto/key.h"
#include "proto/signature.h"

#define VECTOR_FIELDS_MAX 16

/* The text of a file, with a NUL behind it, to be freed. */
char *vector_load_text(const char *name);

/* A private key, to be freed by key_free(). */
struct key *vector_load_key(const char *name);

/* A whole HTTP message. */
struct vector_message {
	struct signature_message message;
	struct signature_field fields[VECTOR_FIELDS_MAX];
	const char *body;
	char *text, *path;		     /* what all the above points into */
	struct text_buffer input, signature; /* of vector_sign_anew() */
};

void vector_load_message(const char *name, struct vector_message *ret_message);
void vector_message_done(struct vector_message *message);

/* The value of a field, which must be there. */
const char *vector_get(const struct vector_message *message, const char *name);

/* Changes a part: "@method", "@path", "@query", or a field, which must be there. */
void vector_set(struct vector_message *message, const char *name, const char *value);
void vector_add(struct vector_message *message, const char *name, const char *value);

/*
 * Replaces the signature by one under the label `zp` with these components and parameters, such as
 * `("@method");created=1`. What can't be signed gets a signature of zeros.
 */
void vector_sign_anew(struct vector_message *message, const char *covered, const struct key *key);

#endif
