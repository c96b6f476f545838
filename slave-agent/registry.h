#ifndef ZP_REGISTRY_H
#define ZP_REGISTRY_H

/*
 * What the agent knows for good: the masters it was told to let in, and what each of them
 * wants of which zone. One connection writes (the applier's thread); readers have their own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/address.h"
#include "proto/envelope.h"
#include "proto/error.h"
#include "proto/key.h"
#include "proto/zone_name.h"
#include "slave-agent/policy.h"

#define REGISTRY_FILE		   "registry.db"
#define REGISTRY_PRIMARIES_MAX	   8
#define REGISTRY_MASTERS_MAX	   1000
#define REGISTRY_NAME_MAX	   64  /* of a master: [a-z0-9._-] */
#define REGISTRY_TSIG_MAX	   253 /* name of a TSIG key: [A-Za-z0-9._-] */
#define REGISTRY_PROBLEM_SIZE	   24
#define REGISTRY_ERROR_MAX	   256
#define REGISTRY_TOMBSTONE_SECONDS (30 * 24 * 3600) /* PROTOCOL.md §7 */

struct registry;

/* Opens for writing; makes an empty registry where there is none. Errors as database_open(). */
int registry_open(const char *state, struct registry **ret_registry, struct reason *why)
	__attribute__((warn_unused_result));
int registry_open_reader(const char *state, struct registry **ret_registry, struct reason *why)
	__attribute__((warn_unused_result));
void registry_free(struct registry *registry);

/* One transaction around several changes. */
int registry_begin(struct registry *registry) __attribute__((warn_unused_result));
int registry_commit(struct registry *registry) __attribute__((warn_unused_result));
void registry_rollback(struct registry *registry);
const char *registry_reason(struct registry *registry); /* of the last failure */

/* The instance and the sequence of PROTOCOL.md §4. */
int registry_get_state(struct registry *registry, struct envelope_state *ret_state)
	__attribute__((warn_unused_result));

struct registry_master {
	int64_t id; /* given by registry_master_add() */
	char name[REGISTRY_NAME_MAX + 1];
	bool has_key;	       /* false: it was revoked, or is known from the include alone */
	struct key_public key; /* the newest, or that by which it was found */
	struct address primaries[REGISTRY_PRIMARIES_MAX];
	size_t n_primaries;
	char tsig[REGISTRY_TSIG_MAX + 1]; /* name of the TSIG key for its primaries; "": none */
	uint64_t generation;		  /* of its settings, PROTOCOL.md §8; 0: never set */
	struct policy policy;
	uint64_t n_zones;		   /* that it wants now, claims included */
	bool has_elder_key;		   /* than `key`, without an end */
	char agent_key[KEY_ID_LENGTH + 1]; /* of the agent's, what it named last; "": not known */
};

/* Whether text can be a master's name. */
bool registry_is_master_name(const char *text);

/* Whether text can be the name of a TSIG key. */
bool registry_is_tsig_name(const char *text);

/*
 * Adds a master, or completes one of this name that has no key yet; its id is given anew. Without
 * has_key it is added without one. Returns 0, -EEXIST when the name or the key is taken, ZP_EFULL,
 * or ZP_EDATABASE.
 */
int registry_master_add(struct registry *registry, const struct registry_master *master)
	__attribute__((warn_unused_result));

/* Sets its policy. */
int registry_master_set_policy(struct registry *registry, int64_t id, const struct policy *policy)
	__attribute__((warn_unused_result));

/* How many zones it wants now, claims included. */
int registry_master_count_zones(struct registry *registry, int64_t id, uint64_t *ret_count)
	__attribute__((warn_unused_result));

/* Sets primaries, TSIG key and generation; all zones of the master become WAITING. */
int registry_master_update(struct registry *registry, const struct registry_master *master)
	__attribute__((warn_unused_result));

/* Notes which key of the agent it names. */
int registry_master_set_agent_key(struct registry *registry, int64_t id, const char *key_id)
	__attribute__((warn_unused_result));

/* Notes a newer generation of the same settings. */
int registry_master_set_generation(struct registry *registry, const struct registry_master *master)
	__attribute__((warn_unused_result));

/* Find one; 0 or ZP_EUNKNOWN. */
int registry_master_find(struct registry *registry, int64_t id, struct registry_master *ret_master)
	__attribute__((warn_unused_result));
int registry_master_find_key(struct registry *registry, const char *key_id,
			     struct registry_master *ret_master)
	__attribute__((warn_unused_result));
int registry_master_find_name(struct registry *registry, const char *name,
			      struct registry_master *ret_master)
	__attribute__((warn_unused_result));

/* All of them in order of name; freed by the caller. */
int registry_master_list(struct registry *registry, struct registry_master **ret_masters,
			 size_t *ret_count) __attribute__((warn_unused_result));

enum registry_state {
	REGISTRY_WAITING, /* named isn't known to have it yet */
	REGISTRY_APPLIED,
	REGISTRY_FAILING, /* named's configuration can't hold it; `error` says why */
	REGISTRY_CLAIM,	  /* wanted, but a zone of another master is in the way */
};

/*
 * What one master wants of one zone. A row that isn't present is a tombstone; of those that are,
 * at most one for each name is no CLAIM: that of the zone's owner.
 */
struct registry_zone {
	struct zone_name name;
	int64_t master;
	bool present;
	bool anew;	     /* of the last change */
	uint64_t generation; /* of the last change */
	uint64_t made;	     /* generation at which this incarnation was made: names its data */
	uint64_t begun;	     /* generation by which it became this master's; made, unless claimed */
	bool has_serial;
	uint32_t serial;
	enum registry_state state;
	char problem[REGISTRY_PROBLEM_SIZE]; /* FAILING, CLAIM: a word of PROTOCOL.md §9; "" */
	char error[REGISTRY_ERROR_MAX];	     /* FAILING, CLAIM: in a sentence; else "" */
	uint64_t since;			     /* CLAIM: when it was made, µs since 1970; else 0 */
	int64_t changed;		     /* when the row was last put, seconds since 1970 */
};

/* This master's row; 0 or ZP_EUNKNOWN. */
int registry_zone_get(struct registry *registry, const struct zone_name *name, int64_t master,
		      struct registry_zone *ret_zone) __attribute__((warn_unused_result));

/* The row of the master that has the zone; 0 or ZP_EUNKNOWN. */
int registry_zone_get_owned(struct registry *registry, const struct zone_name *name,
			    struct registry_zone *ret_zone) __attribute__((warn_unused_result));

/* The oldest claim on the zone; 0 or ZP_EUNKNOWN. */
int registry_zone_get_claim(struct registry *registry, const struct zone_name *name,
			    struct registry_zone *ret_zone) __attribute__((warn_unused_result));

/* A zone of another master above or below this name; 0 or ZP_EUNKNOWN. */
int registry_zone_get_overlap(struct registry *registry, const struct zone_name *name,
			      int64_t master, struct registry_zone *ret_zone)
	__attribute__((warn_unused_result));

/* The first name behind `after` ("": from the first) that is claimed; 0 or ZP_EUNKNOWN. */
int registry_claim_next(struct registry *registry, const char *after, struct zone_name *ret_name)
	__attribute__((warn_unused_result));

/* Whether any master has, or had, something to say about the zone. */
int registry_zone_is_known(struct registry *registry, const struct zone_name *name, bool *ret_known)
	__attribute__((warn_unused_result));

/* Writes a row whole. */
int registry_zone_put(struct registry *registry, const struct registry_zone *zone)
	__attribute__((warn_unused_result));

/* Which rows a walk shows, in order of name. */
struct registry_filter {
	int64_t master;		    /* 0: of all masters */
	const char *after;	    /* only names behind this one; NULL: from the first */
	const unsigned int *bucket; /* only names of this zone_name_bucket(); NULL: of all */
	bool all_states;	    /* also those that aren't for named: FAILING, CLAIM */
};

/* A walk over the zones that are present. One at a time for each registry. */
struct registry_walk;
int registry_walk_start(struct registry *registry, const struct registry_filter *filter,
			struct registry_walk **ret_walk) __attribute__((warn_unused_result));

/* The same over all rows of one zone, tombstones too: the owner's, claims from the oldest, others.
 */
int registry_walk_zone(struct registry *registry, const struct zone_name *name,
		       struct registry_walk **ret_walk) __attribute__((warn_unused_result));
int registry_walk_next(struct registry_walk *walk, struct registry_zone *ret_zone)
	__attribute__((warn_unused_result)); /* 1, 0 at the end, or an error */
void registry_walk_done(struct registry_walk *walk);

struct registry_counts {
	uint64_t applied, waiting, failing, claims; /* zones that are present */
	uint64_t leaving;			    /* tombstones that named doesn't know of yet */
};
int registry_count(struct registry *registry, int64_t master, struct registry_counts *ret_counts)
	__attribute__((warn_unused_result));

/* How many rows wait to be brought to named. */
struct registry_waiting {
	uint64_t present; /* zones to be made, changed, or told again */
	uint64_t leaving; /* tombstones */
};
int registry_count_waiting(struct registry *registry, struct registry_waiting *ret_waiting)
	__attribute__((warn_unused_result));

/* The first name behind `after` ("": from the first) that waits to leave; 0 or ZP_EUNKNOWN. */
int registry_leaving_next(struct registry *registry, const char *after, struct zone_name *ret_name)
	__attribute__((warn_unused_result));

/* Notes in which buckets something waits; the others stay as they are. */
int registry_mark_waiting_buckets(struct registry *registry, bool buckets[static ZONE_NAME_BUCKETS])
	__attribute__((warn_unused_result));

/* Marks a zone as FAILING, whoever has it. */
int registry_mark_failing(struct registry *registry, const struct zone_name *name,
			  const char *problem, const char *error)
	__attribute__((warn_unused_result));

/* All FAILING zones become WAITING: they are tried again. */
int registry_retry_failing(struct registry *registry) __attribute__((warn_unused_result));

/* All WAITING rows become APPLIED, and the sequence grows by one. */
int registry_mark_applied(struct registry *registry) __attribute__((warn_unused_result));

/*
 * Data files of incarnations that are over. They are noted with the change that ends them and
 * forgotten once named let go of them and the files are gone.
 */
int registry_litter_add(struct registry *registry, const struct zone_name *name, uint64_t made)
	__attribute__((warn_unused_result));
typedef void registry_litter_visit(void *context, const struct zone_name *name, uint64_t made);
int registry_litter_each(struct registry *registry, registry_litter_visit *visit, void *context)
	__attribute__((warn_unused_result));
/* Whether any row is of an incarnation made then, whatever its name: looks through all of them. */
int registry_made_is_known(struct registry *registry, uint64_t made, bool *ret_known)
	__attribute__((warn_unused_result));
int registry_litter_clear(struct registry *registry) __attribute__((warn_unused_result));

/* Whether the administrator wants named left alone for now; survives a restart. */
int registry_get_maintenance(struct registry *registry, bool *ret_on)
	__attribute__((warn_unused_result));
int registry_set_maintenance(struct registry *registry, bool on)
	__attribute__((warn_unused_result));

/*
 * Forgets tombstones that are older than REGISTRY_TOMBSTONE_SECONDS, masters without a key of which
 * then nothing is left, and invitations that ended as long ago.
 */
int registry_expire(struct registry *registry, int64_t now) __attribute__((warn_unused_result));

#endif
