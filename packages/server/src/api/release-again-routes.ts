import { applications, type Application, type ApplicationSpec } from '@slipway/delivery/api/application';
import type { Release, ReleaseSpec } from '@slipway/delivery/api/release';
import { isSameJson } from '@slipway/kube/json-equality';
import { isStatusReason } from '@slipway/kube/status-error';
import Type, { type Static } from 'typebox';
import { findRecord, listRecords, type ReleaseRecord } from '../history/read-history.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { optional } from '../optional.ts';
import { answerOnceByMark, onceDescription } from './answer-once.ts';
import { awaitRelease, rememberReleases, type ReleasesBefore } from './await-release.ts';
import { IdempotencyHeaders } from './create-once.ts';
import { ObjectParams, problems } from './schemas.ts';
import { etagOf, notFound, writeApplication, type ApplicationKey, type Written } from './write-application.ts';

const BegunSchema = Type.Object({
  namespace: Type.String(),
  application: Type.String(),
  version: Type.Optional(Type.String({ description: 'Absent: the next number.' })),
  release: Type.Optional(Type.String({ description: 'The Release that it began, where it is there already.' })),
  changedConfiguration: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'What it runs with that is not as it was then, such as ConfigMap/settings: what it holds has changed, or it was given to one of both alone. Absent where the Release is not there yet.',
    }),
  ),
});
type Begun = Static<typeof BegunSchema>;

/** The way back to what the cluster has forgotten: history has the template that was asked for. */
export function addReleaseAgainRoutes(app: App, context: ServerContext): void {
  app.post(
    '/api/v1/namespaces/:namespace/releases/:name/again',
    {
      config: { access: { type: 'namespace', permission: 'operate' } },
      schema: {
        tags: ['releases'],
        summary: 'Release again what a release that the cluster has forgotten had asked for',
        description: `What says how the version runs becomes that of the release: template, environmentFrom and healthCheck of its Application, and its version too, where versions are given and not counted. All else is as it is now, and so is what the ConfigMaps and Secrets hold that the template refers to: the copies of then went with the release, and nobody keeps secrets of before. Which of them hold something else the answer says. ${onceDescription}`,
        params: ObjectParams,
        headers: IdempotencyHeaders,
        response: {
          202: BegunSchema,
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { namespace, name } = request.params;
      const record = await findForgotten({ namespace, name }, context);
      return await answerOnceByMark({ request, reply }, context, {
        create: (mark) => releaseAgain(record, { by: request.principal.name, mark }, context),
        answer: (begun) => {
          const place = begun.release === undefined ? `applications/${begun.application}` : `releases/${begun.release}`;
          return { status: 202, location: `/api/v1/namespaces/${namespace}/${place}`, body: begun };
        },
      });
    },
  );
}

/** Where it was released again already, that one bears its name too: what is meant is the one before. */
async function findForgotten(key: ApplicationKey, { database }: ServerContext): Promise<ReleaseRecord> {
  const { namespace, name } = key;
  const newest = await findRecord(database, { namespace, name });
  if (newest === undefined) throw new Problem(404, `there is no release ${name} in namespace ${namespace}`);
  if (newest.deletedAt !== undefined) return newest;
  const { application, version } = newest;
  const [, before] = await listRecords(database, { namespaces: [namespace], application, version }, { limit: 2 });
  return before?.name === name ? before : newest;
}

/** By which a request that has released again and comes again is known. */
const markAnnotation = 'slipway.dev/released-again-under';
/** Uids of the Releases that there were then: none of them is the one that it began. */
const besideAnnotation = 'slipway.dev/released-again-beside';

/** Others write meanwhile: the controller its status, people their changes. */
const maximumAttempts = 10;

interface Asked {
  readonly by: string;
  readonly mark: string | undefined;
}

async function releaseAgain(record: ReleaseRecord, asked: Asked, context: ServerContext): Promise<Begun> {
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

async function attemptAgain(record: ReleaseRecord, { by, mark }: Asked, context: ServerContext): Promise<Begun> {
  const { namespace, application: name, version: recorded, release } = record;
  const key = { namespace, name };
  // Before the Application is read: whoever has begun that Release has left his mark by then.
  const isThere = isKept(key, recorded, context);
  const before = rememberReleases(key, context);
  const current = await readApplication(key, context);
  const isCounted = isCountedVersion(current.spec);
  if (mark !== undefined && current.metadata.annotations?.[markAnnotation] === mark) {
    const begun = findBegun(record, current, context) ?? (await awaitRelease(asWritten(current), before, context));
    return describeBegun(record, begun, isCounted);
  }
  requireReleasable(record, { current, isThere });
  const wanted = { ...askFor(current.spec, release.spec), ...(isCounted ? {} : { version: release.spec.version }) };
  const written = await writeApplication(
    { ...key, spec: wanted, ...optional('annotations', mark === undefined ? undefined : markOf(mark, before)) },
    { type: 'match', etag: etagOf(current) },
    { client: context.client, dryRun: false, requestedBy: by },
  );
  return describeBegun(record, await awaitRelease(written, before, context), isCounted);
}

/** As the request that came before has written it, or as it was written since. */
function asWritten(application: Application): Written {
  return { application, generationBefore: undefined, wasThere: true };
}

/** What says how the version runs is as it was, with what a release of that version would have been given. */
function askFor(now: ApplicationSpec, release: ReleaseSpec): ApplicationSpec {
  const { environmentFrom: _, healthCheck: __, ...kept } = now;
  return { ...kept, ...askedBy(release) };
}

function askedBy({ template, environmentFrom, healthCheck }: ReleaseSpec) {
  return { template, ...optional('environmentFrom', environmentFrom), ...optional('healthCheck', healthCheck) };
}

function markOf(mark: string, before: ReleasesBefore): Readonly<Record<string, string>> {
  return { [markAnnotation]: mark, [besideAnnotation]: [...before].join(',') };
}

/**
 * The first that was made since. A counted version has another number than it had; one before it may have asked for the
 * same, with other configuration.
 */
function findBegun({ release, ...record }: ReleaseRecord, { metadata, spec }: Application, { view }: ServerContext) {
  const noted = metadata.annotations?.[besideAnnotation]?.split(',');
  const beside = new Set(noted);
  const isCounted = isCountedVersion(spec);
  // Servers of before left the mark alone: the newest is the likeliest.
  const place = noted === undefined ? -1 : 0;
  return view.releases
    .byIndex('application', `${record.namespace}/${record.application}`)
    .filter(({ metadata: { uid = '' } }) => !beside.has(uid))
    .filter((each) =>
      isCounted ? isSameJson(askedBy(each.spec), askedBy(release.spec)) : each.spec.version === record.version,
    )
    .toSorted(byCreation)
    .at(place);
}

function isCountedVersion({ version }: ApplicationSpec): boolean {
  return version === undefined || version === '#';
}

/** Known to the second; numbers are counted up. */
function byCreation(one: Release, other: Release): number {
  const createdAt = ({ metadata }: Release): string => metadata.creationTimestamp ?? '';
  return (
    createdAt(one).localeCompare(createdAt(other)) ||
    one.spec.version.localeCompare(other.spec.version, 'en', { numeric: true })
  );
}

function describeBegun(
  { namespace, application, release }: ReleaseRecord,
  begun: Release | undefined,
  isCounted: boolean,
): Begun {
  return {
    namespace,
    application,
    ...optional('version', isCounted ? undefined : release.spec.version),
    ...optional('release', begun?.metadata.name),
    ...optional('changedConfiguration', begun && [...listChanged(release.spec.frozen, begun.spec.frozen)]),
  };
}

/** Copies are named by their content. */
function listChanged(then: ReleaseSpec['frozen'] = {}, now: ReleaseSpec['frozen'] = {}): readonly string[] {
  return [...new Set([...Object.keys(then), ...Object.keys(now)])]
    .filter((part) => then[part] !== now[part])
    .toSorted();
}

async function readApplication(key: ApplicationKey, { client }: ServerContext): Promise<Application> {
  try {
    return await client.get(applications, { namespace: key.namespace, name: key.name });
  } catch (error) {
    throw isStatusReason(error, 'NotFound') ? notFound(key) : error;
  }
}

function requireReleasable(
  { namespace, name, application, version }: ReleaseRecord,
  { current, isThere }: { readonly current: Application; readonly isThere: boolean },
): void {
  if (isThere)
    throw new Problem(409, `the cluster still has version ${version} of ${application}: roll back to it, or retry it`);
  const { workloadRef } = current.spec;
  if (workloadRef !== undefined)
    throw new Problem(
      409,
      `the template of ${application} stands in ${workloadRef.kind} ${workloadRef.name}, which is somebody else's and which the server has no right to change: put spec.template of GET /api/v1/namespaces/${namespace}/releases/${name} there, and the controller releases it`,
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
