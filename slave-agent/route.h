#ifndef ZP_ROUTE_H
#define ZP_ROUTE_H

/* The resources of PROTOCOL.md §8, §11, in one table. */

#include "slave-agent/agent.h"
#include "slave-agent/request.h"

struct route {
	const char *method;
	const char *path; /* `{}` at its end stands for one segment */
	bool is_local;	  /* for the local socket only */

	/* Sets the reply, or request->job, which then is submitted. */
	void (*start)(struct agent *agent, struct request *request);

	/*

	 * Sets the reply once the job was answered with error 0; NULL where start never sets a job.

	 */
	void (*finish)(struct agent *agent, struct request *request);
};

/* Finds the route: sets request->route and request->argument, or the reply. */
void route_find(struct request *request);

#endif
