#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "master-hook/cmd.h"
#include "master-hook/deliver.h"
#include "master-hook/plesk_input.h"
#include "proto/clock.h"
#include "proto/file.h"
#include "proto/log.h"
#include "proto/text.h"

#define STORE_MS (60 * 1000)

/* Reads all of standard input. Returns 0, ZP_ETOOBIG, -errno. */
static int read_input(struct text_buffer *input)
{
	char data[65536];
	ssize_t n;
	int r;

	for (;;) {
		n = read(STDIN_FILENO, data, sizeof(data));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		if (input->length + (size_t)n > PLESK_INPUT_MAX)
			return ZP_ETOOBIG;
		r = text_buffer_append(input, data, (size_t)n);
		if (r < 0)
			return r;
	}
}

static int load_input(struct plesk_input *ret_input)
{
	struct text_buffer text = {0};
	struct reason why;
	int r;

	r = read_input(&text);
	if (r == ZP_ETOOBIG)
		log_error("hook: the input is larger than %d MiB; nothing of it is stored",
			  PLESK_INPUT_MAX / (1024 * 1024));
	else if (r < 0)
		log_error("hook: can't read standard input (%s)", error_text(r));
	if (r == 0) {
		r = plesk_input_parse(text.data ? text.data : "", text.length, ret_input, &why);
		if (r < 0)
			log_error("hook: the input can't be used, nothing of it is stored: %s",
				  why.text);
		else if (text.length > PLESK_INPUT_UNUSUAL)
			log_warning("hook: the input has %zu bytes, which is unusually much; all "
				    "of it is used",
				    text.length);
	}
	text_buffer_done(&text);
	return r;
}

/* However busy the outbox is, waiting is better than losing the change: Plesk won't repeat it. */
static int begin(struct outbox *outbox)
{
	uint64_t until = clock_steady_ms() + STORE_MS;
	int r;

	do
		r = outbox_begin(outbox);
	while (r == -EBUSY && clock_steady_ms() < until);
	return r;
}

/* All of the document in one transaction: afterwards nothing can be lost. */
static int store(struct outbox *outbox, const struct plesk_input *input)
{
	int r;

	r = begin(outbox);
	for (size_t i = 0; r == 0 && i < input->n_zones; i++) {
		const struct plesk_zone *zone = &input->zones[i];
		const struct outbox_wish wish = {
			.zone = zone->name,
			.present = zone->present,
			.was_deleted = zone->was_deleted,
			.has_serial = zone->has_serial,
			.serial = zone->serial,
		};

		r = outbox_want(outbox, &wish);
	}
	if (r == 0)
		r = outbox_commit(outbox);
	if (r < 0) {
		log_error("hook: the change can't be stored and is lost unless Plesk sends it "
			  "again (%s: %s)",
			  error_text(r), outbox_reason(outbox));
		outbox_rollback(outbox);
	}
	return r;
}

/* What isn't delivered now is still owed, so nothing here makes the hook fail. */
static void deliver(struct cmd_context *context)
{
	const struct deliver_limits limits = {
		.until = clock_steady_ms() + context->config.deadline,
		.request = context->config.deadline,
		.stop = -1,
	};
	struct deliver_summary summary;
	struct reason why;
	int r;

	if (!cmd_load_key(context)) {
		log_warning("hook: the change is stored; it is delivered once the key can be "
			    "used");
		return;
	}
	r = deliver_run(&context->config, context->key, context->outbox, &limits, &summary, &why);
	if (r < 0)
		log_warning("hook: the change is stored and will be delivered later (%s)",
			    why.text);
	else if (summary.known == 0)
		log_notice("hook: the change is stored, but no slave is known yet that could "
			   "serve it; `zonepush slave add` adds one");
}

static void report_entries(const struct plesk_input *input)
{
	for (size_t i = 0; i < input->n_notes; i++)
		log_warning("hook: %s", input->notes[i]);
	if (input->n_passed_over > input->n_notes)
		log_warning("hook: %zu more commands are passed over",
			    input->n_passed_over - input->n_notes);
	if (input->n_pointers > 0)
		log_debug("hook: commands about PTR records, which have nothing to do with zones: "
			  "%zu",
			  input->n_pointers);
}

/*
 * Wakes zonepush-deliver.path where something is left. A file of its own, because the database's
 * files change whenever anybody reads it, `zonepush deliver` too.
 */
static void wake_deliver(struct cmd_context *context)
{
	char path[PATH_MAX];
	int64_t due = 0;
	int r;

	r = deliver_next_due(context->outbox, &due);
	if (r == 0 && due == 0)
		return;
	snprintf(path, sizeof(path), "%s/" OUTBOX_DUE_FILE, context->config.state);
	r = file_touch(path, 0660, context->config.group);
	if (r < 0)
		log_warning("hook: can't touch '%s' (%s); the timer delivers what is left", path,
			    error_text(r));
}

int cmd_hook(struct verb_call *call)
{
	struct plesk_input input = {0};
	struct cmd_context context;
	int r;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	if (!cmd_open(call, &context))
		return VERB_FAILED;

	r = load_input(&input);
	report_entries(&input);
	if (r == 0 && input.n_zones > 0) {
		r = store(context.outbox, &input);
		if (r == 0) {
			deliver(&context);
			wake_deliver(&context);
		}
	}
	plesk_input_done(&input);
	cmd_close(&context);
	return r == 0 ? VERB_OK : VERB_FAILED;
}
