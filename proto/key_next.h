#ifndef ZP_KEY_NEXT_H
#define ZP_KEY_NEXT_H

/*
 * The key that is to follow another one, in a file beside it: `key.pem` is followed by
 * `key.pem.next`. As long as that file is there, the change is under way; it ends with the one file
 * put in the other's place, so that a crash at any moment leaves a state to go on from.
 */

#include "proto/key.h"

/*
 * Loads the next key. Returns 0, -ENOENT (without a reason) where no change is under way, or an
 * error as key_load(), with its reason.
 */
int key_next_load(const char *path, struct key **ret_key, struct reason *why)
	__attribute__((warn_unused_result));

/*
 * Loads the next key, or makes one whose file has owner, group and mode of the present key's.
 * Returns 0, or -errno, ZP_EMODE or ZP_EKEY with a reason.
 */
int key_next_ensure(const char *path, struct key **ret_key, struct reason *why)
	__attribute__((warn_unused_result));

/* The next key is the present one from here on; the old one is gone. 0, or -errno with a reason. */
int key_next_promote(const char *path, struct reason *why) __attribute__((warn_unused_result));

#endif
