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

	"ALTER TABLE agent ADD COLUMN maintenance INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE master ADD COLUMN tsig TEXT;"
	"ALTER TABLE master ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;"
	/* Unknown for what version 1 stored: registry_zone_index() fills it in. */
	"ALTER TABLE zone ADD COLUMN bucket INTEGER NOT NULL DEFAULT -1;"
	"ALTER TABLE zone ADD COLUMN tree TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE zone ADD COLUMN problem TEXT;"
	"ALTER TABLE zone ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;"
	"DROP INDEX zone_owner;"
	"CREATE UNIQUE INDEX zone_owner ON zone(name) WHERE present = 1 AND state <> 3;"
	/* All that a shard is rendered from, so that its zones are read from a few pages, not each
	 * from a page of its own. */
	"CREATE INDEX zone_bucket ON zone(bucket, name, master, present, anew, generation, made,"
	" serial, state, problem, error, since, begun, changed_at);"
	"CREATE INDEX zone_tree ON zone(tree) WHERE present = 1 AND state <> 3;"
	"CREATE INDEX zone_claim ON zone(name, since) WHERE state = 3;",

	/* The number of a master's zones is kept, so that its limit costs the same with any number
	 * of them. */
	"ALTER TABLE master ADD COLUMN zones INTEGER NOT NULL DEFAULT 0;"
	"UPDATE master SET zones ="
	" (SELECT count(*) FROM zone WHERE zone.master = master.id AND present = 1);"
	"CREATE TRIGGER zone_insert AFTER INSERT ON zone WHEN new.present = 1 BEGIN"
	"	UPDATE master SET zones = zones + 1 WHERE id = new.master;"
	"END;"
	"CREATE TRIGGER zone_update AFTER UPDATE OF present ON zone"
	" WHEN new.present <> old.present BEGIN"
	"	UPDATE master SET zones = zones + new.present - old.present WHERE id = new.master;"
	"END;"
	"CREATE TRIGGER zone_delete AFTER DELETE ON zone WHEN old.present = 1 BEGIN"
	"	UPDATE master SET zones = zones - 1 WHERE id = old.master;"
	"END;"
	"ALTER TABLE master ADD COLUMN suffixes TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE master ADD COLUMN allowed_primaries TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE master ADD COLUMN max_zones INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE master_key ADD COLUMN made_at INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX master_key_master ON master_key(master);"
	"CREATE TABLE invitation("
	"	id TEXT PRIMARY KEY,"
	"	secret TEXT NOT NULL,"
	"	name TEXT NOT NULL,"
	"	is_for_known INTEGER NOT NULL,"
	"	primaries TEXT NOT NULL,"
	"	tsig TEXT NOT NULL,"
	"	suffixes TEXT NOT NULL,"
	"	allowed_primaries TEXT NOT NULL,"
	"	max_zones INTEGER NOT NULL,"
	"	made_at INTEGER NOT NULL,"
	"	expires_at INTEGER NOT NULL,"
	"	used_by TEXT NOT NULL DEFAULT '',"
	"	used_at INTEGER NOT NULL DEFAULT 0"
	") STRICT, WITHOUT ROWID;",

	/* Keys that change: 0 is no end, and `agent_key` the agent's that the master named last. */
	("ALTER TABLE master_key ADD COLUMN ends_at INTEGER NOT NULL DEFAULT 0;"
	 "ALTER TABLE master ADD COLUMN agent_key TEXT NOT NULL DEFAULT '';"),
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
	return database_execute(
		database,
		"INSERT OR IGNORE INTO agent(one, instance, applied_seq) VALUES (1, ?, 0)", "t",
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
	if (r == 0)
		r = registry_zone_index(database);
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

int registry_get_maintenance(struct registry *registry, bool *ret_on)
{
	int64_t on = 0;
	int r;

	r = database_get_integer(registry->database, "SELECT maintenance FROM agent", &on);
	if (r == 0)
		*ret_on = on != 0;
	return r;
}

int registry_set_maintenance(struct registry *registry, bool on)
{
	return database_execute(registry->database, "UPDATE agent SET maintenance = ?", "i",
				(int64_t)on);
}
