#ifndef ZP_TABLE_H
#define ZP_TABLE_H

/* Tables of text for people: columns as wide as their widest cell, two blanks between them. */

#include <stdbool.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 12

struct table;

/*
 * A column whose heading begins with `>` is aligned to the right (the sign isn't printed).
 * Returns 0, -ENOMEM, or -EINVAL unless there are 1 to TABLE_COLUMNS_MAX columns.
 */
int table_new(const char *const headings[], size_t n_columns, struct table **ret_table)
	__attribute__((warn_unused_result));
void table_free(struct table *table);

/* Adds a row of n_columns cells; texts are copied and escaped, NULL is "". 0 or -ENOMEM. */
int table_add(struct table *table, const char *const cells[]) __attribute__((warn_unused_result));

/* Colours a cell of the row that was added last. */
enum table_colour {
	TABLE_PLAIN,
	TABLE_GREEN,
	TABLE_YELLOW,
	TABLE_RED,
};
void table_colour(struct table *table, size_t column, enum table_colour colour);

/*
 * Prints headings and rows; in colour, and the headings bold, where `out` is a terminal and
 * NO_COLOR isn't set.
 */
void table_print(const struct table *table, FILE *out);

#endif
