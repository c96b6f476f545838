#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/change.h"
#include "slave-agent/resource.h"

void resource_changes_post(struct agent *agent, struct request *request)
{
	static const char *const local_parameters[] = {"master", NULL};
	static const char *const no_parameters[] = {NULL};
	struct change_list changes;
	struct reason why;
	int64_t master;
	int r;

	r = request_check_query(request,
				request->caller.is_local ? local_parameters : no_parameters, &why);
	if (r == 0)
		r = change_list_parse(request->content.data, request->content.length, &changes,
				      &why);
	if (r < 0) {
		request_fail(request, r == ZP_ETOOBIG ? PROBLEM_TOO_LARGE : PROBLEM_MALFORMED, "%s",
			     why.text);
		return;
	}
	if (!resource_find_master(agent, request, false, &master) || !resource_new_job(request)) {
		change_list_done(&changes);
		return;
	}
	request->job->master = master;
	request->job->changes = changes;
}

void resource_changes_finish(struct agent *agent, struct request *request)
{
	const struct change_list *changes = &request->job->changes;
	struct change_answer *answers;
	int r;

	(void)agent;
	answers = calloc(changes->count, sizeof(*answers));
	if (!answers) {
		request_fail(request, PROBLEM_FAILED, "out of memory");
		return;
	}
	/* Only borrowed: the job owns names and results. */
	for (size_t i = 0; i < changes->count; i++) {
		answers[i].zone = changes->items[i].zone_text;
		answers[i].result = request->job->results[i];
	}

	text_buffer_done(&request->reply);
	r = change_answers_render(answers, changes->count, &request->reply);
	if (r == 0)
		r = text_buffer_append(&request->reply, "\n", 1);
	if (r == 0)
		request->status = 200;
	else
		request_fail(request, PROBLEM_FAILED, "out of memory");
	free(answers);
}
