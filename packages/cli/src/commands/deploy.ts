import { userInfo } from 'node:os';
import { claimRequest, keepRequest } from '@slipway/delivery/api/requested-by';
import { findMissing } from '@slipway/delivery/api/find-missing';
import type { KubeObject, ObjectKey, ResourceType } from '@slipway/kube/object';
import { absentAsUndefined } from '@slipway/kube/status-error';
import { connect, type Connection } from '../connection/connection.ts';
import { listReleases } from '../connection/list-releases.ts';
import { findResource } from '../connection/resources.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { isSameContent } from '../install/write-manifests.ts';
import {
  checkChanges,
  describeDropped,
  isApplication,
  withChanges,
  type ApplicationChanges,
} from '../manifests/application-changes.ts';
import { findFaults, isReadable } from '../manifests/application-faults.ts';
import { checkVersion, requireFit, requireNoFaults, requireTaken } from '../manifests/check-application.ts';
import { explainFailure } from '../manifests/explain-refusal.ts';
import { frozenOf } from '../manifests/frozen-of.ts';
import type { Manifest } from '../manifests/manifest.ts';
import { describePath, readManifests } from '../manifests/read-manifests.ts';
import { note, print, printObjects } from '../output/output.ts';
import type { Goal } from '../output/release-outcome.ts';
import { waitForRelease } from '../output/wait-for-release.ts';
import type { GlobalOptions } from '../global-options.ts';

export interface DeployOptions extends GlobalOptions, ApplicationChanges {
  readonly wait?: Goal;
  readonly timeout?: number;
  readonly dryRun: boolean;
}

interface Planned {
  readonly manifest: Manifest;
  readonly type: ResourceType;
  /** An Application that is there. */
  readonly before?: KubeObject | undefined;
}

const fieldManager = 'slipway';

/** Everything is tried before anything is written: a fault in the last document leaves the first one undone too. */
export async function deploy(path: string, options: DeployOptions): Promise<void> {
  if (options.timeout !== undefined && options.wait === undefined)
    throw usageFailure('--timeout says how long --wait waits: give both, such as --wait --timeout 120');
  if (options.dryRun && options.wait !== undefined)
    throw usageFailure('--dry-run begins no release that --wait could wait for: give one of the two');
  const manifests = await readChanged(path, options);
  const connection = await connect(options);
  const planned = await Promise.all(manifests.map((manifest) => plan(connection, manifest)));
  const tried: KubeObject[] = [];
  for (const each of planned) tried.push(await tryOut(connection, each));
  if (options.dryRun) {
    await tellTrial(connection, planned, { tried, output: options.output });
    return requireNothingMissing(connection, tried);
  }
  const applied: KubeObject[] = [];
  for (const [index, each] of planned.entries()) applied.push(await apply(connection, each, tried[index]));
  if (options.output !== undefined) await printObjects(applied, options.output);
  else for (const object of applied) print(`${nameOf(object)} applied`);
  if (options.wait === undefined) return;
  for (const application of applied.filter(isApplication))
    await waitForRelease(connection, { application, configuration: frozenOf(application, applied) }, options);
}

async function plan(connection: Connection, manifest: Manifest): Promise<Planned> {
  const type = await findResource(connection.client, manifest.object, manifest.source);
  if (!isApplication(manifest.object)) return { manifest, type };
  const before = await absentAsUndefined(connection.client.get(type, keyIn(connection, manifest, type)));
  return { manifest, type, before };
}

/** The manifests with what the command line says above them. Throws where that cannot come to a release. */
async function readChanged(path: string, options: DeployOptions): Promise<readonly Manifest[]> {
  const written = await readManifests(path);
  // What is changed must be readable first.
  for (const { object, source } of written)
    if (isApplication(object) && !isReadable(object)) requireNoFaults(object, await findFaults(object), source);
  const objects = written.map(({ object }) => object);
  checkChanges(objects, options, describePath(path));
  const manifests = written.map((manifest) => changed(manifest, options));
  for (const { object, source } of manifests) if (isApplication(object)) await requireFit(object, source, options);
  const found = objects.filter(isApplication);
  for (const application of found) describeDropped(application, options).forEach(note);
  if (options.wait !== undefined && found.length === 0)
    note(`${describePath(path)} holds no Application: there is no release to wait for.`);
  return manifests;
}

function changed({ source, object }: Manifest, options: DeployOptions): Manifest {
  return { source, object: isApplication(object) ? withChanges(object, options) : object };
}

async function tryOut(connection: Connection, planned: Planned): Promise<KubeObject> {
  const object = await apply(connection, planned, undefined);
  if (!isApplication(object)) return object;
  const { source } = planned.manifest;
  await checkVersion(connection, object, source);
  await requireTaken(connection.client, object, source);
  return object;
}

interface Trial {
  /** In the order of what was planned. */
  readonly tried: readonly KubeObject[];
  readonly output: GlobalOptions['output'];
}

async function tellTrial(connection: Connection, planned: readonly Planned[], { tried, output }: Trial): Promise<void> {
  if (output !== undefined) return printObjects(tried, output);
  for (const [index, { manifest, type }] of planned.entries()) {
    const before = await absentAsUndefined(connection.client.get(type, keyIn(connection, manifest, type)));
    const after = tried[index] ?? manifest.object;
    print(`${nameOf(after)} ${describeChange(before, after)}`);
  }
  return print('Nothing was written.');
}

/** A manifest without a fault can be applied; the version in it would wait. */
async function requireNothingMissing(connection: Connection, tried: readonly KubeObject[]): Promise<void> {
  const lacking: string[] = [];
  for (const application of tried.filter(isApplication)) {
    const { name = '', namespace = '' } = application.metadata;
    const releases = await listReleases({ client: connection.client, namespace }, name);
    const { lacks, unread } = await findMissing(application, { client: connection.client, releases, beside: tried });
    if (unread.length > 0)
      note(`Whether ${nameOf(application)} finds what it needs is not known: you may not read ${unread.join(', ')}.`);
    if (lacks.length > 0)
      lacking.push(`${nameOf(application)} would not be released:`, ...lacks.map((lack) => `  ${lack}`));
  }
  if (lacking.length > 0) throw new CommandFailure(lacking.join('\n'));
}

function describeChange(before: KubeObject | undefined, after: KubeObject): string {
  if (before === undefined) return 'would be created';
  return isSameContent(before, after) ? 'would stay as it is' : 'would be changed';
}

/** `application/shop` */
function nameOf({ kind = '', metadata }: KubeObject): string {
  return `${kind.toLowerCase()}/${metadata.name ?? ''}`;
}

function keyIn({ namespace }: Connection, { object: { metadata } }: Manifest, { namespaced }: ResourceType): ObjectKey {
  return { name: metadata.name ?? '', ...(namespaced ? { namespace: metadata.namespace ?? namespace } : {}) };
}

/** Tries it where `tried` does not say yet how it would be. */
async function apply(
  connection: Connection,
  { manifest, type, before }: Planned,
  tried: KubeObject | undefined,
): Promise<KubeObject> {
  const key = keyIn(connection, manifest, type);
  const dryRun = tried === undefined;
  const body = isApplication(manifest.object) ? withAsker(manifest.object, before, tried) : manifest.object;
  const patch = { type: 'apply' as const, body, force: true };
  try {
    return await connection.client.patch(type, key, patch, { fieldManager, fieldValidation: 'Strict', dryRun });
  } catch (error) {
    throw explainFailure(error, manifest, key.namespace);
  }
}

/** Whoever types this asks for the release that it begins. */
function withAsker(object: KubeObject, before: KubeObject | undefined, tried: KubeObject | undefined): KubeObject {
  const { metadata } = object;
  if (tried === undefined) return { ...object, metadata: keepRequest(metadata, before?.metadata) };
  const claim = { before: before?.metadata, tried: tried.metadata, by: userInfo().username };
  return { ...object, metadata: claimRequest(metadata, claim) };
}
