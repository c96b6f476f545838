#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/clock.h"
#include "proto/invitation.h"
#include "proto/log.h"
#include "slave-agent/registry_invitation.h"
#include "slave-agent/resource.h"
#include "slave-agent/settings.h"

#define TTL_DEFAULT 3600 /* seconds */
#define TTL_LEAST   60
#define TTL_MOST    (30 * 24 * 3600)

/* An invitation to be given out. */
struct guest {
	struct invitation invitation;
	struct registry_invitation row;
};

static void free_guest(void *subject)
{
	struct guest *guest = subject;

	invitation_done(&guest->invitation);
	free(guest);
}

static int check_name(const struct registry_invitation *row, const struct job_tools *tools,
		      struct job_verdict *verdict)
{
	const char *name = row->master.name;
	struct registry_master known;
	int r;

	if (!*name)
		return 0;
	r = registry_master_find_name(tools->registry, name, &known);
	if (r == 0 && !row->is_for_known)
		job_refuse(verdict, PROBLEM_EXISTS,
			   "there is a master '%s' already; to let a new key in for it: "
			   "zonepush-agent invite --for %s",
			   name, name);
	else if (r == ZP_EUNKNOWN && row->is_for_known)
		job_refuse(verdict, PROBLEM_MALFORMED, "there is no master '%s'", name);
	return r == ZP_EUNKNOWN ? 0 : r;
}

static int run_invite(void *subject, const struct job_tools *tools, struct job_verdict *verdict)
{
	const struct guest *guest = subject;
	int r;

	r = check_name(&guest->row, tools, verdict);
	if (r == 0 && !verdict->is_refused)
		settings_check_tsig(&guest->row.master, tools, verdict);
	if (r < 0 || verdict->is_refused)
		return r;
	r = registry_invitation_add(tools->registry, &guest->row);
	if (r == ZP_EFULL) {
		job_refuse(verdict, PROBLEM_BUSY,
			   "there are %d invitations already; revoke some of them",
			   REGISTRY_INVITATIONS_MAX);
		r = 0;
	}
	return r;
}

static const struct job_act invite = {run_invite, free_guest};

/* What the JSON says; members that aren't there are NULL. */
struct wishes {
	const char *endpoint, *name, *known;
	json_t *primaries, *tsig, *policy;
	json_int_t ttl;
};

static int take_name(const struct wishes *wishes, struct registry_invitation *row,
		     struct reason *why)
{
	const char *name = wishes->known ? wishes->known : wishes->name;

	if (wishes->known && (wishes->name || wishes->primaries || wishes->tsig || wishes->policy))
		return reason_fail(why, ZP_ESYNTAX,
				   "'for' means a master that is known: its name, primaries and "
				   "policy stay, and can be set by `zonepush-agent master`");
	if (!name)
		return 0;
	if (!registry_is_master_name(name))
		return reason_fail(why, ZP_ESYNTAX, "'%s' can't be a master's name", name);
	snprintf(row->master.name, sizeof(row->master.name), "%s", name);
	row->is_for_known = wishes->known != NULL;
	return 0;
}

/* Where the zones may come from is meant too, by who says where they come from. */
static void limit_primaries(struct registry_master *master)
{
	char *list = master->policy.primaries;
	size_t used = 0;

	for (size_t i = 0; !*master->policy.primaries && i < master->n_primaries; i++)
		used += (size_t)snprintf(list + used, sizeof(master->policy.primaries) - used,
					 "%s ", master->primaries[i].host);
}

static int take_wishes(const struct wishes *wishes, struct registry_invitation *row,
		       struct reason *why)
{
	int r;

	if (wishes->ttl < TTL_LEAST || wishes->ttl > TTL_MOST)
		return reason_fail(why, ZP_ESYNTAX,
				   "an invitation can be valid for %d seconds to %d days",
				   TTL_LEAST, TTL_MOST / (24 * 3600));
	row->made_at = clock_seconds();
	row->expires_at = row->made_at + wishes->ttl;
	r = take_name(wishes, row, why);
	if (r == 0)
		r = settings_parse_tsig(wishes->tsig, &row->master, why);
	if (r == 0 && wishes->policy)
		r = policy_parse(wishes->policy, &row->master.policy, why);
	if (r == 0 && wishes->primaries) {
		r = settings_parse_primaries(wishes->primaries, &row->master, why);
		if (r == 0)
			limit_primaries(&row->master);
	}
	return r;
}

static int parse_guest(json_t *json, const struct key_public *agent, struct guest *guest,
		       struct reason *why)
{
	struct wishes wishes = {.ttl = TTL_DEFAULT};
	json_error_t error;
	int r;

	if (json_unpack_ex(json, &error, JSON_STRICT, "{s:s, s?I, s?s, s?s, s?o, s?o, s?o}",
			   "endpoint", &wishes.endpoint, "ttl", &wishes.ttl, "name", &wishes.name,
			   "for", &wishes.known, "primaries", &wishes.primaries, "tsig",
			   &wishes.tsig, "policy", &wishes.policy) < 0)
		return reason_fail(why, ZP_ESYNTAX, "%s", error.text);
	r = take_wishes(&wishes, &guest->row, why);
	if (r == 0)
		r = invitation_make(wishes.endpoint, agent, &guest->invitation, why);
	if (r < 0)
		return r;
	invitation_get_id(&guest->invitation, guest->row.id);
	invitation_get_secret(&guest->invitation, guest->row.secret);
	return 0;
}

/* An invitation is to be good also when the agent's key has changed. */
static const struct key_public *newest_key(struct agent *agent)
{
	const struct key *next = identity_get_next(agent->identity);

	return key_get_public(next ? next : identity_get_present(agent->identity));
}

void resource_invitations_post(struct agent *agent, struct request *request)
{
	struct guest guest = {0};
	struct reason why;
	json_t *json;
	int r;

	json = resource_load_json(request);
	if (!json)
		return;
	r = parse_guest(json, newest_key(agent), &guest, &why);
	json_decref(json);
	if (r < 0)
		request_fail(request, PROBLEM_MALFORMED, "%s", why.text);
	else
		resource_new_act(request, &invite, &guest, sizeof(guest));
	invitation_done(&guest.invitation);
}

void resource_invitations_finish(struct agent *agent, struct request *request)
{
	const struct guest *guest = request->job->subject;
	char word[INVITATION_SIZE];

	(void)agent;
	log_notice("invitations: %s is made", guest->row.id);
	invitation_render(&guest->invitation, word);
	request_reply_json(request, 201,
			   json_pack("{s:s, s:s, s:I}", "invitation", word, "id", guest->row.id,
				     "expires_at", (json_int_t)guest->row.expires_at));
}

static json_t *row_to_json(const struct registry_invitation *row, int64_t now)
{
	const struct registry_master *master = &row->master;
	const char *state = *row->used_by ? "used" : row->expires_at < now ? "expired" : "open";

	return json_pack("{s:s, s:s, s:s?, s:b, s:o, s:s?, s:o, s:I, s:I, s:s?, s:o}", "id",
			 row->id, "state", state, "name", *master->name ? master->name : NULL,
			 "for_known", row->is_for_known, "primaries",
			 settings_primaries_to_json(master), "tsig",
			 *master->tsig ? master->tsig : NULL, "policy",
			 policy_to_json(&master->policy), "made_at", (json_int_t)row->made_at,
			 "expires_at", (json_int_t)row->expires_at, "used_by",
			 *row->used_by ? row->used_by : NULL, "used_at",
			 row->used_at ? json_integer(row->used_at) : json_null());
}

void resource_invitations_list(struct agent *agent, struct request *request)
{
	struct registry_invitation row = {.id = ""};
	int64_t now = clock_seconds();
	json_t *list = json_array();
	int r;

	pthread_mutex_lock(&agent->reader_lock);
	while ((r = registry_invitation_next(agent->reader, row.id, &row)) == 0)
		json_array_append_new(list, row_to_json(&row, now));
	pthread_mutex_unlock(&agent->reader_lock);
	if (r != ZP_EUNKNOWN) {
		json_decref(list);
		resource_fail_registry(request, r);
		return;
	}
	request_reply_json(request, 200, json_pack("{s:o}", "invitations", list));
}

/* The id of an invitation to be revoked. */
struct revoked {
	char id[INVITATION_ID_SIZE];
};

static int run_revoke(void *subject, const struct job_tools *tools, struct job_verdict *verdict)
{
	const struct revoked *revoked = subject;
	int r;

	r = registry_invitation_remove(tools->registry, revoked->id);
	if (r != ZP_EUNKNOWN)
		return r;
	job_refuse(verdict, PROBLEM_NOT_FOUND, "there is no invitation '%s'", revoked->id);
	return 0;
}

static const struct job_act revoke = {run_revoke, free};

void resource_invitation_delete(struct agent *agent, struct request *request)
{
	struct revoked revoked;

	(void)agent;
	snprintf(revoked.id, sizeof(revoked.id), "%s", request->argument);
	if (strlen(request->argument) >= sizeof(revoked.id))
		request_fail(request, PROBLEM_NOT_FOUND, "an invitation's id has %d characters",
			     INVITATION_ID_SIZE - 1);
	else
		resource_new_act(request, &revoke, &revoked, sizeof(revoked));
}

void resource_invitation_finish(struct agent *agent, struct request *request)
{
	const struct revoked *revoked = request->job->subject;

	(void)agent;
	log_notice("invitations: %s is revoked", revoked->id);
	request_reply_json(request, 200, json_pack("{s:s}", "revoked", revoked->id));
}
