#include "slave-agent/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/clock.h"
#include "proto/database.h"
#include "slave-agent/registry_private.h"

struct registry_walk {
	struct database_rows *rows;
};

/* The columns of every query below, in this order. */
#define ZONE_COLUMNS "name, master, present, anew, generation, made, serial, state, error"

static void read_zone(struct database_rows *rows, struct registry_zone *zone)
{
	const char *error = database_text(rows, 8);

	*zone = (struct registry_zone){
		.master = database_integer(rows, 1),
		.present = database_integer(rows, 2) != 0,
		.anew = database_integer(rows, 3) != 0,
		.generation = (uint64_t)database_integer(rows, 4),
		.made = (uint64_t)database_integer(rows, 5),
		.has_serial = !database_is_null(rows, 6),
		.serial = (uint32_t)database_integer(rows, 6),
		.state = (enum registry_state)database_integer(rows, 7),
	};
	snprintf(zone->name.text, sizeof(zone->name.text), "%s", database_text(rows, 0));
	if (error)
		snprintf(zone->error, sizeof(zone->error), "%s", error);
}

/* Ends a query that gives at most one row. */
static int finish_zone(struct database_rows *rows, struct registry_zone *ret_zone)
{
	int r;

	r = database_next(rows);
	if (r == 1)
		read_zone(rows, ret_zone);
	database_rows_done(rows);
	if (r == 0)
		return ZP_EUNKNOWN;
	return r < 0 ? r : 0;
}

int registry_zone_get(struct registry *registry, const struct zone_name *name, int64_t master,
		      struct registry_zone *ret_zone)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   "SELECT " ZONE_COLUMNS " FROM zone WHERE name = ? AND master = ?", "ti",
			   name->text, master);
	if (r < 0)
		return r;
	return finish_zone(rows, ret_zone);
}

int registry_zone_get_owned(struct registry *registry, const struct zone_name *name,
			    struct registry_zone *ret_zone)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   "SELECT " ZONE_COLUMNS " FROM zone WHERE name = ? AND present = 1", "t",
			   name->text);
	if (r < 0)
		return r;
	return finish_zone(rows, ret_zone);
}

int registry_zone_put(struct registry *registry, const struct registry_zone *zone)
{
	const char *error = *zone->error ? zone->error : NULL;
	int64_t generation = (int64_t)zone->generation;
	int64_t made = (int64_t)zone->made;
	int64_t now = clock_seconds();

	if (zone->has_serial)
		return database_execute(registry->database,
					"INSERT OR REPLACE INTO zone VALUES "
					"(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
					"tiiiiiiiti", zone->name.text, zone->master,
					(int64_t)zone->present, (int64_t)zone->anew, generation,
					made, (int64_t)zone->serial, (int64_t)zone->state, error,
					now);
	return database_execute(registry->database,
				"INSERT OR REPLACE INTO zone VALUES "
				"(?, ?, ?, ?, ?, ?, NULL, ?, ?, ?)",
				"tiiiiiiti", zone->name.text, zone->master, (int64_t)zone->present,
				(int64_t)zone->anew, generation, made, (int64_t)zone->state, error,
				now);
}

int registry_walk_start(struct registry *registry, const struct registry_filter *filter,
			struct registry_walk **ret_walk)
{
	struct registry_walk *walk;
	int r;

	walk = calloc(1, sizeof(*walk));
	if (!walk)
		return -ENOMEM;
	r = database_query(registry->database, &walk->rows,
			   "SELECT " ZONE_COLUMNS " FROM zone WHERE present = 1"
			   " AND name > ? AND (? = 0 OR master = ?) AND (? OR state <> 2)"
			   " ORDER BY name",
			   "tiii", filter->after ? filter->after : "", filter->master,
			   filter->master, (int64_t)filter->failing_too);
	if (r < 0) {
		free(walk);
		return r;
	}
	*ret_walk = walk;
	return 0;
}

int registry_walk_next(struct registry_walk *walk, struct registry_zone *ret_zone)
{
	int r;

	r = database_next(walk->rows);
	if (r == 1)
		read_zone(walk->rows, ret_zone);
	return r;
}

void registry_walk_done(struct registry_walk *walk)
{
	if (!walk)
		return;
	database_rows_done(walk->rows);
	free(walk);
}

int registry_count(struct registry *registry, int64_t master, struct registry_counts *ret_counts)
{
	struct registry_counts counts = {0};
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   "SELECT present, state, count(*) FROM zone"
			   " WHERE ? = 0 OR master = ? GROUP BY present, state",
			   "ii", master, master);
	if (r < 0)
		return r;
	while ((r = database_next(rows)) == 1) {
		uint64_t count = (uint64_t)database_integer(rows, 2);

		if (!database_integer(rows, 0)) {
			if (database_integer(rows, 1) == REGISTRY_WAITING)
				counts.leaving = count;
			continue;
		}
		switch ((enum registry_state)database_integer(rows, 1)) {
		case REGISTRY_WAITING:
			counts.waiting = count;
			break;
		case REGISTRY_APPLIED:
			counts.applied = count;
			break;
		case REGISTRY_FAILING:
			counts.failing = count;
			break;
		}
	}
	database_rows_done(rows);
	if (r < 0)
		return r;
	*ret_counts = counts;
	return 0;
}

/*
 * SQLite uses the partial index zone_unsettled only where its own condition, state <> 1,
 * stands in the query to the letter.
 */
int registry_is_waiting(struct registry *registry, bool *ret_waiting)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   "SELECT 1 FROM zone WHERE state <> 1 AND state = 0 LIMIT 1", "");
	if (r < 0)
		return r;
	r = database_next(rows);
	database_rows_done(rows);
	if (r < 0)
		return r;
	*ret_waiting = r == 1;
	return 0;
}

int registry_mark_failing(struct registry *registry, const struct zone_name *name,
			  const char *error)
{
	return database_execute(registry->database,
				"UPDATE zone SET state = 2, error = ?"
				" WHERE name = ? AND present = 1",
				"tt", error, name->text);
}

int registry_retry_failing(struct registry *registry)
{
	return database_execute(registry->database,
				"UPDATE zone SET state = 0, error = NULL WHERE state = 2", "");
}

int registry_mark_applied(struct registry *registry)
{
	int r;

	r = database_execute(registry->database,
			     "UPDATE zone SET state = 1, error = NULL"
			     " WHERE state <> 1 AND state = 0",
			     "");
	if (r < 0)
		return r;
	return database_execute(registry->database,
				"UPDATE agent SET applied_seq = applied_seq + 1", "");
}

int registry_litter_add(struct registry *registry, const struct zone_name *name, uint64_t made)
{
	return database_execute(registry->database, "INSERT OR IGNORE INTO litter VALUES (?, ?)",
				"ti", name->text, (int64_t)made);
}

int registry_litter_each(struct registry *registry, registry_litter_visit *visit, void *context)
{
	struct database_rows *rows;
	struct zone_name name;
	int r;

	r = database_query(registry->database, &rows, "SELECT name, made FROM litter", "");
	if (r < 0)
		return r;
	while ((r = database_next(rows)) == 1) {
		snprintf(name.text, sizeof(name.text), "%s", database_text(rows, 0));
		visit(context, &name, (uint64_t)database_integer(rows, 1));
	}
	database_rows_done(rows);
	return r;
}

int registry_litter_clear(struct registry *registry)
{
	return database_execute(registry->database, "DELETE FROM litter", "");
}

int registry_expire(struct registry *registry, int64_t now)
{
	return database_execute(registry->database,
				"DELETE FROM zone"
				" WHERE present = 0 AND state = 1 AND changed_at < ?",
				"i", now - REGISTRY_TOMBSTONE_SECONDS);
}
