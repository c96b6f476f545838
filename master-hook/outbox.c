#include "master-hook/outbox.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master-hook/outbox_private.h"
#include "proto/clock.h"
#include "proto/database.h"
#include "proto/file.h"
#include "proto/text.h"

/* "zpOB" */
#define OUTBOX_APPLICATION_ID 0x7a704f42
#define OUTBOX_DIRECTORY_MODE 02770

/* A generation that leaves room for as many changes of a zone as there will ever be. */
#define GENERATION_KNOWN_MAX (TEXT_INTEGER_MAX - UINT32_MAX)

static const char *const schema_steps[] = {
	/* `deletion`: the generation of the last one, alone or on the way to a zone made anew. */
	"CREATE TABLE zone("
	"	name TEXT PRIMARY KEY,"
	"	present INTEGER NOT NULL,"
	"	generation INTEGER NOT NULL,"
	"	deletion INTEGER NOT NULL,"
	"	serial INTEGER,"
	"	changed_at INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE slave("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	name TEXT NOT NULL UNIQUE,"
	"	url TEXT NOT NULL,"
	"	agent_key TEXT NOT NULL,"
	"	instance TEXT NOT NULL DEFAULT '',"
	"	applied_seq INTEGER NOT NULL DEFAULT 0,"
	"	failures INTEGER NOT NULL DEFAULT 0,"
	"	retry_at INTEGER NOT NULL DEFAULT 0,"
	"	answered_at INTEGER NOT NULL DEFAULT 0,"
	"	error TEXT NOT NULL DEFAULT ''"
	") STRICT;"
	/*
	 * The generation owed is always the zone's own, so it isn't repeated here. `deletion`: that
	 * of the zone, until the slave has acknowledged it or something newer. Meanwhile a zone
	 * that is present is, to this slave, one made anew.
	 */
	"CREATE TABLE pending("
	"	slave INTEGER NOT NULL REFERENCES slave(id),"
	"	zone TEXT NOT NULL REFERENCES zone(name),"
	"	deletion INTEGER NOT NULL,"
	"	since INTEGER NOT NULL,"
	"	attempts INTEGER NOT NULL DEFAULT 0,"
	"	retry_at INTEGER NOT NULL DEFAULT 0,"
	"	error TEXT,"
	"	PRIMARY KEY (slave, zone)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX pending_due ON pending(slave, retry_at, since);",

	/* `lists`: how many of Plesk's good lists didn't have the zone; `last` of these. */
	"ALTER TABLE slave ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE slave ADD COLUMN dns TEXT NOT NULL DEFAULT '';"
	/* `by_pointer`: a reverse zone that was found by a PTR record; Plesk's list lacks those. */
	"ALTER TABLE zone ADD COLUMN by_pointer INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE absent("
	"	zone TEXT PRIMARY KEY REFERENCES zone(name),"
	"	since INTEGER NOT NULL,"
	"	lists INTEGER NOT NULL,"
	"	last INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	/* `slave` 0: what is wanted. Only ever appended to, and read as a whole: without an index.
	 */
	"CREATE TABLE history("
	"	id INTEGER PRIMARY KEY,"
	"	at INTEGER NOT NULL,"
	"	zone TEXT NOT NULL,"
	"	generation INTEGER NOT NULL,"
	"	slave INTEGER NOT NULL,"
	"	event TEXT NOT NULL,"
	"	detail TEXT"
	") STRICT;",

	/* `acl`: addresses that we let in at Plesk's name server for it, a blank after each. */
	"ALTER TABLE slave ADD COLUMN acl TEXT NOT NULL DEFAULT '';",
};

static const struct database_schema schema = {
	.application_id = OUTBOX_APPLICATION_ID,
	.steps = schema_steps,
	.version = sizeof(schema_steps) / sizeof(schema_steps[0]),
};

static int64_t now_ms(void)
{
	return (int64_t)(clock_microseconds() / 1000);
}

int outbox_open(const char *state, gid_t group, struct outbox **ret_outbox, struct reason *why)
{
	struct database *database = NULL;
	char path[PATH_MAX];
	struct outbox *outbox;
	int r;

	r = file_make_directory(state, OUTBOX_DIRECTORY_MODE, group);
	if (r < 0)
		return reason_fail(why, r, "can't make the state directory '%s' (%s)", state,
				   error_text(r));
	snprintf(path, sizeof(path), "%s/%s", state, OUTBOX_FILE);
	r = database_open(path, &schema, &database, why);
	if (r < 0)
		return r;
	outbox = calloc(1, sizeof(*outbox));
	if (outbox)
		outbox->state = strdup(state);
	if (!outbox || !outbox->state) {
		free(outbox);
		database_free(database);
		return reason_fail(why, -ENOMEM, "out of memory");
	}
	outbox->database = database;
	outbox->group = group;
	outbox->opened_at = now_ms();
	*ret_outbox = outbox;
	return 0;
}

void outbox_free(struct outbox *outbox)
{
	if (!outbox)
		return;
	database_free(outbox->database);
	free(outbox->state);
	free(outbox);
}

int outbox_begin(struct outbox *outbox)
{
	return database_begin(outbox->database);
}

int outbox_commit(struct outbox *outbox)
{
	int r = 0;

	if (outbox->has_noted)
		r = outbox_history_trim(outbox);
	outbox->has_noted = false;
	return r == 0 ? database_commit(outbox->database) : r;
}

void outbox_rollback(struct outbox *outbox)
{
	outbox->has_noted = false;
	database_rollback(outbox->database);
}

const char *outbox_reason(struct outbox *outbox)
{
	return database_reason(outbox->database);
}

/* 0 where the zone was never wanted. */
static int get_generation(struct outbox *outbox, const struct zone_name *zone,
			  uint64_t *ret_generation)
{
	struct database_rows *rows;
	int r;

	r = database_query(outbox->database, &rows, "SELECT generation FROM zone WHERE name = ?",
			   "t", zone->text);
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r >= 0)
		*ret_generation = r == 1 ? (uint64_t)database_integer(rows, 0) : 0;
	database_rows_done(rows);
	return r < 0 ? r : 0;
}

/* A clock that once ran ahead must not stop this zone for good: the generation then just counts. */
static uint64_t next_generation(uint64_t last)
{
	uint64_t now = clock_microseconds();

	return now > last ? now : last + 1;
}

/* Every slave owes the zone; refusals of an older state don't count for this one. */
static int owe(struct outbox *outbox, const struct zone_name *zone, uint64_t deletion)
{
	return database_execute(outbox->database,
				"INSERT INTO pending(slave, zone, deletion, since)"
				" SELECT id, ?, ?, ? FROM slave WHERE true"
				" ON CONFLICT DO UPDATE SET"
				" deletion = max(deletion, excluded.deletion),"
				" attempts = 0, retry_at = 0, error = NULL",
				"tii", zone->text, (int64_t)deletion, now_ms());
}

static int put_zone(struct outbox *outbox, const struct outbox_wish *wish, uint64_t generation,
		    uint64_t deletion)
{
	return database_execute(outbox->database,
				"INSERT INTO zone(name, present, generation, deletion, changed_at,"
				" by_pointer, serial) VALUES (?, ?, ?, ?, ?, ?, ?)"
				" ON CONFLICT DO UPDATE SET present = excluded.present,"
				" generation = excluded.generation,"
				" deletion = max(deletion, excluded.deletion),"
				" changed_at = excluded.changed_at,"
				" by_pointer = excluded.by_pointer, serial = excluded.serial",
				wish->has_serial ? "tiiiiii" : "tiiiiin", wish->zone.text,
				(int64_t)wish->present, (int64_t)generation, (int64_t)deletion,
				now_ms(), (int64_t)wish->by_pointer, (int64_t)wish->serial);
}

static const char *describe(const struct outbox_wish *wish)
{
	if (!wish->present)
		return "deleted";
	return wish->was_deleted ? "made anew" : "wanted";
}

int outbox_want(struct outbox *outbox, const struct outbox_wish *wish)
{
	uint64_t last = 0, generation, deletion;
	int r;

	outbox->n_wanted++;
	r = get_generation(outbox, &wish->zone, &last);
	if (r < 0)
		return r;
	generation = next_generation(last);
	deletion = wish->was_deleted || !wish->present ? generation : 0;
	r = put_zone(outbox, wish, generation, deletion);
	if (r == 0)
		r = database_execute(outbox->database, "DELETE FROM absent WHERE zone = ?", "t",
				     wish->zone.text);
	if (r == 0)
		r = owe(outbox, &wish->zone, deletion);
	return r == 0 ? outbox_history_note(outbox, wish->zone.text, generation, 0, describe(wish),
					    NULL)
		      : r;
}

size_t outbox_count_wanted(const struct outbox *outbox)
{
	return outbox->n_wanted;
}

int outbox_restamp(struct outbox *outbox, const struct change *change, uint64_t known,
		   bool *ret_stamped)
{
	uint64_t last = 0;
	int r;

	if (known > GENERATION_KNOWN_MAX)
		return -ERANGE;
	r = get_generation(outbox, &change->zone, &last);
	if (r == 0 && last == change->generation) {
		r = database_execute(outbox->database,
				     "UPDATE zone SET generation = ? WHERE name = ?", "it",
				     (int64_t)next_generation(known), change->zone.text);
		if (r == 0)
			r = owe(outbox, &change->zone, 0);
	}
	if (r == 0)
		*ret_stamped = last == change->generation;
	return r;
}

int outbox_bypass(struct outbox *outbox, const struct zone_name *zone, uint64_t *ret_generation)
{
	uint64_t last = 0, generation;
	int r;

	r = get_generation(outbox, zone, &last);
	if (r < 0)
		return r;
	generation = next_generation(last);
	r = database_execute(outbox->database, "UPDATE zone SET generation = ? WHERE name = ?",
			     "it", (int64_t)generation + 1, zone->text);
	if (r == 0)
		*ret_generation = generation;
	return r;
}

/* Which deletions it has forgotten can't be known, so that every zone made anew is sent as such. */
int outbox_owe_all(struct outbox *outbox, int64_t slave)
{
	return database_execute(outbox->database,
				"INSERT INTO pending(slave, zone, deletion, since)"
				" SELECT slave.id, zone.name, zone.deletion, ? FROM slave, zone"
				" WHERE slave.id = ?"
				" ON CONFLICT DO UPDATE SET deletion = excluded.deletion,"
				" attempts = 0, retry_at = 0, error = NULL",
				"ii", now_ms(), slave);
}

int outbox_count(struct outbox *outbox, uint64_t *ret_present)
{
	int64_t present = 0;
	int r;

	r = database_get_integer(outbox->database, "SELECT count(*) FROM zone WHERE present = 1",
				 &present);
	if (r == 0)
		*ret_present = (uint64_t)present;
	return r;
}

int outbox_find(struct outbox *outbox, const struct zone_name *zone, struct outbox_zone *ret_zone)
{
	struct database_rows *rows;
	int r;

	r = database_query(
		outbox->database, &rows,
		"SELECT present, generation, changed_at, serial FROM zone WHERE name = ?", "t",
		zone->text);
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r == 1)
		*ret_zone = (struct outbox_zone){
			.present = database_integer(rows, 0) != 0,
			.generation = (uint64_t)database_integer(rows, 1),
			.changed_at = database_integer(rows, 2),
			.has_serial = !database_is_null(rows, 3),
			.serial = (uint32_t)database_integer(rows, 3),
		};
	database_rows_done(rows);
	if (r < 0)
		return r;
	return r == 1 ? 0 : -ENOENT;
}
