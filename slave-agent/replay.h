#ifndef ZP_REPLAY_H
#define ZP_REPLAY_H

/*
 * Nonces that were used: PROTOCOL.md §5. In memory only; a restarted agent refuses what was
 * signed before it started instead. Safe to use from several threads.
 */

#include <stdint.h>

#define REPLAY_PER_KEY_MAX 65536
#define REPLAY_TOTAL_MAX   262144
#define REPLAY_SECONDS_MAX 512 /* longest time that a nonce is remembered */

struct replay;

/* `now` is in seconds since 1970, here and below. Returns 0 or -ENOMEM. */
int replay_new(int64_t now, struct replay **ret_replay) __attribute__((warn_unused_result));
void replay_free(struct replay *replay);

/*
 * Uses up a nonce until the second `until`, the last in which its request could be taken. Returns
 * 0; ZP_EREPLAY when it was used before; ZP_ENOTFRESH when that second is over or further ahead
 * than REPLAY_SECONDS_MAX; ZP_EFULL when there is no room (a live nonce is never forgotten);
 * -ENOMEM.
 */
int replay_use(struct replay *replay, const char *key_id, const char *nonce, int64_t until,
	       int64_t now) __attribute__((warn_unused_result));

#endif
