#include "slave-agent/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/database.h"
#include "slave-agent/registry_private.h"

/* "zpAG" */
#define REGISTRY_APPLICATION_ID 0x7a704147

static const char *const schema_steps[] = {
	"CREATE TABLE agent("
	"	one INTEGER PRIMARY KEY CHECK (one = 1),"
	"	instance TEXT NOT NULL,"
	"	applied_seq INTEGER NOT NULL"
	") STRICT;"
	"CREATE TABLE master("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	name TEXT NOT NULL UNIQUE"
	") STRICT;"
	"CREATE TABLE master_key("
	"	key_id TEXT PRIMARY KEY,"
	"	master INTEGER NOT NULL REFERENCES master(id)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE master_primary("
	"	master INTEGER NOT NULL REFERENCES master(id),"
	"	position INTEGER NOT NULL,"
	"	address TEXT NOT NULL,"
	"	PRIMARY KEY (master, position)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE zone("
	"	name TEXT NOT NULL,"
	"	master INTEGER NOT NULL REFERENCES master(id),"
	"	present INTEGER NOT NULL,"
	"	anew INTEGER NOT NULL,"
	"	generation INTEGER NOT NULL,"
	"	made INTEGER NOT NULL,"
	"	serial INTEGER,"
	"	state INTEGER NOT NULL,"
	"	error TEXT,"
	"	changed_at INTEGER NOT NULL,"
	"	PRIMARY KEY (name, master)"
	") STRICT, WITHOUT ROWID;"
	"CREATE UNIQUE INDEX zone_owner ON zone(name) WHERE present = 1;"
	"CREATE INDEX zone_unsettled ON zone(state) WHERE state <> 1;"
	"CREATE TABLE litter("
	"	name TEXT NOT NULL,"
	"	made INTEGER NOT NULL,"
	"	PRIMARY KEY (name, made)"
	") STRICT, WITHOUT ROWID;",
};

static const struct database_schema schema = {
	.application_id = REGISTRY_APPLICATION_ID,
	.steps = schema_steps,
	.version = sizeof(schema_steps) / sizeof(schema_steps[0]),
};

static int new_registry(struct database *database, struct registry **ret_registry)
{
	struct registry *registry;

	registry = calloc(1, sizeof(*registry));
	if (!registry)
		return -ENOMEM;
	registry->database = database;
	*ret_registry = registry;
	return 0;
}

/* A registry that is made anew is a new instance: masters see by it that the old one is lost. */
static int make_instance(struct database *database)
{
	char instance[KEY_RANDOM_HEX_SIZE];

	key_random_hex(instance);
	return database_execute(database, "INSERT OR IGNORE INTO agent VALUES (1, ?, 0)", "t",
				instance);
}

int registry_open(const char *state, struct registry **ret_registry, struct reason *why)
{
	struct database *database = NULL;
	char path[4096];
	int r;

	snprintf(path, sizeof(path), "%s/%s", state, REGISTRY_FILE);
	r = database_open(path, &schema, &database, why);
	if (r < 0)
		return r;

	r = make_instance(database);
	if (r < 0)
		reason_set(why, "can't write '%s' (%s)", path, database_reason(database));
	if (r == 0)
		r = new_registry(database, ret_registry);
	if (r < 0)
		database_free(database);
	return r;
}

int registry_open_reader(const char *state, struct registry **ret_registry, struct reason *why)
{
	struct database *database = NULL;
	char path[4096];
	int r;

	snprintf(path, sizeof(path), "%s/%s", state, REGISTRY_FILE);
	r = database_open_read_only(path, &schema, &database, why);
	if (r < 0)
		return r;

	r = new_registry(database, ret_registry);
	if (r < 0)
		database_free(database);
	return r;
}

void registry_free(struct registry *registry)
{
	if (!registry)
		return;
	database_free(registry->database);
	free(registry);
}

int registry_begin(struct registry *registry)
{
	return database_begin(registry->database);
}

int registry_commit(struct registry *registry)
{
	return database_commit(registry->database);
}

void registry_rollback(struct registry *registry)
{
	database_rollback(registry->database);
}

const char *registry_reason(struct registry *registry)
{
	return database_reason(registry->database);
}

int registry_get_state(struct registry *registry, struct envelope_state *ret_state)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, "SELECT instance, applied_seq FROM agent",
			   "");
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r == 1) {
		snprintf(ret_state->instance, sizeof(ret_state->instance), "%s",
			 database_text(rows, 0));
		ret_state->applied_seq = (uint64_t)database_integer(rows, 1);
		r = 0;
	} else if (r == 0) {
		r = ZP_EDATABASE;
	}
	database_rows_done(rows);
	return r;
}

bool registry_is_master_name(const char *text)
{
	size_t length = strlen(text);

	return length >= 1 && length <= REGISTRY_NAME_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

static int add_primaries(struct registry *registry, int64_t id,
			 const struct registry_master *master)
{
	char address[ADDRESS_SIZE];
	int r;

	for (size_t i = 0; i < master->n_primaries; i++) {
		address_render(&master->primaries[i], address);
		r = database_execute(registry->database,
				     "INSERT INTO master_primary VALUES (?, ?, ?)", "iit", id,
				     (int64_t)i, address);
		if (r < 0)
			return r;
	}
	return 0;
}

static int count_masters(struct registry *registry, int64_t *ret_count)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, "SELECT count(*) FROM master", "");
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r == 1)
		*ret_count = database_integer(rows, 0);
	database_rows_done(rows);
	return r < 0 ? r : 0;
}

int registry_master_add(struct registry *registry, const struct registry_master *master)
{
	struct registry_master found;
	int64_t count = 0;
	int r;

	r = registry_master_find_name(registry, master->name, &found);
	if (r == ZP_EUNKNOWN)
		r = registry_master_find_key(registry, master->key.id, &found);
	if (r != ZP_EUNKNOWN)
		return r < 0 ? r : -EEXIST;

	r = count_masters(registry, &count);
	if (r < 0)
		return r;
	if (count >= REGISTRY_MASTERS_MAX)
		return ZP_EFULL;

	r = database_execute(registry->database, "INSERT INTO master(name) VALUES (?)", "t",
			     master->name);
	if (r < 0)
		return r;
	r = database_execute(registry->database,
			     "INSERT INTO master_key SELECT ?, id FROM master WHERE name = ?", "tt",
			     master->key.id, master->name);
	if (r < 0)
		return r;
	r = registry_master_find_name(registry, master->name, &found);
	if (r < 0)
		return r;
	return add_primaries(registry, found.id, master);
}

/* Primaries were checked when they were stored; one that can't be read means a damaged file. */
static int load_primaries(struct registry *registry, struct registry_master *master)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   "SELECT address FROM master_primary WHERE master = ? ORDER BY position",
			   "i", master->id);
	if (r < 0)
		return r;
	master->n_primaries = 0;
	while ((r = database_next(rows)) == 1 && master->n_primaries < REGISTRY_PRIMARIES_MAX) {
		r = address_parse(database_text(rows, 0), 53,
				  &master->primaries[master->n_primaries], NULL);
		if (r < 0)
			break;
		master->n_primaries++;
	}
	database_rows_done(rows);
	return r < 0 ? r : 0;
}

/* Ends a query whose rows are id, name, key id, and reads at most one of them. */
static int finish_master(struct registry *registry, struct database_rows *rows,
			 struct registry_master *ret_master)
{
	struct registry_master master = {0};
	int r;

	r = database_next(rows);
	if (r == 1) {
		master.id = database_integer(rows, 0);
		snprintf(master.name, sizeof(master.name), "%s", database_text(rows, 1));
		r = key_public_parse(database_text(rows, 2), &master.key);
	} else if (r == 0) {
		r = ZP_EUNKNOWN;
	}
	database_rows_done(rows);
	if (r < 0)
		return r;

	r = load_primaries(registry, &master);
	if (r < 0)
		return r;
	*ret_master = master;
	return 0;
}

#define MASTER_COLUMNS "SELECT id, name, key_id FROM master JOIN master_key ON master = id "

int registry_master_find_key(struct registry *registry, const char *key_id,
			     struct registry_master *ret_master)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, MASTER_COLUMNS "WHERE key_id = ?", "t",
			   key_id);
	if (r < 0)
		return r;
	return finish_master(registry, rows, ret_master);
}

int registry_master_find_name(struct registry *registry, const char *name,
			      struct registry_master *ret_master)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, MASTER_COLUMNS "WHERE name = ?", "t", name);
	if (r < 0)
		return r;
	return finish_master(registry, rows, ret_master);
}

static int next_master(struct registry *registry, const char *after,
		       struct registry_master *ret_master)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   MASTER_COLUMNS "WHERE name > ? ORDER BY name LIMIT 1", "t", after);
	if (r < 0)
		return r;
	return finish_master(registry, rows, ret_master);
}

int registry_master_list(struct registry *registry, struct registry_master **ret_masters,
			 size_t *ret_count)
{
	struct registry_master *masters;
	int64_t most = 0;
	size_t count = 0;
	int r;

	r = count_masters(registry, &most);
	if (r < 0)
		return r;
	masters = calloc((size_t)most + 1, sizeof(*masters));
	if (!masters)
		return -ENOMEM;

	while (count < (size_t)most) {
		r = next_master(registry, count ? masters[count - 1].name : "", &masters[count]);
		if (r < 0)
			break;
		count++;
	}
	if (r < 0 && r != ZP_EUNKNOWN) {
		free(masters);
		return r;
	}
	*ret_masters = masters;
	*ret_count = count;
	return 0;
}
