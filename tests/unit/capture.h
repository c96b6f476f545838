#ifndef ZP_TEST_CAPTURE_H
#define ZP_TEST_CAPTURE_H

/* What the code under test writes to standard output or standard error. */

struct capture {
	int descriptor; /* STDOUT_FILENO or STDERR_FILENO */
	int saved;
	int memory;
};

/* From here on what is written to the descriptor is kept. No assertion may fail before the end. */
void capture_start(struct capture *capture, int descriptor);

/* Puts the descriptor back as it was. Gives the text, to be freed by the caller. */
char *capture_end(struct capture *capture);

#endif
