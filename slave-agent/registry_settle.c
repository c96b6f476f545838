#include "slave-agent/registry.h"

#include <stdio.h>

#include "proto/database.h"
#include "slave-agent/registry_private.h"

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
		case REGISTRY_CLAIM:
			counts.claims = count;
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
 * SQLite uses the partial index zone_unsettled only where its own condition, state <> 1, stands in
 * the query to the letter.
 */
#define WAITING " FROM zone WHERE state <> 1 AND state = 0 "

int registry_count_waiting(struct registry *registry, struct registry_waiting *ret_waiting)
{
	struct registry_waiting waiting = {0};
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   "SELECT present, count(*)" WAITING "GROUP BY present", "");
	if (r < 0)
		return r;
	while ((r = database_next(rows)) == 1) {
		if (database_integer(rows, 0))
			waiting.present = (uint64_t)database_integer(rows, 1);
		else
			waiting.leaving = (uint64_t)database_integer(rows, 1);
	}
	database_rows_done(rows);
	if (r < 0)
		return r;
	*ret_waiting = waiting;
	return 0;
}

int registry_leaving_next(struct registry *registry, const char *after, struct zone_name *ret_name)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   "SELECT min(name)" WAITING "AND present = 0 AND name > ?", "t", after);
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r == 1 && database_text(rows, 0)) {
		snprintf(ret_name->text, sizeof(ret_name->text), "%s", database_text(rows, 0));
		r = 0;
	} else if (r >= 0) {
		r = ZP_EUNKNOWN;
	}
	database_rows_done(rows);
	return r;
}

int registry_mark_waiting_buckets(struct registry *registry, bool buckets[static ZONE_NAME_BUCKETS])
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, "SELECT DISTINCT bucket" WAITING, "");
	if (r < 0)
		return r;
	while ((r = database_next(rows)) == 1)
		buckets[database_integer(rows, 0) % ZONE_NAME_BUCKETS] = true;
	database_rows_done(rows);
	return r;
}

int registry_mark_failing(struct registry *registry, const struct zone_name *name,
			  const char *problem, const char *error)
{
	return database_execute(registry->database,
				"UPDATE zone SET state = 2, problem = ?, error = ?"
				" WHERE name = ? AND present = 1 AND state <> 3",
				"ttt", problem, error, name->text);
}

int registry_retry_failing(struct registry *registry)
{
	return database_execute(registry->database,
				"UPDATE zone SET state = 0, problem = NULL, error = NULL"
				" WHERE state <> 1 AND state = 2",
				"");
}

int registry_mark_applied(struct registry *registry)
{
	int r;

	r = database_execute(registry->database,
			     "UPDATE zone SET state = 1, problem = NULL, error = NULL"
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

int registry_made_is_known(struct registry *registry, uint64_t made, bool *ret_known)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, "SELECT 1 FROM zone WHERE made = ? LIMIT 1",
			   "i", (int64_t)made);
	if (r < 0)
		return r;
	r = database_next(rows);
	*ret_known = r == 1;
	database_rows_done(rows);
	return r < 0 ? r : 0;
}

int registry_litter_clear(struct registry *registry)
{
	return database_execute(registry->database, "DELETE FROM litter", "");
}

#define MASTERS_WITHOUT_ANYTHING                                                                   \
	" (SELECT id FROM master WHERE zones = 0"                                                  \
	" AND NOT EXISTS (SELECT 1 FROM master_key WHERE master_key.master = master.id)"           \
	" AND NOT EXISTS (SELECT 1 FROM zone WHERE zone.master = master.id))"

static int forget_masters(struct registry *registry)
{
	int r;

	r = database_execute(registry->database,
			     "DELETE FROM master_primary WHERE master IN" MASTERS_WITHOUT_ANYTHING,
			     "");
	if (r < 0)
		return r;
	return database_execute(registry->database,
				"DELETE FROM master WHERE id IN" MASTERS_WITHOUT_ANYTHING, "");
}

int registry_expire(struct registry *registry, int64_t now)
{
	int64_t long_ago = now - REGISTRY_TOMBSTONE_SECONDS;
	int r;

	r = database_execute(registry->database,
			     "DELETE FROM zone"
			     " WHERE present = 0 AND state = 1 AND changed_at < ?",
			     "i", long_ago);
	if (r == 0)
		r = forget_masters(registry);
	if (r == 0)
		r = database_execute(registry->database,
				     "DELETE FROM invitation WHERE expires_at < ?", "i", long_ago);
	return r;
}
