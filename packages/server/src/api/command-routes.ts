import { chooseApproval, isApproved } from '@slipway/delivery/api/awaited-approvals';
import { releaseApprovals, type ReleaseApproval } from '@slipway/delivery/api/release-approval';
import type { Release } from '@slipway/delivery/api/release';
import { createCommand, releaseCommands, verbs, type CommandOutcome } from '@slipway/delivery/api/release-command';
import { isStatusReason } from '@slipway/kube/status-error';
import Type, { type Static } from 'typebox';
import type { App } from '../http/build-app.ts';
import { findCommand } from '../history/read-history.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { findOutcome } from '../view/command-outcome.ts';
import { claimName, createOnce, IdempotencyHeaders, nameAsked, otherRequest, wasClaimed } from './create-once.ts';
import { requireReturnable } from './release-again-routes.ts';
import { Name, ObjectParams, problems, Version } from './schemas.ts';
import { notFound, type ApplicationKey } from './write-application.ts';

const tags = ['commands'];
const Reason = Type.Optional(Type.String({ maxLength: 1_000 }));

const CommandSchema = Type.Object({
  name: Type.String(),
  outcome: Type.Enum(['waiting', 'accepted', 'refused', 'undone']),
  message: Type.Optional(Type.String()),
});

/** What people ask of releases. Each becomes an object in the cluster, of which the controller says what came of it. */
export function addCommandRoutes(app: App, context: ServerContext): void {
  addCommanding(app, context);
  addOutcomes(app, context);
  addApproving(app, context);
}

function addCommanding(app: App, context: ServerContext): void {
  const { client, random } = context;

  app.post(
    '/api/v1/namespaces/:namespace/applications/:name/commands',
    {
      config: { access: { type: 'namespace', permission: 'operate' } },
      schema: {
        tags,
        summary: 'Promote, pause, resume, abort, retry, roll back or undo',
        description:
          'With an `Idempotency-Key` a request that is sent again is the same command, and no second one; another request under the same key is refused.',
        params: ObjectParams,
        headers: IdempotencyHeaders,
        body: Type.Object(
          {
            verb: Type.Enum([...verbs]),
            version: Type.Optional(
              Type.String({ ...Version, description: 'Of rollback: absent is the previous stable one.' }),
            ),
            reason: Reason,
          },
          { additionalProperties: false },
        ),
        response: { 202: CommandSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { namespace, name: application } = request.params;
      requireApplication(context, request.params);
      const { verb, version, reason } = request.body;
      if (version !== undefined && verb !== 'rollback')
        throw new Problem(422, `only rollback takes a version, not ${verb}`, {
          errors: [{ field: 'body/version', message: 'is for rollback alone' }],
        });
      const { principal } = request;
      const key = request.headers['idempotency-key'];
      const name = nameAsked({ about: application, what: verb, key, principal, random });
      reply.header('location', `/api/v1/namespaces/${namespace}/applications/${application}/commands/${name}`);
      const known = key === undefined ? undefined : await readOutcome(context, request.params, name);
      // What was carried out already is not held against what has become of it since.
      if (known === undefined && version !== undefined) await requireReturnable(request.params, version, context);
      if (key !== undefined) await claimName(context, { namespace, name }, { verb, version, reason });
      if (known !== undefined) return reply.code(202).send(repeat(known, verb));
      const asked = { namespace, name, version, reason, requestedBy: principal.name };
      const command = createCommand(verb, application, asked);
      await createOnce(client, releaseCommands, command);
      return reply.code(202).send({ name, outcome: 'waiting' });
    },
  );
}

function addOutcomes(app: App, context: ServerContext): void {
  const { client } = context;

  app.get(
    '/api/v1/namespaces/:namespace/applications/:name/commands/:command',
    {
      config: { access: { type: 'namespace', permission: 'view' } },
      schema: {
        tags,
        summary: 'What came of a command',
        params: Type.Object({ namespace: Name, name: Name, command: Name }),
        response: { 200: CommandSchema, ...problems },
      },
    },
    async ({ params }) => {
      const { namespace, name: application, command: name } = params;
      const outcome = await readOutcome(context, params, name);
      if (outcome !== undefined) return { name, outcome: outcome.outcome, message: outcome.message };
      try {
        await client.get(releaseCommands, { namespace, name });
        return { name, outcome: 'waiting' as const };
      } catch (error) {
        if (!isStatusReason(error, 'NotFound')) throw error;
        throw new Problem(404, `${application} was never given a command ${name}, or too many since`, { cause: error });
      }
    },
  );
}

/** The cluster tells of the last commands of what it still has. */
async function readOutcome(
  { view, database }: ServerContext,
  application: ApplicationKey,
  command: string,
): Promise<CommandOutcome | undefined> {
  return findOutcome(view, application, command) ?? (await findCommand(database, application, command));
}

function addApproving(app: App, context: ServerContext): void {
  const { client, view, random } = context;

  app.post(
    '/api/v1/namespaces/:namespace/releases/:name/approvals',
    {
      config: { access: { type: 'namespace', permission: 'approve' } },
      schema: {
        tags,
        summary: 'Agree to a release that waits for an approval, or is going to',
        description:
          'An approval that the release has no hook for is answered 422, and one that it waits for no more 409: it was given, or not in time, or the release has ended or goes back.',
        params: ObjectParams,
        headers: IdempotencyHeaders,
        body: Type.Object({ hook: Name, reason: Reason }, { additionalProperties: false }),
        response: { 202: Type.Object({ name: Type.String() }), ...problems },
      },
    },
    async (request, reply) => {
      const { namespace, name: release } = request.params;
      const { hook, reason } = request.body;
      const found = view.releases.get({ namespace, name: release });
      if (found === undefined) throw new Problem(404, `there is no release ${release} in namespace ${namespace}`);
      requireApprovalHook(found, hook);
      const { application } = found.spec;
      const { principal } = request;
      const key = request.headers['idempotency-key'];
      // What came of it is told by the gates of the release.
      reply.header('location', `/api/v1/namespaces/${namespace}/releases/${release}`);
      const name = nameAsked({ about: release, what: hook, key, principal, random });
      // Of this attempt: what was meant for one before, and comes again, agrees to nothing that has come since.
      const asked = { hook, reason, attempt: found.status?.attempts?.at(-1)?.number ?? 1 };
      const isRepeated = key !== undefined && (await wasClaimed(context, { namespace, name }, asked));
      const choice = chooseApproval(found, hook);
      if ('fault' in choice) {
        // What was given already is not held against what has become of the release since. It may have failed, too.
        if (isRepeated && isApproved(found, hook)) return reply.code(202).send({ name });
        throw new Problem(409, `${choice.fault}. Nothing was approved.`);
      }
      if (key !== undefined) await claimName(context, { namespace, name }, asked);
      const approvedBy = principal.name;
      const approval: ReleaseApproval = {
        apiVersion: 'slipway.dev/v1alpha1',
        kind: 'ReleaseApproval',
        metadata: { namespace, name, labels: { 'slipway.dev/application': application } },
        spec: { application, release, hook, approvedBy, ...(reason === undefined ? {} : { reason }) },
      };
      await createOnce(client, releaseApprovals, approval);
      return reply.code(202).send({ name });
    },
  );
}

/** An approval of anything else would be waited for by nobody, and who gave it would not hear of that. */
function requireApprovalHook({ metadata, spec }: Release, hook: string): void {
  const names = Object.values(spec.hooks ?? {}).flatMap((hooks = []) =>
    hooks.filter(({ approval }) => approval !== undefined).map(({ name }) => name),
  );
  if (names.includes(hook)) return;
  const wanted = names.length === 0 ? 'it needs none' : `it needs ${names.join(', ')}`;
  throw new Problem(422, `release ${metadata.name ?? ''} has no approval ${hook}: ${wanted}`, {
    errors: [{ field: 'body/hook', message: `is no approval of the release: ${wanted}` }],
  });
}

/** It was carried out already, and is answered with what came of it. */
function repeat({ name, verb, outcome, message }: CommandOutcome, asked: string): Static<typeof CommandSchema> {
  if (verb !== asked) throw otherRequest();
  return { name, outcome, message };
}

function requireApplication({ view }: ServerContext, { namespace, name }: ApplicationKey): void {
  if (view.applications.get({ namespace, name }) === undefined) throw notFound({ namespace, name });
}
