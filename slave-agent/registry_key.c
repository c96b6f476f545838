#include "slave-agent/registry_key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/database.h"
#include "slave-agent/registry_private.h"

#define MICROSECONDS 1000000

int registry_key_check_new(struct registry *registry, const char *key_id)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, "SELECT 1 FROM master_key WHERE key_id = ?",
			   "t", key_id);
	if (r < 0)
		return r;
	r = database_next(rows);
	database_rows_done(rows);
	return r == 1 ? -EEXIST : r;
}

/* In µs in the database: two keys of one second have an order, too. */
int registry_key_add(struct registry *registry, int64_t master, const char *key_id)
{
	int r;

	r = registry_key_check_new(registry, key_id);
	if (r < 0)
		return r;
	return database_execute(registry->database,
				"INSERT INTO master_key(key_id, master, made_at) VALUES (?, ?, ?)",
				"tii", key_id, master, (int64_t)clock_microseconds());
}

static void read_key(struct database_rows *rows, struct registry_key *ret_key)
{
	snprintf(ret_key->id, sizeof(ret_key->id), "%s", database_text(rows, 0));
	ret_key->made_at = database_integer(rows, 1) / MICROSECONDS;
	ret_key->ends_at = database_integer(rows, 2);
}

int registry_key_list(struct registry *registry, int64_t master,
		      struct registry_key ret_keys[static REGISTRY_KEYS_MAX], size_t *ret_count)
{
	struct database_rows *rows;
	size_t count = 0;
	int r;

	r = database_query(registry->database, &rows,
			   "SELECT key_id, made_at, ends_at FROM master_key WHERE master = ?"
			   " ORDER BY made_at DESC",
			   "i", master);
	if (r < 0)
		return r;
	while ((r = database_next(rows)) == 1 && count < REGISTRY_KEYS_MAX)
		read_key(rows, &ret_keys[count++]);
	database_rows_done(rows);
	*ret_count = count;
	return r < 0 ? r : 0;
}

int registry_key_find(struct registry *registry, int64_t master, const char *key_id,
		      struct registry_key *ret_key)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   "SELECT key_id, made_at, ends_at FROM master_key"
			   " WHERE key_id = ? AND master = ?",
			   "ti", key_id, master);
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r == 1)
		read_key(rows, ret_key);
	database_rows_done(rows);
	if (r == 0)
		return ZP_EUNKNOWN;
	return r < 0 ? r : 0;
}

int registry_key_end_older(struct registry *registry, int64_t master, const char *key_id,
			   int64_t ends_at)
{
	return database_execute(registry->database,
				"UPDATE master_key SET ends_at = ? WHERE master = ? AND ends_at = 0"
				" AND made_at < (SELECT newer.made_at FROM master_key AS newer"
				" WHERE newer.key_id = ?)",
				"iit", ends_at, master, key_id);
}

int registry_key_remove_all(struct registry *registry, int64_t master)
{
	return database_execute(registry->database, "DELETE FROM master_key WHERE master = ?", "i",
				master);
}

int registry_key_remove_ended(struct registry *registry, int64_t master)
{
	return database_execute(registry->database,
				"DELETE FROM master_key WHERE master = ? AND ends_at <> 0"
				" AND ends_at <= ?",
				"ii", master, clock_seconds());
}

int registry_key_remove(struct registry *registry, int64_t master, const char *key_id)
{
	int r;

	r = database_execute(registry->database,
			     "DELETE FROM master_key WHERE master = ? AND key_id = ?", "it", master,
			     key_id);
	if (r < 0)
		return r;
	return database_changes(registry->database) > 0 ? 0 : ZP_EUNKNOWN;
}
