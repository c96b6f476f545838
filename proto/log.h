#ifndef ZP_LOG_H
#define ZP_LOG_H

/*
 * Lines on standard error, which is where systemd and Plesk collect them. Under systemd
 * (JOURNAL_STREAM is set and names our standard error) each line begins with its level as <N>, see
 * sd-daemon(3). Bytes that a terminal or a log reader could misread are escaped. Only programs log;
 * libraries return errors.
 *
 * A line reads `subject: what failed 'object' (reason)`.
 */

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/*
 * Sets what each line begins with (the program's name; must stay valid) and the least important
 * level that is written. Before this call: no name, NOTICE.
 */
void log_init(const char *program, enum log_level least);

/*
 * What is written before each line, as it is: a bar on the terminal has to go away first. "" again
 * when there is none. Must stay valid.
 */
void log_set_prologue(const char *prologue);

/* Whether standard error is the journal's. */
bool log_is_journal(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
