#ifndef ZP_DISPATCH_H
#define ZP_DISPATCH_H

/* What follows when a change is stored and somebody waits: some seconds of delivering. */

#include "master-hook/cmd.h"

/*
 * Delivers until the configured deadline, and wakes `zonepush deliver` for what is left. What goes
 * wrong is logged under `subject`: the change is stored, so that nothing of it is lost.
 */
void dispatch_run(struct cmd_context *context, const char *subject);

#endif
