#include "slave-agent/named.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/file.h"
#include "proto/text.h"
#include "slave-agent/named_conf.h"

#define VERSION_LIMIT_MS (10 * 1000)

int named_get_version(const struct agent_config *config,
		      char ret_version[static NAMED_VERSION_SIZE], struct reason *why)
{
	const char *argv[] = {config->named_checkconf, "-v", NULL};
	struct subprocess_output output = {0};
	int r;

	r = subprocess_run(argv, -1, VERSION_LIMIT_MS, &output);
	if (r == 0)
		subprocess_first_line(&output, ret_version, NAMED_VERSION_SIZE);
	else
		reason_set(why, "can't run '%s' (%s); is bind9-utils installed?",
			   config->named_checkconf, error_text(r));
	subprocess_output_done(&output);
	return r;
}

const struct named_words *named_get_words(const char *version)
{
	static const struct named_words present = {"secondary", "primaries"};
	static const struct named_words before_9_16 = {"slave", "masters"};
	unsigned int major, minor;

	if (sscanf(version, "%u.%u", &major, &minor) == 2 &&
	    (major < 9 || (major == 9 && minor < 16)))
		return &before_9_16;
	return &present;
}

/* A descriptor from which the text can be read as a file. */
static int make_input(const struct text_buffer *text)
{
	size_t done = 0;
	ssize_t n;
	int fd;

	fd = memfd_create("named.conf", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (done < text->length) {
		n = write(fd, text->data + done, text->length - done);
		if (n < 0) {
			int error = errno;

			close(fd);
			return -error;
		}
		done += (size_t)n;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Has named-checkconf judge a configuration, and print it to `sink` where that isn't -1. */
static int run_checkconf(const struct agent_config *config, const struct text_buffer *text,
			 int sink, struct subprocess_output *ret_output, struct reason *why)
{
	static const char input[] = "/dev/stdin";
	const char *const check[] = {config->named_checkconf, input, NULL};
	const char *const print[] = {config->named_checkconf, "-p", "-x", input, NULL};
	char line[REASON_SIZE];
	int fd, r;

	fd = make_input(text);
	if (fd < 0)
		return reason_fail(why, fd, "can't hand the configuration to named-checkconf (%s)",
				   error_text(fd));
	r = subprocess_run_into(sink < 0 ? check : print, fd, sink, NAMED_CHECK_LIMIT_MS,
				ret_output);
	close(fd);
	if (r < 0)
		return reason_fail(why, r, "can't check the configuration with '%s' (%s)",
				   config->named_checkconf, error_text(r));
	if (ret_output->status == 0)
		return 0;

	subprocess_first_line(ret_output, line, sizeof(line));
	if (strncmp(line, input, strlen(input)) == 0)
		return reason_fail(why, ZP_ENAMED, "named-checkconf says: %s%s", config->named_conf,
				   line + strlen(input));
	return reason_fail(why, ZP_ENAMED, "named-checkconf says: %s", line);
}

int named_check(const struct agent_config *config, const char *candidate,
		struct subprocess_output *ret_output, struct reason *why)
{
	char statement[PATH_MAX + sizeof("include \"\";")];
	struct subprocess_output output = {0};
	struct text_buffer text = {0};
	int r;

	snprintf(statement, sizeof(statement), "include \"%s\";", candidate);
	r = named_conf_expand(config->named_conf, config->include, statement, &text, NULL, why);
	if (r == 0)
		r = run_checkconf(config, &text, -1, &output, why);
	text_buffer_done(&text);
	if (r == ZP_ENAMED)
		*ret_output = output;
	else
		subprocess_output_done(&output);
	return r;
}

int named_print(const struct agent_config *config, const char *statements, int sink,
		struct text_buffer *files, struct reason *why)
{
	struct subprocess_output output = {0};
	struct text_buffer text = {0};
	int r;

	r = named_conf_expand(config->named_conf, config->include, statements, &text, files, why);
	if (r == 0)
		r = run_checkconf(config, &text, sink, &output, why);
	text_buffer_done(&text);
	subprocess_output_done(&output);
	return r;
}
