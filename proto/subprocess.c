#include "proto/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/clock.h"

static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C",
	NULL,
};

struct child {
	pid_t pid;
	int process; /* pidfd */
	int output;  /* read end */
	int sink;    /* where its output goes, too; -1: nowhere */
};

/*
 * In the child, between fork and exec, with every signal blocked: only calls that are safe there
 * (signal-safety(7)). An exec that fails tells its errno through `failure`.
 */
__attribute__((noreturn)) static void become(const char *const argv[], int input, int output,
					     int failure)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t none;
	int error;

	/* Before the mask goes: a handler of ours must not run here. */
	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		sigaction(signal_number, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);

	if (input < 0)
		input = open("/dev/null", O_RDONLY);
	if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
	    dup2(output, STDERR_FILENO) >= 0 && dup3(failure, 3, O_CLOEXEC) >= 0) {
		close_range(4, ~0U, 0);
		failure = 3;
		execve(argv[0], (char *const *)argv, (char *const *)environment);
	}
	error = errno;
	(void)!write(failure, &error, sizeof(error));
	_exit(127);
}

static void reap(pid_t pid, int *ret_status)
{
	while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
		;
}

static int fork_child(const char *const argv[], int input, int output, int failure, pid_t *ret_pid)
{
	sigset_t all, before;
	int error;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become(argv, input, output, failure);
	error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return -error;
	*ret_pid = pid;
	return 0;
}

static void close_pair(const int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

/* Descriptors 0 to 3 are moved around in the child: our own ends are kept clear of them. */
static int make_pipe(int ret_pair[2])
{
	int pair[2], error;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	ret_pair[0] = fcntl(pair[0], F_DUPFD_CLOEXEC, 4);
	ret_pair[1] = fcntl(pair[1], F_DUPFD_CLOEXEC, 4);
	error = errno;
	close_pair(pair);
	if (ret_pair[0] >= 0 && ret_pair[1] >= 0)
		return 0;
	close_pair(ret_pair);
	return -error;
}

/*
 * Waits until the child has become the program, and gets hold of it. A child that can't be
 * watched can't be limited, so it is ended.
 */
static int await_program(int failure, struct child *child)
{
	int error = 0, status;
	ssize_t n;

	do
		n = read(failure, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(error)) {
		child->process = pidfd_open(child->pid, 0);
		if (child->process >= 0)
			return 0;
		error = errno;
	}
	kill(-child->pid, SIGKILL);
	reap(child->pid, &status);
	return -error;
}

/* Forks with `output` as the child's output; the program runs when this returns 0. */
static int start_with(const char *const argv[], int input, int output, struct child *child)
{
	int failure[2], r;

	r = make_pipe(failure);
	if (r < 0)
		return r;
	r = fork_child(argv, input, output, failure[1], &child->pid);
	close(failure[1]);
	if (r == 0)
		r = await_program(failure[0], child);
	close(failure[0]);
	return r;
}

static int start(const char *const argv[], int input, struct child *ret_child)
{
	struct child child = {0};
	int output[2], r;

	r = make_pipe(output);
	if (r < 0)
		return r;
	r = start_with(argv, input, output[1], &child);
	close(output[1]);
	if (r < 0) {
		close(output[0]);
		return r;
	}
	child.output = output[0];
	*ret_child = child;
	return 0;
}

static int write_all(int fd, const char *data, size_t length)
{
	ssize_t n;

	while (length > 0) {
		n = write(fd, data, length);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			length -= (size_t)n;
		}
	}
	return 0;
}

/*
 * What goes beyond the limit is read and dropped, so that the child goes on. False at the end, and
 * when the sink takes no more.
 */
static bool take_output(const struct child *child, struct subprocess_output *output)
{
	char data[16384];
	ssize_t n;
	size_t room;

	n = read(child->output, data, sizeof(data));
	if (n < 0)
		return errno == EINTR;
	if (child->sink >= 0 && write_all(child->sink, data, (size_t)n) < 0)
		return false;
	room = SUBPROCESS_OUTPUT_MAX - output->length;
	if (room > (size_t)n)
		room = (size_t)n;
	memcpy(output->text + output->length, data, room);
	output->length += room;
	output->text[output->length] = '\0';
	return n > 0;
}

/*
 * Reads until the child has ended (or has closed its output and then ended). A grandchild that
 * holds the output open doesn't keep us: the end of the child is what counts. Returns false when
 * the limit is over.
 */
static bool follow(const struct child *child, uint64_t until, struct subprocess_output *output)
{
	struct pollfd ends[2] = {
		{.fd = child->output, .events = POLLIN},
		{.fd = child->process, .events = POLLIN},
	};
	uint64_t now;
	int n;

	for (;;) {
		now = clock_steady_ms();
		if (now >= until)
			return false;
		n = poll(ends, 2, (int)(until - now));
		if (n < 0 && errno != EINTR)
			return false;
		if (n <= 0)
			continue;
		if (ends[0].revents) {
			if (!take_output(child, output))
				ends[0].fd = -1;
		} else if (ends[1].revents) {
			return true;
		}
	}
}

static int judge(int status, bool in_time, struct subprocess_output *output)
{
	if (!in_time)
		return -ETIMEDOUT;
	if (!WIFEXITED(status))
		return ZP_EPROGRAM;
	output->status = WEXITSTATUS(status);
	return 0;
}

int subprocess_run(const char *const argv[], int input, unsigned int limit_ms,
		   struct subprocess_output *ret_output)
{
	return subprocess_run_into(argv, input, -1, limit_ms, ret_output);
}

int subprocess_run_into(const char *const argv[], int input, int sink, unsigned int limit_ms,
			struct subprocess_output *ret_output)
{
	uint64_t until = clock_steady_ms() + limit_ms;
	struct subprocess_output output = {0};
	struct child child = {0};
	bool in_time;
	int status = 0, r;

	output.text = calloc(1, SUBPROCESS_OUTPUT_MAX + 1);
	if (!output.text)
		return -ENOMEM;
	r = start(argv, input, &child);
	if (r < 0) {
		free(output.text);
		return r;
	}
	child.sink = sink;
	in_time = follow(&child, until, &output);
	if (!in_time)
		kill(-child.pid, SIGKILL);
	reap(child.pid, &status);
	close(child.output);
	close(child.process);

	r = judge(status, in_time, &output);
	*ret_output = output;
	return r;
}

void subprocess_output_done(struct subprocess_output *output)
{
	free(output->text);
	*output = (struct subprocess_output){0};
}

void subprocess_first_line(const struct subprocess_output *output, char *ret_line, size_t size)
{
	const char *line = output->text ? output->text + strspn(output->text, "\r\n") : "";

	snprintf(ret_line, size, "%.*s", (int)strcspn(line, "\r\n"), line);
}
