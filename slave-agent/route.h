#ifndef ZP_ROUTE_H
#define ZP_ROUTE_H

/* The resources of PROTOCOL.md §8, §11, in one table. */

#include "slave-agent/agent.h"
#include "slave-agent/request.h"

/* Who may ask. */
enum route_access {
	ROUTE_MASTERS, /* those that are let in, and the local administrator */
	ROUTE_LOCAL,   /* the local administrator */
	ROUTE_ANY_KEY, /* whoever signs, with whatever key */
};

struct route {
	const char *method;
	const char *path; /* `{}` at its end stands for one segment */
	enum route_access access;

	/* Sets the reply, or request->job, which then is submitted. */
	void (*start)(struct agent *agent, struct request *request);

	/*

	 * Sets the reply once the job was answered with error 0; NULL where start never sets a job.

	 */
	void (*finish)(struct agent *agent, struct request *request);
};

/* Whether the request is for a resource that keys may use which nobody let in. */
bool route_is_for_any_key(const struct request *request);

/* Finds the route: sets request->route and request->argument, or the reply. */
void route_find(struct request *request);

#endif
