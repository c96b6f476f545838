#include "master-hook/outbox_sync.h"

#include "master-hook/outbox_private.h"
#include "proto/clock.h"
#include "proto/database.h"

/* Temporary tables belong to this connection alone: nobody else sees or waits for them. */
int outbox_snapshot(struct outbox *outbox)
{
	int r;

	r = database_execute(outbox->database, "DROP TABLE IF EXISTS temp.seen", "");
	if (r == 0)
		r = database_execute(outbox->database,
				     "CREATE TEMP TABLE seen(name TEXT PRIMARY KEY,"
				     " present INTEGER NOT NULL, by_pointer INTEGER NOT NULL,"
				     " generation INTEGER NOT NULL) WITHOUT ROWID",
				     "");
	if (r == 0)
		r = database_execute(outbox->database,
				     "INSERT INTO temp.seen SELECT name, present, by_pointer,"
				     " generation FROM main.zone",
				     "");
	return r;
}

static int list(struct outbox *outbox, const char *sql, struct name_set *names)
{
	struct database_rows *rows;
	int r;

	r = database_query(outbox->database, &rows, sql, "");
	if (r < 0)
		return r;
	for (r = database_next(rows); r == 1; r = database_next(rows)) {
		r = name_set_add(names, database_text(rows, 0));
		if (r < 0)
			break;
	}
	database_rows_done(rows);
	return r;
}

int outbox_snapshot_list(struct outbox *outbox, struct name_set *present)
{
	return list(outbox, "SELECT name FROM temp.seen WHERE present = 1 ORDER BY name", present);
}

int outbox_snapshot_list_pointers(struct outbox *outbox, struct name_set *present)
{
	return list(outbox,
		    "SELECT name FROM temp.seen WHERE present = 1 AND by_pointer = 1 ORDER BY name",
		    present);
}

int outbox_list_present(struct outbox *outbox, struct name_set *present)
{
	return list(outbox, "SELECT name FROM main.zone WHERE present = 1 ORDER BY name", present);
}

/* The only integer of a query about one zone; 0 where there is no row. */
static int find_integer(struct outbox *outbox, const char *sql, const char *zone,
			int64_t *ret_value)
{
	struct database_rows *rows;
	int r;

	r = database_query(outbox->database, &rows, sql, "t", zone);
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r >= 0)
		*ret_value = r == 1 ? database_integer(rows, 0) : 0;
	database_rows_done(rows);
	return r < 0 ? r : 0;
}

int outbox_snapshot_find(struct outbox *outbox, const char *zone, enum outbox_known *ret_known,
			 uint64_t *ret_generation)
{
	struct database_rows *rows;
	int r;

	r = database_query(outbox->database, &rows,
			   "SELECT present, generation FROM temp.seen WHERE name = ?", "t", zone);
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r == 1) {
		*ret_known = database_integer(rows, 0) ? OUTBOX_PRESENT : OUTBOX_DELETED;
		*ret_generation = (uint64_t)database_integer(rows, 1);
	} else if (r == 0) {
		*ret_known = OUTBOX_UNKNOWN;
		*ret_generation = 0;
	}
	database_rows_done(rows);
	return r < 0 ? r : 0;
}

int outbox_sync_want(struct outbox *outbox, const struct outbox_wish *wish, bool *ret_done)
{
	int64_t then = 0, now = 0;
	int r;

	r = find_integer(outbox, "SELECT generation FROM temp.seen WHERE name = ?", wish->zone.text,
			 &then);
	if (r == 0)
		r = find_integer(outbox, "SELECT generation FROM main.zone WHERE name = ?",
				 wish->zone.text, &now);
	if (r == 0 && now == then)
		r = outbox_want(outbox, wish);
	if (r == 0)
		*ret_done = now == then;
	return r;
}

int outbox_sync_owe(struct outbox *outbox, int64_t slave, const char *zone)
{
	int64_t now = (int64_t)clock_microseconds();
	int r;

	r = database_execute(outbox->database,
			     "INSERT INTO zone(name, present, generation, deletion, changed_at)"
			     " VALUES (?, 0, ?, ?, ?) ON CONFLICT DO NOTHING",
			     "tiii", zone, now, now, now / 1000);
	if (r < 0)
		return r;
	return database_execute(outbox->database,
				"INSERT INTO pending(slave, zone, deletion, since)"
				" SELECT ?, name, CASE present WHEN 1 THEN 0 ELSE deletion END, ?"
				" FROM zone WHERE name = ? ON CONFLICT DO NOTHING",
				"iit", slave, now / 1000, zone);
}

int outbox_absent_note(struct outbox *outbox, const char *zone, uint64_t list)
{
	return database_execute(
		outbox->database,
		"INSERT INTO absent(zone, since, lists, last)"
		" SELECT zone.name, ?, 1, ? FROM main.zone JOIN temp.seen"
		" ON seen.name = zone.name AND seen.generation = zone.generation"
		" WHERE zone.name = ?"
		" ON CONFLICT DO UPDATE SET lists = lists + 1, last = excluded.last",
		"iit", (int64_t)(clock_microseconds() / 1000), (int64_t)list, zone);
}

int outbox_absent_keep(struct outbox *outbox, uint64_t list)
{
	return database_execute(outbox->database, "DELETE FROM absent WHERE last <> ?", "i",
				(int64_t)list);
}

int outbox_absent_find(struct outbox *outbox, const char *zone, struct outbox_absence *ret_absence)
{
	struct outbox_absence absence = {0};
	struct database_rows *rows;
	int r;

	r = database_query(outbox->database, &rows,
			   "SELECT since, lists FROM absent WHERE zone = ?", "t", zone);
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r == 1) {
		absence.since = database_integer(rows, 0);
		absence.lists = (uint64_t)database_integer(rows, 1);
	}
	database_rows_done(rows);
	if (r < 0)
		return r;
	*ret_absence = absence;
	return 0;
}
