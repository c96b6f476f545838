#ifndef ZP_ERROR_H
#define ZP_ERROR_H

/*
 * One error space for both programs.
 *
 * A function that can fail returns 0, or a negative number: a negated errno value, or one of enum
 * zp_error below. Where a person needs more than a number to mend it, the function also takes a
 * struct reason and writes one sentence.
 */

#include <stddef.h>

#define ZP_ERROR_LIST(X)                                                                           \
	X(ZP_ESYNTAX, "not in the expected form")                                                  \
	X(ZP_ETOOBIG, "larger than allowed")                                                       \
	X(ZP_ENAME, "not a zone name")                                                             \
	X(ZP_ERESERVED, "a reserved name")                                                         \
	X(ZP_EKEY, "not an Ed25519 key")                                                           \
	X(ZP_EMODE, "readable or writable by others")                                              \
	X(ZP_EUNSIGNED, "no signature of zonepush")                                                \
	X(ZP_ECOMPONENT, "the signature covers too little or something unknown")                   \
	X(ZP_ESIGNATURE, "the signature is wrong")                                                 \
	X(ZP_EDIGEST, "the content doesn't match its digest")                                      \
	X(ZP_EUNKNOWN, "unknown")                                                                  \
	X(ZP_ENOTFRESH, "outside the time in which it would be taken")                             \
	X(ZP_EREPLAY, "was seen before")                                                           \
	X(ZP_ESTALE, "older than what is known")                                                   \
	X(ZP_EREUSED, "the same generation with other content")                                    \
	X(ZP_EOWNED, "belongs to another master")                                                  \
	X(ZP_EPOLICY, "not allowed to this master")                                                \
	X(ZP_EFULL, "no room left")                                                                \
	X(ZP_EDATABASE, "the database failed")                                                     \
	X(ZP_EDAMAGED, "the database is damaged")                                                  \
	X(ZP_EVERSION, "written by a newer version of zonepush")                                   \
	X(ZP_EPROGRAM, "a program failed")                                                         \
	X(ZP_ENAMED, "named refused it")                                                           \
	X(ZP_ENAMEDDOWN, "named isn't running")                                                    \
	X(ZP_ELIBRARY, "a library failed")

#define ZP_ERROR_FIRST (-2000)

enum zp_error {
	ZP_OK = 0,
	ZP_ERROR_BEFORE_FIRST = ZP_ERROR_FIRST - 1,
#define ZP_ERROR_ENUMERATOR(name, text) name,
	ZP_ERROR_LIST(ZP_ERROR_ENUMERATOR)
#undef ZP_ERROR_ENUMERATOR
	ZP_ERROR_END
};

/* The words for an error of either kind, without a final dot. Never NULL. */
const char *error_text(int error);

/* Longest sentence of a struct reason, with its NUL. */
#define REASON_SIZE 512

/*
 * Why something failed, in words for the person who has to mend it: what happened, to what, why,
 * what to do. Text from outside is escaped in it.
 */
struct reason {
	char text[REASON_SIZE];
};

/*

 * Writes the sentence, cut to fit, bytes outside 0x20-0x7E escaped. Does nothing when why is NULL.

 */
void reason_set(struct reason *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes the sentence and returns error: `return reason_fail(why, -ENOENT, "…")`. */
int reason_fail(struct reason *why, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
