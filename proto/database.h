#ifndef ZP_DATABASE_H
#define ZP_DATABASE_H

/*
 * SQLite as both programs use it: WAL, synchronous=FULL, foreign keys, a schema version, prepared
 * statements kept by their text. The only place that includes sqlite3.h.
 *
 * A connection is used by one thread at a time. Statements are string literals: their
 * address is what they are remembered by.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

struct database;
struct database_rows;

struct database_schema {
	int32_t application_id;	  /* marks the file as ours: PRAGMA application_id */
	const char *const *steps; /* steps[i] brings version i to version i + 1 */
	int version;		  /* how many steps there are */
};

/*
 * Opens a database, makes it (0660, group as the directory gives it) and brings it to the present
 * version, one transaction a step. Returns 0; ZP_EVERSION when a newer zonepush wrote it;
 * ZP_EDAMAGED when it isn't a database or is damaged, as any later call may find, too;
 * ZP_EDATABASE when it isn't ours; -EACCES, -EROFS, -ENOSPC, …;
 * each with a reason that names the file and what to do.
 */
int database_open(const char *path, const struct database_schema *schema,
		  struct database **ret_database, struct reason *why)
	__attribute__((warn_unused_result));

/* Opens an existing database of the present version for reading only. */
int database_open_read_only(const char *path, const struct database_schema *schema,
			    struct database **ret_database, struct reason *why)
	__attribute__((warn_unused_result));

void database_free(struct database *database);

/* BEGIN IMMEDIATE, COMMIT, ROLLBACK. A busy database is waited for, 5 s at most. */
int database_begin(struct database *database) __attribute__((warn_unused_result));
int database_commit(struct database *database) __attribute__((warn_unused_result));
void database_rollback(struct database *database);

/*
 * Runs a statement that gives no rows. `types` has a letter for each `?`: i int64_t, t const char *
 * (NULL is NULL), n a NULL without argument. Returns 0 or ZP_EDATABASE (-ENOSPC, -EACCES, -EROFS
 * where that is why); database_reason() says more.
 */
int database_execute(struct database *database, const char *sql, const char *types, ...)
	__attribute__((warn_unused_result));

/* How many rows the last database_execute() changed. */
int64_t database_changes(struct database *database);

/* The only value of a query without values: unchanged where it gives no row. */
int database_get_integer(struct database *database, const char *sql, int64_t *ret_value)
	__attribute__((warn_unused_result));

/*
 * Starts a statement that gives rows, and steps through them: database_next() returns 1 with a row,
 * 0 at the end, or an error. One use of the same statement at a time; always end it with
 * database_rows_done().
 */
int database_query(struct database *database, struct database_rows **ret_rows, const char *sql,
		   const char *types, ...) __attribute__((warn_unused_result));
int database_next(struct database_rows *rows) __attribute__((warn_unused_result));
int64_t database_integer(struct database_rows *rows, int column);
const char *database_text(struct database_rows *rows,
			  int column); /* valid until the next step; NULL is NULL */
bool database_is_null(struct database_rows *rows, int column);
void database_rows_done(struct database_rows *rows);

/* What SQLite says of the last failure; valid until the next call. */
const char *database_reason(struct database *database);

#endif
