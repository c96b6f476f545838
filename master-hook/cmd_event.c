#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master-hook/cmd.h"
#include "master-hook/dispatch.h"
#include "master-hook/outbox_sync.h"
#include "master-hook/plesk.h"
#include "proto/log.h"

/* What Plesk tells an event handler, in the environment. */
static const char *const new_names[] = {"NEW_DOMAIN_NAME", "NEW_DOMAIN_ALIAS_NAME", NULL};
static const char *const old_names[] = {"OLD_DOMAIN_NAME", "OLD_DOMAIN_ALIAS_NAME", NULL};

struct event {
	struct cmd_context context;
	struct name_set active; /* of the domains in question, as Plesk says */
	struct name_set wanted; /* all, before */
	uint64_t changes;
};

static bool is_named(const char *const variables[], const char *name)
{
	const char *value;

	for (; *variables; variables++) {
		value = getenv(*variables);
		if (value && strcasecmp(value, name) == 0)
			return true;
	}
	return false;
}

static int add_lines(struct name_set *set, char *lines)
{
	struct zone_name name;
	char *line;
	int r = 0;

	for (line = strsep(&lines, "\n"); r == 0 && line; line = strsep(&lines, "\n"))
		if (zone_name_parse(line, &name, NULL) == 0)
			r = name_set_add(set, name.text);
	name_set_sort(set);
	return r;
}

/* The snapshot comes first: what a hook changes while Plesk is asked stays as it wants it. */
static int ask(struct event *event, const struct zone_name *domain, struct reason *why)
{
	struct text_buffer names = {0};
	int r;

	r = outbox_snapshot(event->context.outbox);
	if (r == 0)
		r = outbox_snapshot_list(event->context.outbox, &event->wanted);
	if (r < 0)
		return reason_fail(why, r, "the outbox failed (%s)",
				   outbox_reason(event->context.outbox));
	name_set_sort(&event->wanted);
	r = plesk_list_domain(&event->context.config, domain, &names, why);
	if (r == 0 && names.length > 0)
		r = add_lines(&event->active, names.data);
	text_buffer_done(&names);
	return r;
}

static int want(struct event *event, const char *zone, bool present)
{
	struct outbox_wish wish = {.present = present};
	bool done = false;
	int r;

	snprintf(wish.zone.text, sizeof(wish.zone.text), "%s", zone);
	r = outbox_sync_want(event->context.outbox, &wish, &done);
	if (r == 0 && done)
		event->changes++;
	return r;
}

static int add_active(struct event *event)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < event->active.count; i++)
		if (!name_set_has(&event->wanted, name_set_get(&event->active, i)))
			r = want(event, name_set_get(&event->active, i), true);
	return r;
}

/* What lies within a domain that is gone, and isn't active in Plesk either. */
static int remove_gone(struct event *event, const struct zone_name *domain)
{
	struct zone_name zone;
	int r = 0;

	for (size_t i = 0; r == 0 && i < event->wanted.count; i++) {
		snprintf(zone.text, sizeof(zone.text), "%s", name_set_get(&event->wanted, i));
		if (zone_name_is_within(&zone, domain) && !name_set_has(&event->active, zone.text))
			r = want(event, zone.text, false);
	}
	return r;
}

static int store(struct event *event, const struct zone_name *domain, bool is_gone)
{
	int r;

	r = outbox_begin(event->context.outbox);
	if (r == 0)
		r = add_active(event);
	if (r == 0 && is_gone)
		r = remove_gone(event, domain);
	if (r == 0)
		r = outbox_commit(event->context.outbox);
	if (r < 0) {
		log_error("event: the change of '%s' can't be stored (%s: %s)", domain->text,
			  error_text(r), outbox_reason(event->context.outbox));
		outbox_rollback(event->context.outbox);
	}
	return r;
}

/*
 * A deletion needs two words: the event's, that the domain has gone or has another name now, and
 * Plesk's list's. A domain that is only suspended is a matter of `zonepush sync`.
 */
static int reconcile(struct event *event, const char *name)
{
	bool is_gone = is_named(old_names, name) && !is_named(new_names, name);
	struct zone_name domain;
	struct reason why;
	int r;

	r = zone_name_parse(name, &domain, &why);
	if (r == 0)
		r = ask(event, &domain, &why);
	if (r < 0)
		log_error("event: '%s': %s", name, why.text);
	else
		r = store(event, &domain, is_gone);
	name_set_done(&event->active);
	name_set_done(&event->wanted);
	return r;
}

static int reconcile_all(struct event *event, const char *const variables[], unsigned int *count)
{
	const char *name;
	int r = 0, worst = 0;

	for (; *variables; variables++) {
		name = getenv(*variables);
		if (!name || !*name)
			continue;
		++*count;
		r = reconcile(event, name);
		if (r < 0)
			worst = r;
	}
	return worst;
}

int cmd_event(struct verb_call *call)
{
	struct event event = {0};
	unsigned int count = 0;
	int old, new;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	if (!cmd_open(call, &event.context))
		return VERB_FAILED;
	old = reconcile_all(&event, old_names, &count);
	new = reconcile_all(&event, new_names, &count);
	if (count == 0)
		log_error("event: no domain is named; Plesk's event handlers set NEW_DOMAIN_NAME, "
			  "OLD_DOMAIN_NAME, NEW_DOMAIN_ALIAS_NAME or OLD_DOMAIN_ALIAS_NAME");
	if (event.changes > 0)
		dispatch_run(&event.context, "event");
	cmd_close(&event.context);
	return old == 0 && new == 0 && count > 0 ? VERB_OK : VERB_FAILED;
}
