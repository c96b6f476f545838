#include "master-hook/plesk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/subprocess.h"
#include "proto/text.h"

#define LIMIT_MS     (5 * 60 * 1000)
#define COUNT_SIZE   32
#define QUERY_SIZE   (2 * ZONE_NAME_MAX + 200)

#define ACTIVE_ZONES "from dns_zone where status=0 and type='master'"

/* Explains in its own words why the program failed, where it says something. */
static int explain(const struct hook_config *config, const char *purpose, int error,
		   const struct subprocess_output *output, struct reason *why)
{
	char line[200] = "";

	if (error == -ENOENT || error == -EACCES)
		return reason_fail(why, error,
				   "can't %s: '%s' can't be run (%s); is this the Plesk server? "
				   "`plesk` in the configuration is the path of Plesk's program",
				   purpose, config->plesk, error_text(error));
	subprocess_first_line(output, line, sizeof(line));
	if (error < 0)
		return reason_fail(why, error, "can't %s: '%s' failed (%s)%s%s", purpose,
				   config->plesk, error_text(error), *line ? ": " : "", line);
	return reason_fail(why, ZP_EPROGRAM, "can't %s: '%s' exited with status %d%s%s", purpose,
			   config->plesk, output->status, *line ? ": " : "", line);
}

/* Runs Plesk's program; what it prints goes to `sink` (-1: only to ret_output). */
static int run(const struct hook_config *config, const char *const arguments[], int sink,
	       const char *purpose, struct subprocess_output *ret_output, struct reason *why)
{
	int r;

	if (sink >= 0)
		r = subprocess_run_into(arguments, -1, sink, LIMIT_MS, ret_output);
	else
		r = subprocess_run(arguments, -1, LIMIT_MS, ret_output);
	if (r < 0 || ret_output->status != 0)
		return explain(config, purpose, r, ret_output, why);
	return 0;
}

static int count_zones(const struct hook_config *config, uint64_t *ret_count, struct reason *why)
{
	const char *const arguments[] = {config->plesk, "db", "-Ne",
					 "select count(*) " ACTIVE_ZONES, NULL};
	struct subprocess_output output = {0};
	char line[COUNT_SIZE];
	int r;

	r = run(config, arguments, -1, "count Plesk's active zones", &output, why);
	if (r == 0) {
		subprocess_first_line(&output, line, sizeof(line));
		r = text_parse_integer(line, 0, UINT32_MAX, ret_count);
		if (r < 0)
			reason_set(why, "'%s' counts Plesk's active zones as '%s'", config->plesk,
				   line);
	}
	subprocess_output_done(&output);
	return r;
}

static int collect(const struct hook_config *config, FILE *names, struct reason *why)
{
	const char *const arguments[] = {config->plesk, "db", "-Ne", "select name " ACTIVE_ZONES,
					 NULL};
	struct subprocess_output output = {0};
	int r;

	r = run(config, arguments, fileno(names), "list Plesk's active zones", &output, why);
	subprocess_output_done(&output);
	return r;
}

static uint64_t count_lines(FILE *names)
{
	uint64_t lines = 0;
	int c;

	rewind(names);
	for (c = getc(names); c != EOF; c = getc(names))
		lines += c == '\n';
	rewind(names);
	return lines;
}

static void judge(struct plesk_list *list, uint64_t before, uint64_t after)
{
	uint64_t lines = count_lines(list->names);

	list->is_good = lines > 0 && lines == before && lines == after;
	if (lines == 0)
		reason_set(&list->why_not, "it is empty");
	else if (!list->is_good)
		reason_set(&list->why_not,
			   "it has %llu names, and Plesk counted %llu before and %llu after it",
			   (unsigned long long)lines, (unsigned long long)before,
			   (unsigned long long)after);
}

int plesk_list_zones(const struct hook_config *config, struct plesk_list *list, struct reason *why)
{
	int fd = memfd_create("zones", MFD_CLOEXEC), r;
	uint64_t before = 0, after = 0;

	*list = (struct plesk_list){.names = fd >= 0 ? fdopen(fd, "r") : NULL};
	if (!list->names) {
		if (fd >= 0)
			close(fd);
		return reason_fail(why, -ENOMEM, "out of memory");
	}
	r = count_zones(config, &before, why);
	if (r == 0)
		r = collect(config, list->names, why);
	if (r == 0)
		r = count_zones(config, &after, why);
	if (r == 0)
		judge(list, before, after);
	return r;
}

void plesk_list_done(struct plesk_list *list)
{
	if (list->names)
		fclose(list->names);
	list->names = NULL;
}

/* What is allowed in a zone's name needs no quoting in SQL; `_` stands for itself and more. */
int plesk_list_domain(const struct hook_config *config, const struct zone_name *domain,
		      struct text_buffer *names, struct reason *why)
{
	char query[QUERY_SIZE];
	const char *const arguments[] = {config->plesk, "db", "-Ne", query, NULL};
	struct subprocess_output output = {0};
	int r;

	snprintf(query, sizeof(query),
		 "select name " ACTIVE_ZONES " and (name='%s' or name like '%%.%s')", domain->text,
		 domain->text);
	r = run(config, arguments, -1, "ask Plesk for a domain's zones", &output, why);
	if (r == 0 && output.length >= SUBPROCESS_OUTPUT_MAX)
		r = reason_fail(why, ZP_ETOOBIG, "'%s' has too many zones to ask for them alone",
				domain->text);
	if (r == 0)
		r = text_buffer_append(names, output.text, output.length);
	subprocess_output_done(&output);
	return r;
}

/* The value of a row `name TAB value`, in place; NULL where there is no such row. */
static char *find_value(char *rows, const char *name)
{
	size_t length = strlen(name);
	char *line = rows;

	for (line = rows; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == '\t') {
			line += length + 1;
			line[strcspn(line, "\n")] = '\0';
			return line;
		}
	}
	return NULL;
}

static bool is_off(const char *value)
{
	return !value || !*value || strcmp(value, "0") == 0 || strcmp(value, "false") == 0;
}

static int read_backend(char *rows, char ret_command[static PLESK_COMMAND_MAX + 1],
			struct reason *why)
{
	const char *script, *custom;
	char *copy = strdup(rows);
	int r = 0;

	if (!copy)
		return reason_fail(why, -ENOMEM, "out of memory");
	custom = find_value(copy, "custom");
	script = find_value(rows, "custom_script");
	if (script && strlen(script) > PLESK_COMMAND_MAX)
		r = reason_fail(why, ZP_ETOOBIG,
				"the command in Plesk's custom DNS backend is longer than %d "
				"characters",
				PLESK_COMMAND_MAX);
	else
		snprintf(ret_command, PLESK_COMMAND_MAX + 1, "%s",
			 is_off(custom) || !script ? "" : script);
	free(copy);
	return r;
}

int plesk_get_backend(const struct hook_config *config,
		      char ret_command[static PLESK_COMMAND_MAX + 1], struct reason *why)
{
	const char *const arguments[] = {config->plesk, "db", "-Ne",
					 "select name,value from ServiceNodeConfiguration"
					 " where section='dnsConnector'",
					 NULL};
	struct subprocess_output output = {0};
	int r;

	r = run(config, arguments, -1, "see which custom DNS backend Plesk has", &output, why);
	if (r == 0)
		r = read_backend(output.text, ret_command, why);
	subprocess_output_done(&output);
	return r;
}

static int call_server_dns(const struct hook_config *config, const char *const arguments[],
			   const char *purpose, struct reason *why)
{
	struct subprocess_output output = {0};
	int r;

	r = run(config, arguments, -1, purpose, &output, why);
	subprocess_output_done(&output);
	return r;
}

int plesk_set_backend(const struct hook_config *config, const char *command, struct reason *why)
{
	const char *const on[] = {config->plesk, "bin", "server_dns", "--enable-custom-backend",
				  command,	 NULL};
	const char *const off[] = {config->plesk, "bin", "server_dns", "--disable-custom-backend",
				   NULL};
	char now[PLESK_COMMAND_MAX + 1];
	int r;

	r = call_server_dns(config, *command ? on : off, "set Plesk's custom DNS backend", why);
	if (r == 0)
		r = plesk_get_backend(config, now, why);
	if (r == 0 && strcmp(now, command) != 0)
		return reason_fail(why, ZP_EPROGRAM,
				   "Plesk took the custom DNS backend '%s', and has '%s' now",
				   command, now);
	return r;
}

/* Plesk's versions differ in what they know: better asked than guessed. */
static int check_option(const struct hook_config *config, const char *option, struct reason *why)
{
	const char *const arguments[] = {config->plesk, "bin", "server_dns", "--help", NULL};
	struct subprocess_output output = {0};
	int r;

	r = run(config, arguments, -1, "ask what `server_dns` can do", &output, why);
	if (r == 0 && !strstr(output.text, option))
		r = reason_fail(why, ZP_EUNKNOWN,
				"`%s bin server_dns` of this Plesk doesn't know %s; change who may "
				"transfer zones in Plesk itself, under Tools & Settings, DNS "
				"Settings",
				config->plesk, option);
	subprocess_output_done(&output);
	return r;
}

static int change_acl(const struct hook_config *config, const char *option, const char *address,
		      struct reason *why)
{
	const char *const arguments[] = {config->plesk, "bin",	 "server_dns", "-u",
					 option,	address, NULL};
	int r;

	r = check_option(config, option, why);
	return r == 0 ? call_server_dns(config, arguments, "change who may transfer zones", why)
		      : r;
}

int plesk_add_acl(const struct hook_config *config, const char *address, struct reason *why)
{
	return change_acl(config, "-add-acl", address, why);
}

int plesk_remove_acl(const struct hook_config *config, const char *address, struct reason *why)
{
	return change_acl(config, "-remove-acl", address, why);
}

/* Whether the text has the word, with nothing of an address on either side. */
static bool has_word(const char *text, const char *word)
{
	static const char of_addresses[] = "0123456789abcdefABCDEF.:/";
	size_t length = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		if ((at == text || !strchr(of_addresses, at[-1])) &&
		    (!at[length] || !strchr(of_addresses, at[length])))
			return true;
	return false;
}

int plesk_find_acl(const struct hook_config *config, const char *address, bool *ret_found,
		   struct reason *why)
{
	const char *const arguments[] = {config->plesk, "bin", "server_dns", "-i", NULL};
	struct subprocess_output output = {0};
	int r;

	r = run(config, arguments, -1, "ask who may transfer zones", &output, why);
	if (r == 0)
		*ret_found = has_word(output.text, address);
	subprocess_output_done(&output);
	return r;
}
