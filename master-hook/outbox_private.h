#ifndef ZP_OUTBOX_PRIVATE_H
#define ZP_OUTBOX_PRIVATE_H

/* What outbox.c and outbox_slave.c share; nobody else includes it. */

struct database;

struct outbox {
	struct database *database;
};

#endif
