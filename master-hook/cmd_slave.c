#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master-hook/acl.h"
#include "master-hook/client.h"
#include "master-hook/cmd.h"
#include "master-hook/enrol.h"
#include "master-hook/probe.h"
#include "master-hook/push.h"
#include "proto/address.h"
#include "proto/log.h"

#define DNS_PORT 53

/* One of the verbs that end with a slave being brought up to date. */
struct task {
	const char *verb; /* "slave add" */
	const char *done; /* "added" */
	struct cmd_context context;
	struct outbox_slave slave;
};

/* What the arguments say of it; an option or a URL that isn't given leaves what is there. */
static bool read_arguments(struct task *task, const char *key, const char *url, const char *dns)
{
	struct outbox_slave *slave = &task->slave;
	struct address address;
	struct reason why;
	int r = 0;

	if (key)
		r = key_public_load(key, &slave->key, &why);
	if (r == 0 && url)
		r = client_parse_url(url, slave->url, sizeof(slave->url), &why);
	if (r == 0 && dns) {
		r = address_parse(dns, DNS_PORT, &address, &why);
		if (r == 0)
			address_render(&address, slave->dns);
	}
	if (r < 0)
		log_error("%s: %s", task->verb, why.text);
	return r == 0;
}

static bool is_key_given(const struct task *task, const char *key)
{
	if (!key)
		log_error("%s: --key is needed; `zonepush-agent key show` on the slave prints it",
			  task->verb);
	return key;
}

/* In one transaction with what it owes from now on: no hook gets between the two. */
static bool store(struct task *task,
		  int (*change)(struct outbox *outbox, const struct outbox_slave *slave))
{
	struct outbox *outbox = task->context.outbox;
	int r;

	r = outbox_begin(outbox);
	if (r == 0)
		r = change(outbox, &task->slave);
	if (r == 0)
		r = outbox_commit_slaves(outbox);
	if (r == -EEXIST)
		log_error("%s: there is a slave '%s' already; `zonepush slave show %s` shows it, "
			  "and `zonepush slave replace` gives it another key or URL",
			  task->verb, task->slave.name, task->slave.name);
	else if (r == ZP_EFULL)
		log_error("%s: there are %d slaves already, which is the most", task->verb,
			  OUTBOX_SLAVES_MAX);
	else if (r < 0)
		cmd_explain_outbox(&task->context, task->verb, r);
	if (r < 0)
		outbox_rollback(outbox);
	return r == 0;
}

/* Its addresses, before it is told to transfer anything. */
static void admit(struct task *task)
{
	struct outbox_slave stored;

	if (cmd_load_slave(&task->context, task->slave.name, &stored))
		acl_admit(&task->context.config, task->context.outbox, &stored);
}

static bool ask_slave(struct task *task, struct report_slave *ret_probe)
{
	int r;

	*ret_probe = (struct report_slave){.slave = task->slave};
	r = probe_run(&task->context.config, task->context.key, ret_probe, 1);
	if (r < 0)
		log_error("%s: can't ask '%s' (%s)", task->verb, task->slave.name, error_text(r));
	return r == 0;
}

/* Says at once if the slave can't be talked to; it stays as it was stored, and is tried again. */
static bool check_answer(struct task *task)
{
	struct report_slave probe;

	if (!ask_slave(task, &probe))
		return false;
	if (!probe.is_reached)
		log_warning("%s: '%s' is %s, but doesn't answer as it should; its zones are "
			    "delivered once it does (%s)",
			    task->verb, task->slave.name, task->done, probe.why.text);
	else if (!probe.named_is_running || *probe.named_error)
		log_warning("%s: '%s' answers, but its named has trouble: %s", task->verb,
			    task->slave.name,
			    *probe.named_error ? probe.named_error : "it isn't running");
	return probe.is_reached;
}

/* What came of it, as the slave itself sees it. */
static bool print_served(struct task *task)
{
	struct report_slave probe;
	uint64_t wanted = 0;
	int r;

	r = outbox_count(task->context.outbox, &wanted);
	if (r < 0) {
		cmd_explain_outbox(&task->context, task->verb, r);
		return false;
	}
	if (!ask_slave(task, &probe))
		return false;
	if (!probe.is_reached) {
		log_warning("%s: '%s' doesn't answer any more (%s)", task->verb, task->slave.name,
			    probe.why.text);
		return false;
	}
	printf("zones wanted: %llu; the slave has %llu, will have %llu, and %llu fail there\n",
	       (unsigned long long)wanted, (unsigned long long)probe.applied,
	       (unsigned long long)probe.accepted, (unsigned long long)probe.failing);
	if (probe.failing > 0)
		printf("`zonepush-agent zone list` on the slave says why zones fail\n");
	return true;
}

/* Pushes what exists already, so that the slave serves all zones at once. */
static bool push(struct task *task)
{
	const char *const slaves[] = {task->slave.name, NULL};
	struct deliver_summary summary;
	struct reason why;
	int r;

	r = push_run(&task->context.config, task->context.key, task->context.outbox, slaves,
		     task->verb, &summary, &why);
	if (r < 0) {
		log_error("%s: %s", task->verb, why.text);
		return false;
	}
	printf("slave '%s' is %s; changes acknowledged: %llu, refused: %llu\n", task->slave.name,
	       task->done, (unsigned long long)summary.acknowledged,
	       (unsigned long long)summary.refused);
	return summary.failed == 0 && summary.refused == 0;
}

/* What was stored is brought to the slave. */
static bool bring_up_to_date(struct task *task)
{
	admit(task);
	if (!cmd_load_key(&task->context)) {
		log_warning("%s: '%s' is %s; its zones are delivered once the key can be used",
			    task->verb, task->slave.name, task->done);
		return false;
	}
	return check_answer(task) && push(task) && print_served(task);
}

static bool take_name(struct task *task, const char *name)
{
	if (!outbox_is_slave_name(name)) {
		log_error("%s: a slave's name is 1 to %d characters of a-z, 0-9, '.', '_' and "
			  "'-'; '%s' isn't",
			  task->verb, OUTBOX_NAME_MAX, name);
		return false;
	}
	snprintf(task->slave.name, sizeof(task->slave.name), "%.*s", OUTBOX_NAME_MAX, name);
	return true;
}

/* What `slave add LINE` was given. */
struct line {
	const char *text; /* "-": it stands on standard input */
	const char *name; /* of the slave; NULL: its host */
	const char *as;	  /* what this master is to be called there; NULL: its host's name */
	struct invitation invitation;
};

/* Also the whole line that `zonepush-agent invite` printed: its last word counts. */
static bool read_invitation(struct task *task, struct line *line)
{
	char text[2 * INVITATION_SIZE] = "";
	const char *word = line->text;
	struct reason why;
	int r;

	if (strcmp(word, "-") == 0) {
		if (!fgets(text, sizeof(text), stdin))
			text[0] = '\0';
		text[strcspn(text, "\r\n")] = '\0';
		word = strrchr(text, ' ') ? strrchr(text, ' ') + 1 : text;
	}
	r = invitation_parse(word, &line->invitation, &why);
	explicit_bzero(text, sizeof(text));
	if (r < 0)
		log_error("%s: %s", task->verb, why.text);
	return r == 0;
}

/* The slave that the invitation means. */
static bool take_invited(struct task *task, const struct line *line)
{
	const char *endpoint = line->invitation.endpoint, *port = strrchr(endpoint, ':');
	char name[INVITATION_ENDPOINT_MAX + 1], url[INVITATION_ENDPOINT_MAX + 16];
	int host = (int)(port - endpoint);
	bool is_v6 = memchr(endpoint, ':', (size_t)host) != NULL;
	struct reason why;

	snprintf(name, sizeof(name), "%.*s", host, endpoint);
	for (char *c = name; *c; c++)
		*c = *c == ':' ? '-' : (char)tolower((unsigned char)*c);
	snprintf(url, sizeof(url), "http://%s%.*s%s%s", is_v6 ? "[" : "", host, endpoint,
		 is_v6 ? "]" : "", port);
	task->slave.key = line->invitation.agent;
	if (client_parse_url(url, task->slave.url, sizeof(task->slave.url), &why) < 0) {
		log_error("%s: %s", task->verb, why.text);
		return false;
	}
	return take_name(task, line->name ? line->name : name);
}

/* Before the invitation is used: what can be refused here is refused here. */
static bool is_new(struct task *task)
{
	struct outbox_slave *slaves = NULL;
	size_t count = 0;
	bool found = false;
	int r;

	r = outbox_slave_list(task->context.outbox, &slaves, &count);
	if (r < 0)
		cmd_explain_outbox(&task->context, task->verb, r);
	for (size_t i = 0; r == 0 && !found && i < count; i++)
		found = strcmp(slaves[i].name, task->slave.name) == 0;
	if (found)
		log_error("%s: there is a slave '%s' already; give this one another name: --name",
			  task->verb, task->slave.name);
	free(slaves);
	return r == 0 && !found;
}

/* Has this master let in; its key is made where there is none yet. */
static bool enrol(struct task *task, const struct line *line)
{
	struct cmd_context *context = &task->context;
	struct enrol_result result;
	char name[65] = "";
	struct reason why;
	int r = 0;

	if (line->as)
		snprintf(name, sizeof(name), "%s", line->as);
	else
		r = enrol_choose_name(name, &why);
	if (r == 0)
		r = enrol_run(&context->config, context->key, task->slave.url, &line->invitation,
			      name, &result, &why);
	if (r < 0) {
		log_error("%s: '%s': %s", task->verb, task->slave.url, why.text);
		return false;
	}
	printf("the slave knows this master as '%s'; its zones come from %s\n", result.name,
	       result.primaries);
	return true;
}

static int add_invited(struct verb_call *call, struct line *line, const char *dns)
{
	struct task task = {.verb = "slave add", .done = "added"};
	bool good;

	if (!read_invitation(&task, line) || !take_invited(&task, line) ||
	    !read_arguments(&task, NULL, NULL, dns))
		return VERB_FAILED;
	if (!cmd_open(call, &task.context))
		return VERB_FAILED;
	good = is_new(&task) && cmd_make_key(&task.context) && enrol(&task, line) &&
	       store(&task, outbox_slave_add) && bring_up_to_date(&task);
	cmd_close(&task.context);
	return good ? VERB_OK : VERB_FAILED;
}

static int add_known(struct verb_call *call, const char *key, const char *dns)
{
	struct task task = {.verb = "slave add", .done = "added"};
	bool good;

	if (!is_key_given(&task, key))
		return VERB_USAGE;
	if (!take_name(&task, call->argv[0]) || !read_arguments(&task, key, call->argv[1], dns))
		return VERB_FAILED;
	if (!cmd_open(call, &task.context))
		return VERB_FAILED;
	good = store(&task, outbox_slave_add) && bring_up_to_date(&task);
	cmd_close(&task.context);
	return good ? VERB_OK : VERB_FAILED;
}

int cmd_slave_add(struct verb_call *call)
{
	const char *key = NULL, *dns = NULL;
	struct line line = {.text = NULL};
	const struct verb_option options[] = {
		{"--key", NULL, &key},	  {"--dns", NULL, &dns}, {"--name", NULL, &line.name},
		{"--as", NULL, &line.as}, {NULL, NULL, NULL},
	};
	int code;

	if (!verb_parse(call, options, 1, 2))
		return VERB_USAGE;
	if (call->argc == 2)
		return add_known(call, key, dns);
	line.text = call->argv[0];
	code = add_invited(call, &line, dns);
	invitation_done(&line.invitation);
	return code;
}

int cmd_slave_replace(struct verb_call *call)
{
	struct task task = {.verb = "slave replace", .done = "replaced"};
	const char *key = NULL;
	const struct verb_option options[] = {
		{"--key", NULL, &key},
		{NULL, NULL, NULL},
	};
	bool good;

	if (!verb_parse(call, options, 1, 2) || !is_key_given(&task, key))
		return VERB_USAGE;
	if (!cmd_open(call, &task.context))
		return VERB_FAILED;

	good = cmd_load_slave(&task.context, call->argv[0], &task.slave) &&
	       read_arguments(&task, key, call->argc > 1 ? call->argv[1] : NULL, NULL) &&
	       store(&task, outbox_slave_replace) && bring_up_to_date(&task);
	cmd_close(&task.context);
	return good ? VERB_OK : VERB_FAILED;
}

static int resume(struct outbox *outbox, const struct outbox_slave *slave)
{
	return outbox_slave_pause(outbox, slave->id, false);
}

int cmd_slave_resume(struct verb_call *call)
{
	struct task task = {.verb = "slave resume", .done = "resumed"};
	bool good;

	if (!verb_parse(call, NULL, 1, 1))
		return VERB_USAGE;
	if (!cmd_open(call, &task.context))
		return VERB_FAILED;

	good = cmd_load_slave(&task.context, call->argv[0], &task.slave) && store(&task, resume) &&
	       bring_up_to_date(&task);
	cmd_close(&task.context);
	return good ? VERB_OK : VERB_FAILED;
}
