#ifndef ZP_OUTBOX_H
#define ZP_OUTBOX_H

/*
 * What is wanted of every zone, which slaves there are, and what each of them still owes. A state,
 * not a log: a second change of a zone takes the place of the first, and what is delivered is
 * always the newest.
 *
 * Several processes use it at once (hooks run in parallel). Times are in ms since 1970.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/change.h"
#include "proto/envelope.h"
#include "proto/error.h"
#include "proto/key.h"

#define OUTBOX_FILE	   "outbox.db"
#define OUTBOX_SLAVES_FILE "slaves"	 /* which ones there are, for a new outbox */
#define OUTBOX_LOCK_FILE   "outbox.lock" /* held by who moves a damaged one aside */
#define OUTBOX_DUE_FILE	   "due"	 /* touched when a hook leaves something undelivered */
#define OUTBOX_NAME_MAX	   64		 /* of a slave: [a-z0-9._-] */
#define OUTBOX_URL_MAX	   300
#define OUTBOX_SLAVES_MAX  1000
#define OUTBOX_ERROR_MAX   400

struct outbox;

/* Makes the directory (2770, for the group) and the database where missing. Errors as
 * database_open(). */
int outbox_open(const char *state, gid_t group, struct outbox **ret_outbox, struct reason *why)
	__attribute__((warn_unused_result));
/* Where there are no slaves (a new outbox): adds those that are written down. */
int outbox_restore_slaves(struct outbox *outbox) __attribute__((warn_unused_result));

/* Reads the whole of it. Returns 0, or ZP_EDAMAGED. */
int outbox_check(struct outbox *outbox) __attribute__((warn_unused_result));

/*
 * Renames a damaged outbox, which nobody has to have open, and writes its new path. The next
 * outbox_open() makes a new one.
 */
int outbox_set_aside(const char *state, char ret_path[static PATH_MAX])
	__attribute__((warn_unused_result));
void outbox_free(struct outbox *outbox);

int outbox_begin(struct outbox *outbox) __attribute__((warn_unused_result));
int outbox_commit(struct outbox *outbox) __attribute__((warn_unused_result));

/* The same after a change of slaves, which are written down in OUTBOX_SLAVES_FILE first. */
int outbox_commit_slaves(struct outbox *outbox) __attribute__((warn_unused_result));
void outbox_rollback(struct outbox *outbox);
const char *outbox_reason(struct outbox *outbox); /* of the last failure */

/* What is wanted of one zone. */
struct outbox_wish {
	struct zone_name zone;
	bool present;
	bool was_deleted; /* on the way to this state: data of before must not survive */
	bool by_pointer;  /* a reverse zone, for the sake of a PTR record in it */
	bool has_serial;
	uint32_t serial;
};

/*
 * Stores a wish under a new generation, max(now in µs, last + 1), and lets every slave owe it.
 * Within the caller's transaction.
 */
int outbox_want(struct outbox *outbox, const struct outbox_wish *wish)
	__attribute__((warn_unused_result));

/* How many wishes were stored since this outbox was opened. */
size_t outbox_count_wanted(const struct outbox *outbox);

/*
 * A slave didn't take this change because it knows the zone at the generation `known`, which this
 * outbox never gave: it was lost, restored or cloned. What is wanted here gets a generation above
 * that, and every slave owes it again; *ret_stamped is then true. Where the outbox has a newer
 * state of the zone by now, the slave may know just that: nothing is done. Returns -ERANGE where
 * there is no generation above `known`.
 */
int outbox_restamp(struct outbox *outbox, const struct change *change, uint64_t known,
		   bool *ret_stamped) __attribute__((warn_unused_result));

/*
 * Takes a generation above all that this outbox gave for the zone, and puts what is wanted of it
 * above that: for a deletion that is meant for one slave alone. Within the caller's transaction.
 */
int outbox_bypass(struct outbox *outbox, const struct zone_name *zone, uint64_t *ret_generation)
	__attribute__((warn_unused_result));

struct outbox_slave {
	int64_t id; /* given by outbox_slave_add() */
	char name[OUTBOX_NAME_MAX + 1];
	char url[OUTBOX_URL_MAX + 1]; /* http://host:port */
	struct key_public key;
	char dns[OUTBOX_URL_MAX + 1]; /* where the public asks it; "": the URL's host, port 53 */
	char acl[OUTBOX_URL_MAX + 1]; /* addresses let in at Plesk for it, a blank after each */
	bool is_paused;		      /* nothing is sent to it, what it owes is kept */

	struct envelope_state state; /* last seen; instance "" before the first reply */
	uint64_t failures;	     /* in a row; 0: it answered last time */
	int64_t retry_at;	     /* not before; 0: at once */
	int64_t answered_at;	     /* 0: never */
	char error[OUTBOX_ERROR_MAX];
};

/* Whether text can be a slave's name. */
bool outbox_is_slave_name(const char *text);

/*
 * Adds a slave; all zones that are present become owed. Within the caller's transaction. -EEXIST
 * when the name is taken, ZP_EFULL.
 */
int outbox_slave_add(struct outbox *outbox, const struct outbox_slave *slave)
	__attribute__((warn_unused_result));

/*
 * The slave was rebuilt: it has this key and URL from now on, nothing of what it once acknowledged
 * counts, and everything is owed anew. Within the caller's transaction.
 */
int outbox_slave_replace(struct outbox *outbox, const struct outbox_slave *slave)
	__attribute__((warn_unused_result));

/*
 * From now on nothing is sent to it; or what it owes again, at once. Within the caller's
 * transaction.
 */
int outbox_slave_pause(struct outbox *outbox, int64_t slave, bool is_paused)
	__attribute__((warn_unused_result));

/*
 * Notes which addresses were let in at Plesk's name server: the member acl. Within the caller's
 * transaction.
 */
int outbox_slave_note_acl(struct outbox *outbox, const struct outbox_slave *slave)
	__attribute__((warn_unused_result));

/*
 * Where the agent says in a believed reply that another key follows its present one, that is the
 * slave's key from here on: it is stored, in a transaction of its own, and set in *slave.
 */
int outbox_slave_follow_key(struct outbox *outbox, struct outbox_slave *slave,
			    const struct envelope_state *state, bool *ret_changed)
	__attribute__((warn_unused_result));

/* Forgets the slave and what it owes. Within the caller's transaction. */
int outbox_slave_remove(struct outbox *outbox, int64_t slave) __attribute__((warn_unused_result));

/* All of them in order of name; freed by the caller. */
int outbox_slave_list(struct outbox *outbox, struct outbox_slave **ret_slaves, size_t *ret_count)
	__attribute__((warn_unused_result));

/* Notes how the last exchange went: the members state, failures, retry_at, answered_at, error. */
int outbox_slave_note(struct outbox *outbox, const struct outbox_slave *slave)
	__attribute__((warn_unused_result));

/* Every zone that was ever wanted is owed anew: the slave lost or forgot what it acknowledged. */
int outbox_owe_all(struct outbox *outbox, int64_t slave) __attribute__((warn_unused_result));

/* Refused changes, too, are due at once. */
int outbox_owe_now(struct outbox *outbox, int64_t slave) __attribute__((warn_unused_result));

/*
 * What the slave owes and is due at `now`, at most `most`: first what it owes only since this
 * outbox was opened, since somebody waits for that, then the longest owed. Nothing while it is
 * paused. Freed by the caller.
 */
int outbox_get_due(struct outbox *outbox, int64_t slave, int64_t now, size_t most,
		   struct change **ret_changes, size_t *ret_count)
	__attribute__((warn_unused_result));

/* What is wanted of one zone. */
struct outbox_zone {
	bool present;
	uint64_t generation;
	int64_t changed_at;
	bool has_serial;
	uint32_t serial; /* that Plesk named last */
};

/* -ENOENT where nothing was ever wanted of it. */
int outbox_find(struct outbox *outbox, const struct zone_name *zone, struct outbox_zone *ret_zone)
	__attribute__((warn_unused_result));

/* What a slave owes of one zone; `since` is 0 where it owes nothing. */
struct outbox_owed {
	int64_t since, retry_at;
	uint64_t attempts; /* refused ones */
	char error[OUTBOX_ERROR_MAX];
};
int outbox_find_owed(struct outbox *outbox, int64_t slave, const struct zone_name *zone,
		     struct outbox_owed *ret_owed) __attribute__((warn_unused_result));

/*
 * The slave took this generation (`how`: "applied", …): owed no more, unless the zone is newer by
 * now.
 */
int outbox_acknowledge(struct outbox *outbox, int64_t slave, const struct change *change,
		       const char *how) __attribute__((warn_unused_result));

/* The slave refused it: tried again after a pause that grows from retry_min to retry_max. */
int outbox_refuse(struct outbox *outbox, int64_t slave, const struct change *change,
		  const char *error, int64_t now, uint64_t retry_min, uint64_t retry_max)
	__attribute__((warn_unused_result));

/* When something is due next to a slave that isn't paused; 0 where nothing is. */
int outbox_next_due(struct outbox *outbox, int64_t *ret_due) __attribute__((warn_unused_result));

struct outbox_debt {
	uint64_t pending;
	uint64_t refused;		/* of these */
	int64_t oldest;			/* since when; 0: nothing is pending */
	char refusal[OUTBOX_ERROR_MAX]; /* one of the refusals, with its zone; "" */
};
int outbox_get_debt(struct outbox *outbox, int64_t slave, struct outbox_debt *ret_debt)
	__attribute__((warn_unused_result));

/* The pause before a next try, in ms: doubled with each attempt, a tenth of it at random. */
uint64_t outbox_pause(uint64_t attempts, uint64_t least, uint64_t most);

/* How many zones are wanted. */
int outbox_count(struct outbox *outbox, uint64_t *ret_present) __attribute__((warn_unused_result));

#endif
