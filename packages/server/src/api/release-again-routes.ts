import { applications, type Application } from '@slipway/delivery/api/application';
import type { Release } from '@slipway/delivery/api/release';
import { isStatusReason } from '@slipway/kube/status-error';
import Type from 'typebox';
import { findRecord, listRecords, type ReleaseRecord } from '../history/read-history.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { optional } from '../optional.ts';
import { answerOnceByMark, onceDescription } from './answer-once.ts';
import { awaitRelease, rememberReleases } from './await-release.ts';
import { IdempotencyHeaders } from './create-once.ts';
import { ObjectParams, problems } from './schemas.ts';
import { etagOf, notFound, writeApplication, type ApplicationKey } from './write-application.ts';

/** The way back to what the cluster has forgotten: history has the template that was asked for. */
export function addReleaseAgainRoutes(app: App, context: ServerContext): void {
  app.post(
    '/api/v1/namespaces/:namespace/releases/:name/again',
    {
      config: { access: { type: 'namespace', permission: 'operate' } },
      schema: {
        tags: ['releases'],
        summary: 'Release again what a release that the cluster has forgotten had asked for',
        description: `The template of its Application becomes that of the release, and its version too, where versions are given and not counted; all else, and the configuration that the template refers to, is as it is now. ${onceDescription}`,
        params: ObjectParams,
        headers: IdempotencyHeaders,
        response: {
          202: Type.Object({
            namespace: Type.String(),
            application: Type.String(),
            version: Type.Optional(Type.String({ description: 'Absent: the next number.' })),
            release: Type.Optional(
              Type.String({ description: 'The Release that it began, where it is there already.' }),
            ),
          }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { namespace, name } = request.params;
      const record = await findRecord(context.database, { namespace, name });
      if (record === undefined) throw new Problem(404, `there is no release ${name} in namespace ${namespace}`);
      const begun = await answerOnceByMark(request, context, (mark) =>
        releaseAgain(record, { by: request.principal.name, mark }, context),
      );
      const place = begun.release === undefined ? `applications/${begun.application}` : `releases/${begun.release}`;
      return reply.code(202).header('location', `/api/v1/namespaces/${namespace}/${place}`).send(begun);
    },
  );
}

/** By which a request that has released again and comes again is known. */
const markAnnotation = 'slipway.dev/released-again-under';

/** Others write meanwhile: the controller its status, people their changes. */
const maximumAttempts = 10;

interface Asked {
  readonly by: string;
  readonly mark: string | undefined;
}

async function releaseAgain(record: ReleaseRecord, asked: Asked, context: ServerContext) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptAgain(record, asked, context);
    } catch (error) {
      // It was written since it was read, of which whoever asked has said nothing.
      const isOvertaken = error instanceof Problem && error.status === 412;
      if (!isOvertaken || attempt === maximumAttempts) throw error;
    }
  }
}

async function attemptAgain(record: ReleaseRecord, { by, mark }: Asked, context: ServerContext) {
  const { namespace, application: name, version: recorded, release } = record;
  const key = { namespace, name };
  // Before the Application is read: whoever has begun that Release has left his mark by then.
  const isThere = isKept(key, recorded, context);
  const current = await readApplication(key, context);
  const wasDone = mark !== undefined && current.metadata.annotations?.[markAnnotation] === mark;
  if (!wasDone) requireReleasable(record, { current, isThere });
  const { version, ...spec } = current.spec;
  const named = version === undefined || version === '#' ? version : release.spec.version;
  const about = { namespace, application: name, ...optional('version', named === '#' ? undefined : named) };
  if (wasDone) {
    const begun = findKept(key, recorded, context);
    return { ...about, ...optional('release', begun?.metadata.name) };
  }
  const wanted = { ...spec, ...optional('version', named), template: release.spec.template };
  const before = rememberReleases(key, context);
  const written = await writeApplication(
    { ...key, spec: wanted, ...optional('annotations', mark === undefined ? undefined : { [markAnnotation]: mark }) },
    { type: 'match', etag: etagOf(current) },
    { client: context.client, dryRun: false, requestedBy: by },
  );
  const begun = await awaitRelease(written, before, context);
  return { ...about, ...optional('release', begun?.metadata.name) };
}

async function readApplication(key: ApplicationKey, { client }: ServerContext): Promise<Application> {
  try {
    return await client.get(applications, { namespace: key.namespace, name: key.name });
  } catch (error) {
    throw isStatusReason(error, 'NotFound') ? notFound(key) : error;
  }
}

function requireReleasable(
  { application, version }: ReleaseRecord,
  { current, isThere }: { readonly current: Application; readonly isThere: boolean },
): void {
  if (isThere)
    throw new Problem(409, `the cluster still has version ${version} of ${application}: roll back to it, or retry it`);
  const { workloadRef } = current.spec;
  if (workloadRef !== undefined)
    throw new Problem(
      409,
      `the template of ${application} stands in ${workloadRef.kind} ${workloadRef.name}: change it there`,
    );
}

/** The cluster has a Release of that version. */
function isKept(key: ApplicationKey, version: string, context: ServerContext): boolean {
  return findKept(key, version, context) !== undefined;
}

function findKept({ namespace, name }: ApplicationKey, version: string, { view }: ServerContext): Release | undefined {
  return view.releases.byIndex('application', `${namespace}/${name}`).find(({ spec }) => spec.version === version);
}

/** Rejects with the way back where only history knows the version: no controller can go back to it. */
export async function requireReturnable(key: ApplicationKey, version: string, context: ServerContext): Promise<void> {
  if (isKept(key, version, context)) return;
  const { namespace, name } = key;
  const [record] = await listRecords(
    context.database,
    { namespaces: [namespace], application: name, version },
    { limit: 1 },
  );
  // Of one that nobody knows the controller says which there are.
  if (record?.deletedAt === undefined) return;
  throw new Problem(
    409,
    `the cluster has forgotten version ${version} of ${name} (spec.history.limit says how many it keeps): POST /api/v1/namespaces/${namespace}/releases/${record.name}/again releases it again, with the configuration as it is now`,
  );
}
