#include "slave-agent/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/database.h"
#include "slave-agent/registry_private.h"

struct registry_walk {
	struct database_rows *rows;
};

/* The columns of every query below, in this order. */
#define ZONE_COLUMNS                                                                               \
	"SELECT name, master, present, anew, generation, made, serial, state, problem, error,"     \
	" since, begun, changed_at FROM zone "

/* Those of which named may have one for each name. */
#define OWNED " present = 1 AND state <> 3 "

static void copy_text(struct database_rows *rows, int column, char *ret_text, size_t size)
{
	const char *text = database_text(rows, column);
	size_t length = text ? strnlen(text, size - 1) : 0;

	/* Of each zone of a shard: snprintf(3) would take a quarter of the time that reading takes.
	 */
	if (length > 0)
		memcpy(ret_text, text, length);
	ret_text[length] = '\0';
}

static void read_zone(struct database_rows *rows, struct registry_zone *zone)
{
	*zone = (struct registry_zone){
		.master = database_integer(rows, 1),
		.present = database_integer(rows, 2) != 0,
		.anew = database_integer(rows, 3) != 0,
		.generation = (uint64_t)database_integer(rows, 4),
		.made = (uint64_t)database_integer(rows, 5),
		.has_serial = !database_is_null(rows, 6),
		.serial = (uint32_t)database_integer(rows, 6),
		.state = (enum registry_state)database_integer(rows, 7),
		.since = (uint64_t)database_integer(rows, 10),
		.begun = (uint64_t)database_integer(rows, 11),
		.changed = database_integer(rows, 12),
	};
	copy_text(rows, 0, zone->name.text, sizeof(zone->name.text));
	copy_text(rows, 8, zone->problem, sizeof(zone->problem));
	copy_text(rows, 9, zone->error, sizeof(zone->error));
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

	r = database_query(registry->database, &rows, ZONE_COLUMNS "WHERE name = ? AND master = ?",
			   "ti", name->text, master);
	if (r < 0)
		return r;
	return finish_zone(rows, ret_zone);
}

int registry_zone_get_owned(struct registry *registry, const struct zone_name *name,
			    struct registry_zone *ret_zone)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, ZONE_COLUMNS "WHERE name = ? AND" OWNED, "t",
			   name->text);
	if (r < 0)
		return r;
	return finish_zone(rows, ret_zone);
}

int registry_zone_get_claim(struct registry *registry, const struct zone_name *name,
			    struct registry_zone *ret_zone)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   ZONE_COLUMNS "WHERE name = ? AND state = 3"
					" ORDER BY since, master LIMIT 1",
			   "t", name->text);
	if (r < 0)
		return r;
	return finish_zone(rows, ret_zone);
}

int registry_claim_next(struct registry *registry, const char *after, struct zone_name *ret_name)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   "SELECT name FROM zone WHERE state = 3 AND name > ?"
			   " ORDER BY name LIMIT 1",
			   "t", after);
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r == 1)
		copy_text(rows, 0, ret_name->text, sizeof(ret_name->text));
	database_rows_done(rows);
	if (r == 0)
		return ZP_EUNKNOWN;
	return r < 0 ? r : 0;
}

int registry_zone_is_known(struct registry *registry, const struct zone_name *name, bool *ret_known)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, "SELECT 1 FROM zone WHERE name = ? LIMIT 1",
			   "t", name->text);
	if (r < 0)
		return r;
	r = database_next(rows);
	database_rows_done(rows);
	if (r < 0)
		return r;
	*ret_known = r == 1;
	return 0;
}

/*
 * The column `tree` is the name with its labels from the root on, each ended by a byte that no
 * label holds: what lies below a zone is a range.
 */
#define TREE_END  '\1'
#define TREE_SIZE (ZONE_NAME_MAX + 2)

static void render_tree(const struct zone_name *name, char ret_tree[static TREE_SIZE])
{
	const char *end = name->text + strlen(name->text), *start;
	size_t used = 0;

	while (end > name->text) {
		start = memrchr(name->text, '.', (size_t)(end - name->text));
		start = start ? start + 1 : name->text;
		memcpy(ret_tree + used, start, (size_t)(end - start));
		used += (size_t)(end - start);
		ret_tree[used++] = TREE_END;
		end = start > name->text ? start - 1 : name->text;
	}
	ret_tree[used] = '\0';
}

static int find_below(struct registry *registry, const struct zone_name *name, int64_t master,
		      struct registry_zone *ret_zone)
{
	char tree[TREE_SIZE], behind[TREE_SIZE];
	struct database_rows *rows;
	int r;

	render_tree(name, tree);
	snprintf(behind, sizeof(behind), "%s", tree);
	behind[strlen(behind) - 1] = TREE_END + 1;
	r = database_query(registry->database, &rows,
			   ZONE_COLUMNS "WHERE tree > ? AND tree < ? AND master <> ? AND" OWNED
					"LIMIT 1",
			   "tti", tree, behind, master);
	if (r < 0)
		return r;
	return finish_zone(rows, ret_zone);
}

int registry_zone_get_overlap(struct registry *registry, const struct zone_name *name,
			      int64_t master, struct registry_zone *ret_zone)
{
	struct zone_name above;
	const char *dot;
	int r;

	for (dot = strchr(name->text, '.'); dot; dot = strchr(dot + 1, '.')) {
		snprintf(above.text, sizeof(above.text), "%s", dot + 1);
		r = registry_zone_get_owned(registry, &above, ret_zone);
		if (r != ZP_EUNKNOWN && (r < 0 || ret_zone->master != master))
			return r;
	}
	return find_below(registry, name, master, ret_zone);
}

int registry_zone_put(struct registry *registry, const struct registry_zone *zone)
{
	char tree[TREE_SIZE];

	render_tree(&zone->name, tree);
	return database_execute(
		registry->database,
		"INSERT INTO zone(name, master, present, anew, generation, made, serial, state,"
		" problem, error, since, begun, bucket, tree, changed_at) VALUES"
		" (?, ?, ?, ?, ?, ?, NULLIF(?, -1), ?, NULLIF(?, ''), NULLIF(?, ''), ?, ?, ?, ?, ?)"
		" ON CONFLICT(name, master) DO UPDATE SET present = excluded.present,"
		" anew = excluded.anew, generation = excluded.generation, made = excluded.made,"
		" serial = excluded.serial, state = excluded.state, problem = excluded.problem,"
		" error = excluded.error, since = excluded.since, begun = excluded.begun,"
		" bucket = excluded.bucket, tree = excluded.tree, changed_at = excluded.changed_at",
		"tiiiiiiittiiiti", zone->name.text, zone->master, (int64_t)zone->present,
		(int64_t)zone->anew, (int64_t)zone->generation, (int64_t)zone->made,
		zone->has_serial ? (int64_t)zone->serial : INT64_C(-1), (int64_t)zone->state,
		zone->problem, zone->error, (int64_t)zone->since, (int64_t)zone->begun,
		(int64_t)zone_name_bucket(&zone->name), tree, clock_seconds());
}

int registry_walk_start(struct registry *registry, const struct registry_filter *filter,
			struct registry_walk **ret_walk)
{
	const char *after = filter->after ? filter->after : "";
	struct registry_walk *walk;
	int r;

	walk = calloc(1, sizeof(*walk));
	if (!walk)
		return -ENOMEM;
	if (filter->bucket)
		r = database_query(registry->database, &walk->rows,
				   ZONE_COLUMNS "WHERE bucket = ? AND present = 1 AND name > ?"
						" AND (? = 0 OR master = ?) AND (? OR state < 2)"
						" ORDER BY name",
				   "itiii", (int64_t)*filter->bucket, after, filter->master,
				   filter->master, (int64_t)filter->all_states);
	else
		r = database_query(registry->database, &walk->rows,
				   ZONE_COLUMNS "WHERE present = 1 AND name > ?"
						" AND (? = 0 OR master = ?) AND (? OR state < 2)"
						" ORDER BY name",
				   "tiii", after, filter->master, filter->master,
				   (int64_t)filter->all_states);
	if (r < 0) {
		free(walk);
		return r;
	}
	*ret_walk = walk;
	return 0;
}

int registry_walk_zone(struct registry *registry, const struct zone_name *name,
		       struct registry_walk **ret_walk)
{
	struct registry_walk *walk;
	int r;

	walk = calloc(1, sizeof(*walk));
	if (!walk)
		return -ENOMEM;
	r = database_query(registry->database, &walk->rows,
			   ZONE_COLUMNS "WHERE name = ?"
					" ORDER BY present DESC, state = 3, since, master",
			   "t", name->text);
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

/* Fills in what version 1 of the schema didn't have. */
int registry_zone_index(struct database *database)
{
	struct registry registry = {.database = database};
	struct database_rows *rows;
	struct registry_zone zone;
	int r;

	do {
		r = database_query(database, &rows, ZONE_COLUMNS "WHERE bucket = -1 LIMIT 1", "");
		if (r == 0)
			r = finish_zone(rows, &zone);
		if (r == 0) {
			zone.begun = zone.made;
			r = registry_zone_put(&registry, &zone);
		}
	} while (r == 0);
	return r == ZP_EUNKNOWN ? 0 : r;
}
