#include "master-hook/outbox_history.h"

#include "master-hook/outbox_private.h"
#include "proto/clock.h"
#include "proto/database.h"

int outbox_history_note(struct outbox *outbox, const char *zone, uint64_t generation, int64_t slave,
			const char *event, const char *detail)
{
	outbox->has_noted = true;
	return database_execute(outbox->database,
				"INSERT INTO history(at, zone, generation, slave, event, detail)"
				" VALUES (?, ?, ?, ?, ?, ?)",
				"itiitt", (int64_t)(clock_microseconds() / 1000), zone,
				(int64_t)generation, slave, event, detail);
}

int outbox_history_trim(struct outbox *outbox)
{
	return database_execute(outbox->database,
				"DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - ?",
				"i", (int64_t)OUTBOX_HISTORY_MAX);
}

static void read_event(struct database_rows *rows, struct outbox_event *ret_event)
{
	*ret_event = (struct outbox_event){
		.at = database_integer(rows, 0),
		.zone = database_text(rows, 1),
		.generation = (uint64_t)database_integer(rows, 2),
		.event = database_text(rows, 3),
		.detail = database_text(rows, 4),
		.slave = database_text(rows, 5),
	};
}

int outbox_history_walk(struct outbox *outbox, const struct zone_name *zone, uint64_t most,
			outbox_event_told *told, void *context)
{
	struct database_rows *rows;
	struct outbox_event event;
	int r, answer = 0;

	r = database_query(outbox->database, &rows,
			   "SELECT at, zone, generation, event, detail, CASE slave WHEN 0 THEN NULL"
			   " ELSE coalesce((SELECT name FROM slave WHERE slave.id = slave), '') END"
			   " FROM (SELECT * FROM history WHERE ?1 IS NULL OR zone = ?1"
			   " ORDER BY id DESC LIMIT ?2) AS newest ORDER BY id",
			   "ti", zone ? zone->text : NULL, (int64_t)most);
	if (r < 0)
		return r;
	for (r = database_next(rows); r == 1 && answer == 0; r = database_next(rows)) {
		read_event(rows, &event);
		answer = told(context, &event);
	}
	database_rows_done(rows);
	return r < 0 ? r : answer;
}
