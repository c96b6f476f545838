#ifndef ZP_REGISTRY_PRIVATE_H
#define ZP_REGISTRY_PRIVATE_H

/* What registry.c and registry_zone.c share; nobody else includes it. */

struct database;

struct registry {
	struct database *database;
};

#endif
