#include "slave-agent/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define SEND_SECONDS 1

int journal_open(const char *path)
{
	const struct timeval most = {.tv_sec = SEND_SECONDS};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) == 0 &&
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

size_t journal_send(int fd, struct iovec *entries, size_t count)
{
	struct mmsghdr messages[JOURNAL_SEND_MAX];
	size_t sent = 0, batch;
	int n;

	while (sent < count) {
		batch = count - sent < JOURNAL_SEND_MAX ? count - sent : JOURNAL_SEND_MAX;
		for (size_t i = 0; i < batch; i++)
			messages[i] = (struct mmsghdr){
				.msg_hdr = {.msg_iov = &entries[sent + i], .msg_iovlen = 1},
			};
		n = sendmmsg(fd, messages, (unsigned int)batch, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	return sent;
}
