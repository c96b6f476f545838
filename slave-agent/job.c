#include "slave-agent/job.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int job_new(struct job **ret_job)
{
	struct job *job;

	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	job->references = 1;
	*ret_job = job;
	return 0;
}

void job_release(struct job *job)
{
	if (!job || __atomic_sub_fetch(&job->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	job_results_free(job->results, job->changes.count);
	change_list_done(&job->changes);
	if (job->act)
		job->act->free(job->subject);
	free(job);
}

void job_refuse(struct job_verdict *verdict, enum problem_type type, const char *format, ...)
{
	va_list arguments;

	*verdict = (struct job_verdict){.is_refused = true, .problem = {.type = type}};
	va_start(arguments, format);
	vsnprintf(verdict->problem.detail, sizeof(verdict->problem.detail), format, arguments);
	va_end(arguments);
}

void job_results_free(struct change_result *results, size_t count)
{
	for (size_t i = 0; results && i < count; i++)
		change_result_done(&results[i]);
	free(results);
}
