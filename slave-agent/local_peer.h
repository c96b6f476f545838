#ifndef ZP_LOCAL_PEER_H
#define ZP_LOCAL_PEER_H

/* Who is at the other end of the unix socket, as the kernel says: unix(7), SO_PEERCRED. */

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether the process that connected may administer the agent: root, the agent's own user, or a
 * member of the agent's own group, which is the primary one of its process. What can't be found out
 * is a no. *ret_user is who it is, where that can be told.
 */
bool local_peer_is_administrator(int fd, uid_t *ret_user);

#endif
