#include "proto/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/text.h"

#define LINE_SIZE 2048

/* Set once before there are threads. */
static const char *log_program;
static enum log_level log_least = LOG_LEVEL_NOTICE;
static bool log_to_journal;
static const char *log_prologue = "";

/* sd-daemon(3): JOURNAL_STREAM is device:inode of the stream that the journal reads. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat status;

	return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

void log_init(const char *program, enum log_level least)
{
	log_program = program;
	log_least = least;
	log_to_journal = is_journal();
}

void log_set_prologue(const char *prologue)
{
	log_prologue = prologue;
}

bool log_is_journal(void)
{
	return log_to_journal;
}

/* One write(2) a line, so that lines of several threads and processes don't mix. */
static void __attribute__((format(printf, 2, 0)))
write_line(enum log_level level, const char *format, va_list arguments)
{
	char message[2 * LINE_SIZE], escaped[LINE_SIZE], line[2 * LINE_SIZE], prefix[8] = "";
	int saved = errno, length;

	vsnprintf(message, sizeof(message), format, arguments);
	text_escape(message, escaped, sizeof(escaped));
	if (log_to_journal)
		snprintf(prefix, sizeof(prefix), "<%d>", level);
	length = snprintf(line, sizeof(line), "%s%s%s%s%s\n", log_prologue, prefix,
			  log_program && !log_to_journal ? log_program : "",
			  log_program && !log_to_journal ? ": " : "", escaped);
	/* Where standard error is closed, nobody is left to be told. */
	(void)!write(STDERR_FILENO, line, (size_t)length);
	errno = saved;
}

#define DEFINE_LOG(name, level)                                                                    \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list arguments;                                                                 \
                                                                                                   \
		if ((level) > log_least)                                                           \
			return;                                                                    \
		va_start(arguments, format);                                                       \
		write_line(level, format, arguments);                                              \
		va_end(arguments);                                                                 \
	}

DEFINE_LOG(log_error, LOG_LEVEL_ERROR)
DEFINE_LOG(log_warning, LOG_LEVEL_WARNING)
DEFINE_LOG(log_notice, LOG_LEVEL_NOTICE)
DEFINE_LOG(log_info, LOG_LEVEL_INFO)
DEFINE_LOG(log_debug, LOG_LEVEL_DEBUG)
