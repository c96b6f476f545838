#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/file.h"
#include "proto/log.h"
#include "slave-agent/agent.h"
#include "slave-agent/cmd.h"
#include "slave-agent/journal.h"
#include "slave-agent/server.h"
#include "slave-agent/supervisor.h"

#define STATE_DIRECTORY_MODE 0750
#define TICK_MS		     200
#define DRAIN_MS	     5000 /* for replies under way when the agent stops */

/* After which a thread is taken for stuck: no request needs this long, nor does any batch. */
#define SERVER_STUCK_MS	 (60 * 1000)
#define APPLIER_STUCK_MS (30 * 60 * 1000)

/* When the service manager is to hear of us next, clock_steady_ms(); pause 0: never. */
struct watchdog {
	uint64_t pause, next;
};

/* Everything that run() starts, in the order in which it starts it. */
struct daemon {
	int lock;
	int signals;
	struct registry *registry;
	struct agent agent;
	struct server *server;
};

static int take_state(struct daemon *daemon, const struct agent_config *config, struct reason *why)
{
	char path[PATH_MAX];
	int r;

	r = file_make_directory(config->state, STATE_DIRECTORY_MODE, (gid_t)-1);
	if (r < 0)
		return reason_fail(why, r, "can't make the state directory '%s' (%s)",
				   config->state, error_text(r));

	snprintf(path, sizeof(path), "%s/lock", config->state);
	daemon->lock = file_lock(path);
	if (daemon->lock == -EWOULDBLOCK)
		return reason_fail(why, daemon->lock,
				   "another zonepush-agent is running on the state in '%s'; stop "
				   "it, or give this one a `state` of its own",
				   config->state);
	if (daemon->lock < 0)
		return reason_fail(why, daemon->lock, "can't lock '%s' (%s)", path,
				   error_text(daemon->lock));

	r = registry_open(config->state, &daemon->registry, why);
	if (r == 0)
		r = registry_open_reader(config->state, &daemon->agent.reader, why);
	return r;
}

/* Signals are read from a descriptor, by the main thread alone. */
static int block_signals(struct daemon *daemon, struct reason *why)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	daemon->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (daemon->signals < 0)
		return reason_fail(why, -errno, "can't wait for signals (%s)", error_text(-errno));
	return 0;
}

/*
 * What was signed in the second in which the agent started, or before, is refused (PROTOCOL.md §5).
 * Listening begins when that second is over, so that nobody with a right clock ever meets this.
 */
static void outwait_first_second(int64_t started)
{
	while (clock_seconds() <= started)
		poll(NULL, 0, 10);
}

static int start(struct daemon *daemon, const struct agent_config *config, struct reason *why)
{
	int r;

	r = identity_open(config->key, &daemon->agent.identity, why);
	if (r == 0)
		r = take_state(daemon, config, why);
	if (r == 0)
		r = block_signals(daemon, why);
	if (r < 0)
		return r;

	daemon->agent.config = config;
	daemon->agent.started = clock_seconds();
	r = replay_new(daemon->agent.started, &daemon->agent.replay);
	if (r < 0)
		return reason_fail(why, r, "can't start (%s)", error_text(r));
	r = audit_new(config->audit, log_is_journal() ? JOURNAL_SOCKET : NULL,
		      &daemon->agent.audit);
	if (r < 0)
		return reason_fail(why, r, "can't start (%s)", error_text(r));
	r = watcher_new(config, &daemon->agent.watcher, why);
	if (r < 0)
		return r;
	r = applier_start(config, daemon->registry, daemon->agent.watcher, &daemon->agent.applier,
			  why);
	if (r < 0)
		return r;
	outwait_first_second(daemon->agent.started);
	return server_start(&daemon->agent, &daemon->server, why);
}

/*
 * The service manager's watchdog is fed as long as this loop turns, the threads that serve requests
 * get on, and the applier doesn't stay in one batch for longer than the longest that named may take
 * for it, with a search for zones that named refuses among a million. Not watched is the watcher:
 * without it zones are served all the same.
 */
static void feed_watchdog(const struct daemon *daemon, struct watchdog *watchdog)
{
	uint64_t now = clock_steady_ms();
	bool well;

	if (watchdog->pause == 0 || now < watchdog->next)
		return;
	watchdog->next = now + watchdog->pause;
	well = !server_is_stuck(daemon->server, SERVER_STUCK_MS) &&
	       !applier_is_stuck(daemon->agent.applier, APPLIER_STUCK_MS);
	if (well)
		supervisor_notify("WATCHDOG=1");
	else
		log_error("run: a thread of the agent is stuck; the service manager is let end it");
}

/* Until a signal asks for the end. */
static void serve(struct daemon *daemon)
{
	struct pollfd signals = {.fd = daemon->signals, .events = POLLIN};
	struct watchdog watchdog = {.pause = supervisor_get_watchdog()};

	supervisor_notify("READY=1\nSTATUS=serving masters");
	while (poll(&signals, 1, TICK_MS) <= 0) {
		server_tick(daemon->server);
		applier_tick(daemon->agent.applier);
		audit_tick(daemon->agent.audit, clock_steady_ms());
		feed_watchdog(daemon, &watchdog);
	}
	log_notice("run: stopping");
	supervisor_notify("STOPPING=1\nSTATUS=finishing what is under way");
}

static void drain(struct daemon *daemon)
{
	uint64_t until = clock_steady_ms() + DRAIN_MS;

	while (server_is_busy(daemon->server) && clock_steady_ms() < until)
		poll(NULL, 0, 10);
}

static void stop(struct daemon *daemon)
{
	if (daemon->server)
		server_quiesce(daemon->server);
	if (daemon->agent.applier)
		applier_stop(daemon->agent.applier);
	if (daemon->server)
		drain(daemon);
	server_free(daemon->server);
	applier_free(daemon->agent.applier);
	watcher_free(daemon->agent.watcher);
	replay_free(daemon->agent.replay);
	audit_free(daemon->agent.audit);
	registry_free(daemon->agent.reader);
	registry_free(daemon->registry);
	identity_free(daemon->agent.identity);
	if (daemon->signals >= 0)
		close(daemon->signals);
	if (daemon->lock >= 0)
		close(daemon->lock);
}

int cmd_run(struct verb_call *call)
{
	struct daemon daemon = {.lock = -1, .signals = -1};
	struct agent_config config;
	struct reason why;
	int r;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return VERB_FAILED;

	/* An arena for each thread would keep for itself what it once had. */
	mallopt(M_ARENA_MAX, 1);
	pthread_mutex_init(&daemon.agent.reader_lock, NULL);
	r = start(&daemon, &config, &why);
	if (r == 0) {
		log_notice("run: zonepush-agent " ZP_VERSION " is ready, key %s",
			   key_get_public(identity_get_present(daemon.agent.identity))->id);
		serve(&daemon);
	} else {
		log_error("run: %s", why.text);
	}
	stop(&daemon);
	pthread_mutex_destroy(&daemon.agent.reader_lock);
	agent_config_done(&config);
	return r == 0 ? VERB_OK : VERB_FAILED;
}
