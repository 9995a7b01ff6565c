import type { Release } from '@slipway/delivery/api/release';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { configMaps, secrets } from '@slipway/kube/resources';
import { keepRequest } from '@slipway/delivery/api/requested-by';
import { isStatusReason } from '@slipway/kube/status-error';
import { connect, type Connection } from '../connection/connection.ts';
import { listReleases } from '../connection/list-releases.ts';
import { findResource } from '../connection/resources.ts';
import { describeError } from '../describe-error.ts';
import { CommandFailure, exitCodes, usageFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { explainFailure } from '../manifests/explain-refusal.ts';
import type { Manifest } from '../manifests/manifest.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import { describeDifference, isDifferent, type Difference } from '../output/difference.ts';
import { print, printList } from '../output/output.ts';
import { hideValues } from '../output/secret-values.ts';

export interface Compared {
  /** A file or directory of manifests, or an Application where versions are given. */
  readonly what: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/**
 * What a deployment would change, or what two versions of an Application differ in. As with `kubectl diff`, 1 is the answer that
 * there is a difference: a failure is another code, or a script would take a cluster that does not answer for one.
 */
export async function diff(compared: Compared, options: GlobalOptions): Promise<void> {
  try {
    if ((await compare(compared, options)) === 'different') process.exitCode = exitCodes.failure;
  } catch (error) {
    const { text, exitCode } = describeError(error);
    throw new CommandFailure(text, {
      exitCode: exitCode === exitCodes.failure ? exitCodes.trouble : exitCode,
      cause: error,
    });
  }
}

async function compare({ what, from, to }: Compared, options: GlobalOptions): Promise<'same' | 'different'> {
  if (from !== undefined && to === undefined)
    throw usageFailure(`two versions are compared: slipway diff ${what} ${from} VERSION`);
  const manifests = from === undefined ? await readManifests(what) : [];
  const connection = await connect(options);
  const differences =
    from === undefined || to === undefined
      ? await Promise.all(manifests.map((manifest) => compareWithCluster(connection, manifest)))
      : await compareVersions(connection, { application: what, from, to });
  const found = differences.filter(isDifferent);
  if (options.output !== undefined) await printList(found, options.output);
  else print(found.length === 0 ? 'No difference.' : found.map(describeDifference).join('\n'));
  return found.length === 0 ? 'same' : 'different';
}

async function compareWithCluster({ client, namespace }: Connection, manifest: Manifest): Promise<Difference> {
  const { object, source } = manifest;
  const type = await findResource(client, object, source);
  const name = object.metadata.name ?? '';
  const key = { name, ...(type.namespaced ? { namespace: object.metadata.namespace ?? namespace } : {}) };
  const live = await client.get(type, key).catch(ifThere);
  const applied = await client
    .patch(
      type,
      key,
      { type: 'apply', body: { ...object, metadata: keepRequest(object.metadata, live?.metadata) }, force: true },
      applyTrial,
    )
    .catch((error: unknown) => {
      throw explainFailure(error, manifest, key.namespace);
    });
  const [before, after] = hideValues(live && withoutServerFields(live), withoutServerFields(applied));
  return { name: `${type.kind} ${name}`, from: 'in the cluster', to: source, before, after };
}

const applyTrial = { fieldManager: 'slipway', fieldValidation: 'Strict', dryRun: true } as const;

function ifThere(error: unknown): undefined {
  if (!isStatusReason(error, 'NotFound')) throw error;
}

/** Without what the API server keeps for itself, and without what is and not what is asked for. */
function withoutServerFields(object: KubeObject): KubeObject {
  const {
    managedFields: _,
    resourceVersion: __,
    generation: ___,
    uid: ____,
    creationTimestamp: _____,
    ...metadata
  } = object.metadata;
  const { status: ______, ...rest }: KubeObject & { readonly status?: unknown } = object;
  return { ...rest, metadata };
}

interface Versions {
  readonly application: string;
  readonly from: string;
  readonly to: string;
}

/** What was asked for, and the configuration that was frozen with it, by the name that the template gives it. */
async function compareVersions(connection: Connection, versions: Versions): Promise<readonly Difference[]> {
  const { application, from, to } = versions;
  const kept = await listReleases(connection, application);
  const before = requireVersion(kept, application, from);
  const after = requireVersion(kept, application, to);
  const names = [...new Set([before, after].flatMap(({ spec }) => Object.keys(spec.frozen ?? {})))].toSorted();
  const sides = { from: `version ${from}`, to: `version ${to}` };
  const spec = { ...sides, name: `Application ${application}`, before: askedFor(before), after: askedFor(after) };
  const configuration = names.map(async (name): Promise<Difference> => {
    const [old, recent] = await Promise.all([
      readFrozen(connection, before, name),
      readFrozen(connection, after, name),
    ]);
    const [one, other] = hideValues(old, recent);
    return { ...sides, name, before: one, after: other };
  });
  return [spec, ...(await Promise.all(configuration))];
}

function requireVersion(items: readonly Release[], application: string, version: string): Release {
  const found = items.find(({ spec }) => spec.version === version);
  if (found !== undefined) return found;
  const kept = items.map(({ spec }) => spec.version).join(', ');
  throw usageFailure(
    `there is no version ${version} of "${application}"${kept === '' ? ', and no other' : `; kept are: ${kept}`}`,
  );
}

/** The frozen copies are named by their content and compared by it. */
function askedFor({ spec }: Release): object {
  const { application: _, applicationUid: __, identity: ___, frozen: ____, ...asked } = spec;
  return asked;
}

const configurationKinds: Readonly<Record<string, ResourceType>> = { ConfigMap: configMaps, Secret: secrets };

async function readFrozen(
  { client, namespace }: Connection,
  { spec }: Release,
  reference: string,
): Promise<KubeObject | undefined> {
  const [kind = ''] = reference.split('/');
  const type = configurationKinds[kind];
  const name = spec.frozen?.[reference];
  if (type === undefined || name === undefined) return undefined;
  const copy = await client.get(type, { namespace, name }).catch(ifThere);
  if (copy === undefined) return undefined;
  const { apiVersion: _, metadata: __, ...content } = copy;
  return { ...content, kind, metadata: { name } };
}
