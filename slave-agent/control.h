#ifndef ZP_CONTROL_H
#define ZP_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/zone_name.h"
#include "slave-agent/agent_config.h"

struct control;
int control_new(const struct agent_config *config, struct control **ret_control)
	__attribute__((warn_unused_result));
void control_free(struct control *control);
int control_reconfig(struct control *control, struct reason *why)
	__attribute__((warn_unused_result));
int control_ping(struct control *control, struct reason *why) __attribute__((warn_unused_result));
int control_refresh(struct control *control, const struct zone_name *zone, struct reason *why)
	__attribute__((warn_unused_result));
int control_delete_zone(struct control *control, const struct zone_name *zone, struct reason *why)
	__attribute__((warn_unused_result));

#endif
