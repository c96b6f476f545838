/* A problem document that is understood is understood again when it is rendered. */
#include "proto/problem.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problem problem, again;
	struct text_buffer out = {0};

	if (problem_parse((const char *)data, size, &problem) < 0)
		return 0;
	if (problem_render(&problem, &out) < 0 || problem_parse(out.data, out.length, &again) < 0 ||
	    again.type != problem.type || strcmp(again.detail, problem.detail) != 0)
		abort();
	text_buffer_done(&out);
	return 0;
}
