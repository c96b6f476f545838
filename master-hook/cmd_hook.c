#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "master-hook/chain.h"
#include "master-hook/cmd.h"
#include "master-hook/dispatch.h"
#include "master-hook/plesk_input.h"
#include "master-hook/reverse.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "proto/text.h"

#define STORE_MS   (60 * 1000)
#define REVERSE_MS 1500

/* All of standard input, perhaps too much of it by one read. Returns 0, ZP_ETOOBIG, -errno. */
static int collect(struct text_buffer *text)
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
		if (text->length + (size_t)n > PLESK_INPUT_MAX)
			return ZP_ETOOBIG;
		r = text_buffer_append(text, data, (size_t)n);
		if (r < 0)
			return r;
	}
}

static int read_input(struct text_buffer *text)
{
	int r;

	r = collect(text);
	if (r == ZP_ETOOBIG)
		log_error("hook: the input is larger than %d MiB; nothing of it is stored",
			  PLESK_INPUT_MAX / (1024 * 1024));
	else if (r < 0)
		log_error("hook: can't read standard input (%s)", error_text(r));
	return r;
}

static int parse(const struct text_buffer *text, struct plesk_input *ret_input)
{
	struct reason why;
	int r;

	r = plesk_input_parse(text->data ? text->data : "", text->length, ret_input, &why);
	if (r < 0)
		log_error("hook: the input can't be used, nothing of it is stored: %s", why.text);
	else if (text->length > PLESK_INPUT_UNUSUAL)
		log_warning("hook: the input has %zu bytes, which is unusually much; all of it is "
			    "used",
			    text->length);
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

static int finish(struct outbox *outbox, int r)
{
	if (r == 0)
		r = outbox_commit(outbox);
	if (r < 0) {
		log_error("hook: the change can't be stored and is lost unless Plesk sends it "
			  "again, or `zonepush sync` finds it there (%s: %s)",
			  error_text(r), outbox_reason(outbox));
		outbox_rollback(outbox);
	}
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
	return finish(outbox, r);
}

static void report_entries(const struct plesk_input *input)
{
	for (size_t i = 0; i < input->n_notes; i++)
		log_warning("hook: %s", input->notes[i]);
	if (input->n_passed_over > input->n_notes)
		log_warning("hook: %zu more commands are passed over",
			    input->n_passed_over - input->n_notes);
	if (input->n_pointers > 0)
		log_debug("hook: commands about PTR records: %zu", input->n_pointers);
}

/* Plesk has one slot: who had it before us is called after us. What it does is its own matter. */
static void pass_on(const struct hook_config *config, const struct text_buffer *text)
{
	char command[PLESK_COMMAND_MAX + 1];
	struct reason why;
	int r;

	r = chain_load(config->chain, command, &why);
	if (r == -ENOENT)
		return;
	if (r < 0) {
		log_warning("hook: the command that had Plesk's slot before isn't called: %s",
			    why.text);
		return;
	}
	r = chain_run(command, text->data, text->length, &why);
	if (r < 0)
		log_warning("hook: '%s', which had Plesk's slot before, failed (%s)", command,
			    why.text);
}

/* Those that slaves don't serve already, for whatever reason they are wanted. */
static int store_reverse(struct outbox *outbox, const struct name_set *zones)
{
	struct outbox_zone known;
	int r;

	r = begin(outbox);
	for (size_t i = 0; r == 0 && i < zones->count; i++) {
		struct outbox_wish wish = {.present = true, .by_pointer = true};

		snprintf(wish.zone.text, sizeof(wish.zone.text), "%s", name_set_get(zones, i));
		r = outbox_find(outbox, &wish.zone, &known);
		if (r == -ENOENT || (r == 0 && !known.present))
			r = outbox_want(outbox, &wish);
	}
	return finish(outbox, r);
}

/* Only after the document's own zones are safe: named has to be asked, which may take a while. */
static int take_pointers(struct cmd_context *context, const struct plesk_input *input)
{
	struct name_set zones = {0};
	size_t unknown = 0;
	int r;

	if (!context->config.reverse_zones || input->n_addresses == 0)
		return 0;
	r = reverse_find_zones(&context->config, input->addresses, input->n_addresses, REVERSE_MS,
			       &zones, &unknown);
	if (r < 0)
		log_warning("hook: the local name server can't be asked for reverse zones (%s)",
			    error_text(r));
	if (unknown > 0)
		log_warning("hook: the local name server didn't answer for the reverse zones of "
			    "%zu addresses; `zonepush sync --from named` finds them",
			    unknown);
	r = zones.count > 0 ? store_reverse(context->outbox, &zones) : 0;
	name_set_done(&zones);
	return r;
}

static int take_in(struct cmd_context *context, const struct text_buffer *text)
{
	struct plesk_input input = {0};
	int r = ZP_EDATABASE;

	if (!cmd_open_outbox(context)) {
		log_error("hook: the change isn't stored and is lost unless Plesk sends it again, "
			  "or `zonepush sync` finds it there, once that is mended");
		return r;
	}
	r = parse(text, &input);
	report_entries(&input);
	if (r == 0 && input.n_zones > 0)
		r = store(context->outbox, &input);
	if (r == 0)
		r = take_pointers(context, &input);
	if (r == 0 && (input.n_zones > 0 || context->config.reverse_zones))
		dispatch_run(context, "hook");
	plesk_input_done(&input);
	return r;
}

int cmd_hook(struct verb_call *call)
{
	struct cmd_context context = {0};
	struct text_buffer text = {0};
	int r;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &context.config))
		return VERB_FAILED;
	r = read_input(&text);
	if (r == 0) {
		r = take_in(&context, &text);
		pass_on(&context.config, &text);
	}
	text_buffer_done(&text);
	cmd_close(&context);
	return r == 0 ? VERB_OK : VERB_FAILED;
}
