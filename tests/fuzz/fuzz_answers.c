/* The reply of an agent, and a problem document, read by the master. */
#include "proto/change.h"
#include "proto/problem.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct change change = {.zone = {"a.example"}};
	struct change_answer *answers;
	struct problem problem;
	struct reason why;

	if (change_answers_parse((const char *)data, size, &change, 1, &answers, &why) == 0)
		change_answers_free(answers, 1);
	if (problem_parse((const char *)data, size, &problem) == 0 && !problem_word(problem.type))
		abort();
	return 0;
}
