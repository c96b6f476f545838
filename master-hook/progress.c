#include "master-hook/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/log.h"

#define DRAW_MS	  100
#define BAR_WIDTH 30
#define TEXT_SIZE 160

/* Erases the line that the cursor is in. */
#define CLEAR "\r\033[K"

void progress_start(struct progress *progress, const char *subject, const char *things,
		    uint64_t total)
{
	*progress = (struct progress){
		.subject = subject,
		.things = things,
		.total = total,
		.is_terminal = isatty(STDERR_FILENO) == 1,
		.began = clock_steady_ms(),
	};
	progress->said = progress->began;
	if (progress->is_terminal)
		log_set_prologue(CLEAR);
}

/* "1234 of 5000 zones, 310/s, 12 s left" */
static void describe(const struct progress *progress, uint64_t done, uint64_t now,
		     char ret_text[static TEXT_SIZE])
{
	uint64_t elapsed = now > progress->began ? now - progress->began : 1;
	uint64_t rate = done * 1000 / elapsed;
	char total[40] = "", left[40] = "";

	if (progress->total > 0)
		snprintf(total, sizeof(total), " of %llu", (unsigned long long)progress->total);
	if (progress->total >= done && rate > 0)
		snprintf(left, sizeof(left), ", %llu s left",
			 (unsigned long long)((progress->total - done + rate - 1) / rate));
	snprintf(ret_text, TEXT_SIZE, "%llu%s %s, %llu/s%s", (unsigned long long)done, total,
		 progress->things, (unsigned long long)rate, left);
}

static void draw(const struct progress *progress, uint64_t done, const char *text)
{
	char bar[BAR_WIDTH + 1];
	uint64_t filled = 0;

	if (progress->total > 0)
		filled = done < progress->total ? done * BAR_WIDTH / progress->total : BAR_WIDTH;
	for (uint64_t i = 0; i < BAR_WIDTH; i++)
		bar[i] = i < filled ? '#' : '.';
	bar[BAR_WIDTH] = '\0';
	fprintf(stderr, CLEAR "[%s] %s", bar, text);
	fflush(stderr);
}

void progress_update(struct progress *progress, uint64_t done)
{
	uint64_t now = clock_steady_ms();
	char text[TEXT_SIZE];

	if (now - progress->said < (progress->is_terminal ? DRAW_MS : PROGRESS_LINE_MS))
		return;
	progress->said = now;
	describe(progress, done, now, text);
	if (progress->is_terminal)
		draw(progress, done, text);
	else
		log_notice("%s: %s", progress->subject, text);
}

void progress_end(struct progress *progress)
{
	if (!progress->is_terminal)
		return;
	fputs(CLEAR, stderr);
	fflush(stderr);
	log_set_prologue("");
}
