#include "proto/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/text.h"

#define CELL_MAX 1024

struct cell {
	char *text;
	enum table_colour colour;
};

struct table {
	size_t n_columns;
	bool is_right[TABLE_COLUMNS_MAX];
	struct cell *cells; /* row by row; the first row holds the headings */
	size_t n_cells;
};

static int add_cell(struct table *table, const char *text)
{
	char escaped[CELL_MAX];
	struct cell *cells;

	text_escape(text ? text : "", escaped, sizeof(escaped));
	cells = reallocarray(table->cells, table->n_cells + 1, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	table->cells = cells;
	cells[table->n_cells] = (struct cell){.text = strdup(escaped)};
	if (!cells[table->n_cells].text)
		return -ENOMEM;
	table->n_cells++;
	return 0;
}

int table_new(const char *const headings[], size_t n_columns, struct table **ret_table)
{
	struct table *table;
	int r = 0;

	if (n_columns == 0 || n_columns > TABLE_COLUMNS_MAX)
		return -EINVAL;
	table = calloc(1, sizeof(*table));
	if (!table)
		return -ENOMEM;
	table->n_columns = n_columns;
	for (size_t i = 0; r == 0 && i < n_columns; i++) {
		table->is_right[i] = headings[i][0] == '>';
		r = add_cell(table, headings[i] + table->is_right[i]);
	}
	if (r < 0) {
		table_free(table);
		return r;
	}
	*ret_table = table;
	return 0;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
}

int table_add(struct table *table, const char *const cells[])
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < table->n_columns; i++)
		r = add_cell(table, cells[i]);
	/* Half a row would shift all that follow. */
	while (table->n_cells % table->n_columns != 0)
		free(table->cells[--table->n_cells].text);
	return r;
}

void table_colour(struct table *table, size_t column, enum table_colour colour)
{
	table->cells[table->n_cells - table->n_columns + column].colour = colour;
}

static void print_row(const struct table *table, size_t row, const size_t widths[],
		      bool has_colours, FILE *out)
{
	static const char *const codes[] = {"", "\033[32m", "\033[33m", "\033[31m"};
	const struct cell *cells = table->cells + row * table->n_columns;

	for (size_t i = 0; i < table->n_columns; i++) {
		int width = (int)widths[i], blanks = width - (int)strlen(cells[i].text);
		bool is_coloured = has_colours && cells[i].colour != TABLE_PLAIN;

		if (i > 0)
			fputs("  ", out);
		if (table->is_right[i])
			fprintf(out, "%*s", blanks, "");
		fprintf(out, "%s%s%s", is_coloured ? codes[cells[i].colour] : "", cells[i].text,
			is_coloured ? "\033[0m" : "");
		if (!table->is_right[i] && i + 1 < table->n_columns)
			fprintf(out, "%*s", blanks, "");
	}
}

void table_print(const struct table *table, FILE *out)
{
	bool has_colours = isatty(fileno(out)) && !getenv("NO_COLOR");
	size_t widths[TABLE_COLUMNS_MAX] = {0}, length;

	for (size_t i = 0; i < table->n_cells; i++) {
		length = strlen(table->cells[i].text);
		if (length > widths[i % table->n_columns])
			widths[i % table->n_columns] = length;
	}
	for (size_t row = 0; row < table->n_cells / table->n_columns; row++) {
		if (has_colours && row == 0)
			fputs("\033[1m", out);
		print_row(table, row, widths, has_colours, out);
		if (has_colours && row == 0)
			fputs("\033[0m", out);
		fputc('\n', out);
	}
}
