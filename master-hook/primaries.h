#ifndef ZP_PRIMARIES_H
#define ZP_PRIMARIES_H

/* Where slaves transfer this master's zones from: PROTOCOL.md §8, /v1/master. */

#include <stdbool.h>

#include <jansson.h>

#include "proto/address.h"
#include "proto/config.h"

#define PRIMARIES_MAX	    8
#define PRIMARIES_TEXT_SIZE (PRIMARIES_MAX * (ADDRESS_SIZE + 2))

struct primaries {
	struct address items[PRIMARIES_MAX];
	size_t count;
};

/* Reads what stands in the configuration; port 53 where none is given. ZP_ESYNTAX, with a reason.
 */
int primaries_parse(const struct config_list *list, struct primaries *ret_primaries,
		    struct reason *why) __attribute__((warn_unused_result));

/* Reads a JSON array of such addresses. ZP_ESYNTAX. */
int primaries_from_json(const json_t *json, struct primaries *ret_primaries)
	__attribute__((warn_unused_result));

/* NULL when out of memory. */
json_t *primaries_to_json(const struct primaries *primaries);

/* "192.0.2.1:53, [2001:db8::1]:53" */
void primaries_render(const struct primaries *primaries, char ret_text[static PRIMARIES_TEXT_SIZE]);

/* Their order counts: it is the one in which they are tried. */
bool primaries_are_equal(const struct primaries *a, const struct primaries *b);

#endif
