#include "slave-agent/identity.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "proto/key_next.h"

/* A pair of keys as it was loaded. */
struct pair {
	struct pair *before; /* what it took the place of */
	struct key *present, *next;
};

struct identity {
	pthread_mutex_t lock;
	char *path;
	struct pair *pair;
};

static void free_pair(struct pair *pair)
{
	key_free(pair->present);
	key_free(pair->next);
	free(pair);
}

static int load_pair(const char *path, struct pair **ret_pair, struct reason *why)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	int r;

	if (!pair)
		return reason_fail(why, -ENOMEM, "out of memory");
	r = key_load(path, &pair->present, why);
	if (r == 0) {
		r = key_next_load(path, &pair->next, why);
		if (r == -ENOENT) /* the usual case */
			r = 0;
	}
	if (r < 0) {
		free_pair(pair);
		return r;
	}
	*ret_pair = pair;
	return 0;
}

int identity_open(const char *path, struct identity **ret_identity, struct reason *why)
{
	struct identity *identity = calloc(1, sizeof(*identity));
	int r;

	if (!identity)
		return reason_fail(why, -ENOMEM, "out of memory");
	pthread_mutex_init(&identity->lock, NULL);
	identity->path = strdup(path);
	r = identity->path ? load_pair(path, &identity->pair, why)
			   : reason_fail(why, -ENOMEM, "out of memory");
	if (r < 0) {
		identity_free(identity);
		return r;
	}
	*ret_identity = identity;
	return 0;
}

void identity_free(struct identity *identity)
{
	struct pair *pair, *before;

	if (!identity)
		return;
	for (pair = identity->pair; pair; pair = before) {
		before = pair->before;
		free_pair(pair);
	}
	pthread_mutex_destroy(&identity->lock);
	free(identity->path);
	free(identity);
}

int identity_reload(struct identity *identity, struct reason *why)
{
	struct pair *pair;
	int r;

	r = load_pair(identity->path, &pair, why);
	if (r < 0)
		return r;
	pthread_mutex_lock(&identity->lock);
	pair->before = identity->pair;
	identity->pair = pair;
	pthread_mutex_unlock(&identity->lock);
	return 0;
}

static struct pair get_pair(struct identity *identity)
{
	struct pair pair;

	pthread_mutex_lock(&identity->lock);
	pair = *identity->pair;
	pthread_mutex_unlock(&identity->lock);
	return pair;
}

const struct key *identity_get_present(struct identity *identity)
{
	return get_pair(identity).present;
}

const struct key *identity_get_next(struct identity *identity)
{
	return get_pair(identity).next;
}

const struct key *identity_choose(struct identity *identity, const char *key_id)
{
	const struct pair pair = get_pair(identity);

	if (key_id && pair.next && strcmp(key_get_public(pair.next)->id, key_id) == 0)
		return pair.next;
	return pair.present;
}
