#include "master-hook/chain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/file.h"
#include "proto/subprocess.h"

#define CHAIN_MODE 0644

static int check_owner(const char *path, const struct stat *status, struct reason *why)
{
	if ((status->st_uid == 0 || status->st_uid == geteuid()) &&
	    !(status->st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	return reason_fail(why, -EPERM,
			   "'%s' may be written by others than root, so that it isn't run; look "
			   "what is in it, then `chown root '%s'; chmod 644 '%s'`",
			   path, path, path);
}

int chain_load(const char *path, char ret_command[static PLESK_COMMAND_MAX + 1], struct reason *why)
{
	struct stat status;
	size_t length = 0;
	char *text = NULL;
	int r;

	r = file_load(path, PLESK_COMMAND_MAX + 1, &text, &length, &status);
	if (r == -ENOENT)
		return r;
	if (r < 0)
		return reason_fail(why, r, "can't read '%s' (%s)", path, error_text(r));
	text[strcspn(text, "\n")] = '\0';
	r = check_owner(path, &status, why);
	if (r == 0)
		snprintf(ret_command, PLESK_COMMAND_MAX + 1, "%s", text);
	free(text);
	return r;
}

int chain_save(const char *path, const char *command)
{
	char line[PLESK_COMMAND_MAX + 2];

	snprintf(line, sizeof(line), "%s\n", command);
	return file_replace(path, line, strlen(line), CHAIN_MODE, (gid_t)-1);
}

/* A file that nobody else sees, at its beginning; or -errno. */
static int store_input(const void *input, size_t length)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	const char *at = input;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (length > 0) {
		n = write(fd, at, length);
		if (n < 0) {
			n = -errno;
			close(fd);
			return (int)n;
		}
		at += n;
		length -= (size_t)n;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

int chain_run(const char *command, const void *input, size_t length, struct reason *why)
{
	/* A command line, as Plesk keeps it: only a shell can say what its words are. */
	const char *const arguments[] = {"/bin/sh", "-c", command, NULL};
	struct subprocess_output output = {0};
	char line[200] = "";
	int fd, r;

	fd = store_input(input, length);
	if (fd < 0)
		return reason_fail(why, fd, "its input can't be stored (%s)", error_text(fd));
	r = subprocess_run(arguments, fd, CHAIN_LIMIT_MS, &output);
	close(fd);
	if (r == 0 && output.status != 0)
		r = ZP_EPROGRAM;
	subprocess_first_line(&output, line, sizeof(line));
	if (r == ZP_EPROGRAM)
		reason_set(why, "exit status %d%s%s", output.status, *line ? ": " : "", line);
	else if (r < 0)
		reason_set(why, "%s%s%s", error_text(r), *line ? ": " : "", line);
	subprocess_output_done(&output);
	return r;
}
