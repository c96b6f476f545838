#ifndef ZP_PUSH_H
#define ZP_PUSH_H

/* Brings to slaves all that they owe while a person looks on, with progress on standard error. */

#include "master-hook/deliver.h"
#include "master-hook/hook_config.h"
#include "master-hook/outbox.h"
#include "proto/error.h"
#include "proto/key.h"

/*
 * Delivers all that is due to these slaves (by name, ended by NULL), a day at most. `subject` is
 * what lines of the log begin with. What isn't taken stays owed. Errors as deliver_run().
 */
int push_run(const struct hook_config *config, const struct key *key, struct outbox *outbox,
	     const char *const *slaves, const char *subject, struct deliver_summary *ret_summary,
	     struct reason *why) __attribute__((warn_unused_result));

#endif
