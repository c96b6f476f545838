#include "slave-agent/collision.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slave-agent/clause.h"

#define CLAUSE_SIZE 512

struct search {
	const struct agent_config *config;
	struct control *control;
	const struct named_facts *facts;
	struct budget *commands;
	bool is_down;
};

/*
 * Whether named runs a zone of this name that isn't ours. One of ours may still be there, its
 * deletion not told yet: its data file is ours, too.
 */
static bool named_has_foreign(struct search *search, const struct zone_name *name)
{
	char clause[CLAUSE_SIZE];
	struct reason why;
	int r;

	if (search->is_down || !budget_take(search->commands))
		return false;
	r = control_get_clause(search->control, name, clause, sizeof(clause), &why);
	search->is_down = r == ZP_ENAMEDDOWN;
	return r == 0 && *clause && !strstr(clause, search->config->data);
}

static bool collides(struct search *search, const struct zone_name *name)
{
	if (named_facts_knows_runtime(search->facts))
		return named_facts_has_runtime_zone(search->facts, name);
	return named_has_foreign(search, name);
}

static int show(const struct zone_name *name, culprit_visit *visit, void *context)
{
	char words[CULPRIT_WORDS_SIZE];

	snprintf(words, sizeof(words),
		 "another tool made this zone in named at runtime; `rndc delzone %.100s` frees it",
		 name->text);
	return visit(context, name, PROBLEM_BY_HAND, words);
}

int collision_find(const struct agent_config *config, struct control *control,
		   const struct named_facts *facts, const char *candidate, culprit_visit *visit,
		   void *context, struct budget *commands, size_t *ret_count)
{
	struct search search = {config, control, facts, commands, false};
	struct zone_name name;
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	FILE *file;
	int r = 0;

	*ret_count = 0;
	if (!named_facts_may_have_runtime_zones(facts))
		return 0;
	file = fopen(candidate, "re");
	if (!file)
		return -errno;
	while (r == 0 && (length = getline(&line, &room, file)) >= 0) {
		if (clause_parse_name(line, (size_t)length, &name) < 0 || !collides(&search, &name))
			continue;
		r = show(&name, visit, context);
		++*ret_count;
	}
	free(line);
	fclose(file);
	return r;
}
