#ifndef ZP_REGISTRY_PRIVATE_H
#define ZP_REGISTRY_PRIVATE_H

/* What registry*.c share; nobody else includes it. */

struct database;

struct registry {
	struct database *database;
};

/* Completes the rows of zones that an older version stored. Returns 0 or ZP_EDATABASE. */
int registry_zone_index(struct database *database) __attribute__((warn_unused_result));

#endif
