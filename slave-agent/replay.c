#include "slave-agent/replay.h"

#include <errno.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/envelope.h"
#include "proto/error.h"

struct replay_key {
	char id[KEY_ID_LENGTH + 1];
	size_t count; /* of its live nonces */
};

struct replay_nonce {
	struct replay_key *key;
	struct replay_nonce *next; /* in the same slot */
	char text[ENVELOPE_NONCE_MAX + 1];
};

/*
 * Nonces are found in a balanced tree (tsearch(3)), which no choice of nonces can make slow,
 * and end by a wheel with a slot for each second.
 */
struct replay {
	pthread_mutex_t lock;
	void *keys;
	void *nonces;
	struct replay_nonce *slots[REPLAY_SECONDS_MAX];
	int64_t swept; /* every slot up to this second is empty */
	size_t total;
};

static int compare_keys(const void *a, const void *b)
{
	const struct replay_key *left = a, *right = b;

	return strcmp(left->id, right->id);
}

static int compare_nonces(const void *a, const void *b)
{
	const struct replay_nonce *left = a, *right = b;
	int order;

	order = strcmp(left->key->id, right->key->id);
	return order ? order : strcmp(left->text, right->text);
}

int replay_new(int64_t now, struct replay **ret_replay)
{
	struct replay *replay;

	replay = calloc(1, sizeof(*replay));
	if (!replay)
		return -ENOMEM;
	pthread_mutex_init(&replay->lock, NULL);
	replay->swept = now - 1;
	*ret_replay = replay;
	return 0;
}

static void end_nonce(struct replay *replay, struct replay_nonce *nonce)
{
	struct replay_key *key = nonce->key;

	tdelete(nonce, &replay->nonces, compare_nonces);
	free(nonce);
	replay->total--;
	key->count--;
	if (key->count == 0) {
		tdelete(key, &replay->keys, compare_keys);
		free(key);
	}
}

static void sweep_slot(struct replay *replay, size_t slot)
{
	struct replay_nonce *nonce, *next;

	for (nonce = replay->slots[slot]; nonce; nonce = next) {
		next = nonce->next;
		end_nonce(replay, nonce);
	}
	replay->slots[slot] = NULL;
}

/* Empties the slots of all seconds before now. The clock may have jumped: one round is enough. */
static void sweep(struct replay *replay, int64_t now)
{
	if (now - 1 - replay->swept > REPLAY_SECONDS_MAX)
		replay->swept = now - 1 - REPLAY_SECONDS_MAX;
	while (replay->swept < now - 1) {
		replay->swept++;
		sweep_slot(replay, (size_t)(replay->swept % REPLAY_SECONDS_MAX));
	}
}

void replay_free(struct replay *replay)
{
	if (!replay)
		return;
	for (size_t slot = 0; slot < REPLAY_SECONDS_MAX; slot++)
		sweep_slot(replay, slot);
	pthread_mutex_destroy(&replay->lock);
	free(replay);
}

/* Finds the key, or makes it with a count of 0. */
static int get_key(struct replay *replay, const char *key_id, struct replay_key **ret_key)
{
	struct replay_key *key, **node;

	key = calloc(1, sizeof(*key));
	if (!key)
		return -ENOMEM;
	snprintf(key->id, sizeof(key->id), "%s", key_id);

	node = tsearch(key, &replay->keys, compare_keys);
	if (!node || *node != key)
		free(key);
	if (!node)
		return -ENOMEM;
	*ret_key = *node;
	return 0;
}

static int add_nonce(struct replay *replay, struct replay_key *key, const char *text, int64_t until)
{
	struct replay_nonce *nonce, **node;
	size_t slot = (size_t)(until % REPLAY_SECONDS_MAX);

	nonce = calloc(1, sizeof(*nonce));
	if (!nonce)
		return -ENOMEM;
	nonce->key = key;
	snprintf(nonce->text, sizeof(nonce->text), "%s", text);

	node = tsearch(nonce, &replay->nonces, compare_nonces);
	if (!node || *node != nonce) {
		free(nonce);
		return node ? ZP_EREPLAY : -ENOMEM;
	}
	nonce->next = replay->slots[slot];
	replay->slots[slot] = nonce;
	key->count++;
	replay->total++;
	return 0;
}

static int use_nonce(struct replay *replay, const char *key_id, const char *nonce, int64_t until)
{
	struct replay_key *key = NULL;
	int r;

	if (replay->total >= REPLAY_TOTAL_MAX)
		return ZP_EFULL;
	r = get_key(replay, key_id, &key);
	if (r < 0)
		return r;

	r = key->count < REPLAY_PER_KEY_MAX ? add_nonce(replay, key, nonce, until) : ZP_EFULL;
	if (key->count == 0) {
		tdelete(key, &replay->keys, compare_keys);
		free(key);
	}
	return r;
}

int replay_use(struct replay *replay, const char *key_id, const char *nonce, int64_t until,
	       int64_t now)
{
	int r = ZP_ENOTFRESH;

	pthread_mutex_lock(&replay->lock);
	sweep(replay, now);
	/* What was swept may have been this very nonce: a clock set back doesn't reopen it. */
	if (until > replay->swept && until < replay->swept + REPLAY_SECONDS_MAX)
		r = use_nonce(replay, key_id, nonce, until);
	pthread_mutex_unlock(&replay->lock);
	return r;
}
