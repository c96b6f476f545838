#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/clock.h"
#include "proto/invitation.h"
#include "proto/log.h"
#include "slave-agent/registry_invitation.h"
#include "slave-agent/registry_key.h"
#include "slave-agent/resource.h"
#include "slave-agent/settings.h"

/* A master that comes with an invitation. */
struct enrolment {
	char id[INVITATION_ID_SIZE];
	char proof[INVITATION_PROOF_SIZE];
	struct key_public agent, key;
	struct registry_master master; /* what it says of itself; then what it has become */
	bool was_repeated;
};

/* It was used. Whoever was let in by it may ask again, as long as its key is. */
static int repeat(struct enrolment *enrolment, const struct registry_invitation *invitation,
		  const struct job_tools *tools, struct job_verdict *verdict)
{
	int r;

	if (strcmp(invitation->used_by, enrolment->key.id) != 0) {
		job_refuse(verdict, PROBLEM_INVITATION,
			   "another key used this invitation: %s; if that isn't one of yours, have "
			   "it taken away at the slave (zonepush-agent master revoke)",
			   invitation->used_by);
		return 0;
	}
	r = registry_master_find_key(tools->registry, enrolment->key.id, &enrolment->master);
	if (r == ZP_EUNKNOWN) {
		job_refuse(verdict, PROBLEM_INVITATION,
			   "this key used the invitation, and was taken away since");
		return 0;
	}
	enrolment->was_repeated = true;
	return r;
}

/* What the invitation leaves open is as the master says. */
static void merge(struct registry_master *master, const struct registry_invitation *invitation)
{
	const struct registry_master *meant = &invitation->master;

	if (*meant->name)
		snprintf(master->name, sizeof(master->name), "%s", meant->name);
	if (meant->n_primaries > 0) {
		memcpy(master->primaries, meant->primaries, sizeof(master->primaries));
		master->n_primaries = meant->n_primaries;
	}
	snprintf(master->tsig, sizeof(master->tsig), "%s", meant->tsig);
	master->policy = meant->policy;
}

static int let_in(struct enrolment *enrolment, const struct registry_invitation *invitation,
		  const struct job_tools *tools, struct job_verdict *verdict)
{
	struct registry_master *master = &enrolment->master;
	struct reason why;
	int r;

	merge(master, invitation);
	master->has_key = true;
	master->key = enrolment->key;
	if (!*master->name || master->n_primaries == 0) {
		job_refuse(verdict, PROBLEM_MALFORMED,
			   "the invitation leaves name or primaries open: say them");
		return 0;
	}
	if (policy_check_primaries(&master->policy, master->primaries, master->n_primaries, &why) <
	    0) {
		job_refuse(verdict, PROBLEM_NOT_ALLOWED, "%s", why.text);
		return 0;
	}
	settings_check_tsig(master, tools, verdict);
	if (verdict->is_refused)
		return 0;
	r = registry_master_add(tools->registry, master);
	if (r == -EEXIST)
		job_refuse(verdict, PROBLEM_EXISTS,
			   "a master '%s' is known here already, or one with this key",
			   master->name);
	else if (r == ZP_EFULL)
		job_refuse(verdict, PROBLEM_BUSY, "there can't be more than %d masters",
			   REGISTRY_MASTERS_MAX);
	return verdict->is_refused ? 0 : r;
}

/* The new key takes the place of those that the master had. */
static int let_in_again(struct enrolment *enrolment, const struct registry_invitation *invitation,
			const struct job_tools *tools, struct job_verdict *verdict)
{
	struct registry_master *master = &enrolment->master;
	int r;

	r = registry_master_find_name(tools->registry, invitation->master.name, master);
	if (r == ZP_EUNKNOWN) {
		job_refuse(verdict, PROBLEM_INVITATION, "master '%s' isn't known here any more",
			   invitation->master.name);
		return 0;
	}
	if (r == 0)
		r = registry_key_check_new(tools->registry, enrolment->key.id);
	if (r == -EEXIST) {
		job_refuse(verdict, PROBLEM_EXISTS, "this key is a master's here already");
		return 0;
	}
	if (r == 0)
		r = registry_key_remove_all(tools->registry, master->id);
	if (r == 0)
		r = registry_key_add(tools->registry, master->id, enrolment->key.id);
	return r;
}

static int run_enrol(void *subject, const struct job_tools *tools, struct job_verdict *verdict)
{
	struct enrolment *enrolment = subject;
	struct registry_invitation invitation;
	int r;

	r = registry_invitation_find(tools->registry, enrolment->id, &invitation);
	if (r == ZP_EUNKNOWN ||
	    (r == 0 && invitation_check(invitation.secret, &enrolment->agent, &enrolment->key,
					enrolment->proof) < 0)) {
		job_refuse(verdict, PROBLEM_INVITATION,
			   "there is no such invitation here, or the proof is wrong");
		return 0;
	}
	if (r < 0)
		return r;
	if (*invitation.used_by)
		return repeat(enrolment, &invitation, tools, verdict);
	if (invitation.expires_at < clock_seconds()) {
		job_refuse(verdict, PROBLEM_INVITATION,
			   "the time of this invitation is over; ask for another one");
		return 0;
	}
	r = invitation.is_for_known ? let_in_again(enrolment, &invitation, tools, verdict)
				    : let_in(enrolment, &invitation, tools, verdict);
	if (r == 0 && !verdict->is_refused)
		r = registry_invitation_use(tools->registry, invitation.id, enrolment->key.id);
	return r;
}

static const struct job_act enrol = {run_enrol, free};

static int parse_enrolment(json_t *json, struct enrolment *enrolment, struct reason *why)
{
	json_t *primaries = NULL;
	const char *id, *proof, *name = NULL;
	json_error_t error;

	if (json_unpack_ex(json, &error, JSON_STRICT, "{s:s, s:s, s?s, s?o}", "invitation", &id,
			   "proof", &proof, "name", &name, "primaries", &primaries) < 0)
		return reason_fail(why, ZP_ESYNTAX, "invitation and proof are wanted: %s",
				   error.text);
	if (strlen(id) != INVITATION_ID_SIZE - 1 || strlen(proof) != INVITATION_PROOF_SIZE - 1)
		return reason_fail(why, ZP_ESYNTAX,
				   "an invitation's id has %d characters, its proof %d",
				   INVITATION_ID_SIZE - 1, INVITATION_PROOF_SIZE - 1);
	snprintf(enrolment->id, sizeof(enrolment->id), "%s", id);
	snprintf(enrolment->proof, sizeof(enrolment->proof), "%s", proof);
	if (name && !registry_is_master_name(name))
		return reason_fail(why, ZP_ESYNTAX, "'%s' can't be a master's name", name);
	if (name)
		snprintf(enrolment->master.name, sizeof(enrolment->master.name), "%s", name);
	return primaries ? settings_parse_primaries(primaries, &enrolment->master, why) : 0;
}

void resource_enrol_post(struct agent *agent, struct request *request)
{
	struct enrolment enrolment = {.key = request->caller.key};
	struct reason why;
	json_t *json;
	int r;

	(void)agent;
	if (request->caller.is_local) {
		request_fail(request, PROBLEM_NOT_FOUND,
			     "who enrols signs for it; on this socket it is POST /v1/masters");
		return;
	}
	enrolment.agent = *key_get_public(request->caller.agent_key);
	json = resource_load_json(request);
	if (!json)
		return;
	r = parse_enrolment(json, &enrolment, &why);
	json_decref(json);
	if (r < 0)
		request_fail(request, PROBLEM_MALFORMED, "%s", why.text);
	else
		resource_new_act(request, &enrol, &enrolment, sizeof(enrolment));
}

void resource_enrol_finish(struct agent *agent, struct request *request)
{
	const struct enrolment *enrolment = request->job->subject;
	const struct registry_master *master = &enrolment->master;

	(void)agent;
	/* For who reads of this request in the audit log. */
	snprintf(request->caller.name, sizeof(request->caller.name), "%s", master->name);
	if (!enrolment->was_repeated)
		log_notice("enrol: '%s' is let in by invitation %s, with key %s", master->name,
			   enrolment->id, enrolment->key.id);
	request_reply_json(request, 200,
			   json_pack("{s:s, s:o, s:o, s:o}", "name", master->name, "primaries",
				     settings_primaries_to_json(master), "tsig",
				     settings_tsig_to_json(master), "policy",
				     policy_to_json(&master->policy)));
}
