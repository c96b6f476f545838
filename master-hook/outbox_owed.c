#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "master-hook/outbox.h"
#include "master-hook/outbox_private.h"
#include "proto/clock.h"
#include "proto/database.h"

/* What slaves owe: what is due, and what becomes of it. */

int outbox_owe_now(struct outbox *outbox, int64_t slave)
{
	return database_execute(outbox->database,
				"UPDATE pending SET retry_at = 0 WHERE slave = ? AND retry_at <> 0",
				"i", slave);
}

static void read_change(struct database_rows *rows, struct change *change)
{
	*change = (struct change){
		.present = database_integer(rows, 1) != 0,
		.generation = (uint64_t)database_integer(rows, 2),
		.has_serial = !database_is_null(rows, 3),
		.serial = (uint32_t)database_integer(rows, 3),
	};
	change->anew = change->present && database_integer(rows, 4) != 0;
	snprintf(change->zone.text, sizeof(change->zone.text), "%s", database_text(rows, 0));
}

int outbox_get_due(struct outbox *outbox, int64_t slave, int64_t now, size_t most,
		   struct change **ret_changes, size_t *ret_count)
{
	struct database_rows *rows;
	struct change *changes;
	size_t count = 0;
	int r;

	changes = calloc(most, sizeof(*changes));
	if (!changes)
		return -ENOMEM;
	r = database_query(outbox->database, &rows,
			   /* Names first, out of the index alone: there may be 300,000. */
			   "SELECT name, present, generation, serial, pending.deletion FROM"
			   " (SELECT zone AS due FROM pending WHERE slave = ?1 AND retry_at <= ?2"
			   " AND (SELECT paused FROM slave WHERE id = ?1) = 0"
			   " ORDER BY since >= ?3 DESC, since LIMIT ?4)"
			   " CROSS JOIN pending ON slave = ?1 AND zone = due"
			   " CROSS JOIN zone ON name = due",
			   "iiii", slave, now, outbox->opened_at, (int64_t)most);
	if (r < 0) {
		free(changes);
		return r;
	}
	for (r = database_next(rows); r == 1; r = database_next(rows))
		read_change(rows, &changes[count++]);
	database_rows_done(rows);
	if (r < 0) {
		free(changes);
		return r;
	}
	*ret_changes = changes;
	*ret_count = count;
	return 0;
}

int outbox_acknowledge(struct outbox *outbox, int64_t slave, const struct change *change,
		       const char *how)
{
	int r;

	r = outbox_history_note(outbox, change->zone.text, change->generation, slave, how, NULL);
	if (r < 0)
		return r;
	r = database_execute(outbox->database,
			     "DELETE FROM pending WHERE slave = ? AND zone = ? AND"
			     " (SELECT generation FROM zone WHERE name = zone) <= ?",
			     "iti", slave, change->zone.text, (int64_t)change->generation);
	if (r < 0 || database_changes(outbox->database) > 0)
		return r;
	/* Newer by now; but what it has heard of so far needn't be told again. */
	return database_execute(outbox->database,
				"UPDATE pending SET deletion = 0"
				" WHERE slave = ? AND zone = ? AND deletion <= ?",
				"iti", slave, change->zone.text, (int64_t)change->generation);
}

static int get_attempts(struct outbox *outbox, int64_t slave, const struct zone_name *zone,
			uint64_t *ret_attempts)
{
	struct database_rows *rows;
	int r;

	r = database_query(outbox->database, &rows,
			   "SELECT attempts FROM pending WHERE slave = ? AND zone = ?", "it", slave,
			   zone->text);
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r >= 0)
		*ret_attempts = r == 1 ? (uint64_t)database_integer(rows, 0) : 0;
	database_rows_done(rows);
	return r < 0 ? r : 0;
}

uint64_t outbox_pause(uint64_t attempts, uint64_t least, uint64_t most)
{
	uint64_t pause = least;

	for (; attempts > 0 && pause < most; attempts--)
		pause *= 2;
	if (pause > most)
		pause = most;
	/* A tenth of it at random, so that what failed together isn't repeated together. */
	return pause - pause / 10 + clock_microseconds() % (pause / 10 + 1);
}

int outbox_refuse(struct outbox *outbox, int64_t slave, const struct change *change,
		  const char *error, int64_t now, uint64_t retry_min, uint64_t retry_max)
{
	uint64_t attempts = 0;
	int r;

	r = get_attempts(outbox, slave, &change->zone, &attempts);
	/* That it goes on being refused isn't worth an entry each time. */
	if (r == 0 && attempts == 0)
		r = outbox_history_note(outbox, change->zone.text, change->generation, slave,
					"refused", error);
	if (r < 0)
		return r;
	return database_execute(
		outbox->database,
		"UPDATE pending SET attempts = attempts + 1, retry_at = ?, error = ?"
		" WHERE slave = ? AND zone = ? AND"
		" (SELECT generation FROM zone WHERE name = zone) = ?",
		"ititi", now + (int64_t)outbox_pause(attempts, retry_min, retry_max), error, slave,
		change->zone.text, (int64_t)change->generation);
}

int outbox_find_owed(struct outbox *outbox, int64_t slave, const struct zone_name *zone,
		     struct outbox_owed *ret_owed)
{
	struct outbox_owed owed = {0};
	struct database_rows *rows;
	int r;

	r = database_query(outbox->database, &rows,
			   "SELECT since, retry_at, attempts, error FROM pending"
			   " WHERE slave = ? AND zone = ?",
			   "it", slave, zone->text);
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r == 1) {
		owed.since = database_integer(rows, 0);
		owed.retry_at = database_integer(rows, 1);
		owed.attempts = (uint64_t)database_integer(rows, 2);
		if (!database_is_null(rows, 3))
			snprintf(owed.error, sizeof(owed.error), "%s", database_text(rows, 3));
	}
	database_rows_done(rows);
	if (r < 0)
		return r;
	*ret_owed = owed;
	return 0;
}

static int read_refusal(struct outbox *outbox, int64_t slave, struct outbox_debt *debt)
{
	struct database_rows *rows;
	int r;

	r = database_query(outbox->database, &rows,
			   "SELECT zone, error FROM pending WHERE slave = ? AND error IS NOT NULL"
			   " ORDER BY since LIMIT 1",
			   "i", slave);
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r == 1)
		snprintf(debt->refusal, sizeof(debt->refusal), "%s: %s", database_text(rows, 0),
			 database_text(rows, 1));
	database_rows_done(rows);
	return r < 0 ? r : 0;
}

int outbox_get_debt(struct outbox *outbox, int64_t slave, struct outbox_debt *ret_debt)
{
	struct outbox_debt debt = {0};
	struct database_rows *rows;
	int r;

	r = database_query(outbox->database, &rows,
			   "SELECT count(*), count(error), min(since) FROM pending"
			   " WHERE slave = ?",
			   "i", slave);
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r == 1) {
		debt.pending = (uint64_t)database_integer(rows, 0);
		debt.refused = (uint64_t)database_integer(rows, 1);
		debt.oldest = database_integer(rows, 2);
	}
	database_rows_done(rows);
	if (r >= 0)
		r = read_refusal(outbox, slave, &debt);
	if (r < 0)
		return r;
	*ret_debt = debt;
	return 0;
}
