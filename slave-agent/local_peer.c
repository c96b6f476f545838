#include "slave-agent/local_peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

/* The supplementary groups. */
static bool has_group(int fd, gid_t group)
{
	gid_t *groups = NULL;
	socklen_t length = 0;
	bool found = false;

	/* The length that is needed comes with the error. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &length) == 0 || errno != ERANGE)
		return false;
	groups = malloc(length);
	if (groups && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) == 0)
		for (size_t i = 0; !found && i < length / sizeof(*groups); i++)
			found = groups[i] == group;
	free(groups);
	return found;
}

bool local_peer_is_administrator(int fd, uid_t *ret_user)
{
	socklen_t length = sizeof(struct ucred);
	struct ucred peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return false;
	*ret_user = peer.uid;
	return peer.uid == 0 || peer.uid == geteuid() || peer.gid == getegid() ||
	       has_group(fd, getegid());
}
