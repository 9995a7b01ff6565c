import { applications, type Application } from '@slipway/delivery/api/application';
import type { Release } from '@slipway/delivery/api/release';
import type { ConfigMap, Secret } from '@slipway/kube/api.generated';
import { absentAsUndefined, isStatusReason } from '@slipway/kube/status-error';
import { connect, type Connection } from '../connection/connection.ts';
import { listReleases } from '../connection/list-releases.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { findFaults } from '../manifests/application-faults.ts';
import { checkVersion, requireNoFaults, requireTaken } from '../manifests/check-application.ts';
import { createNeeded, findNeeded, readNeeded, type Needed } from '../manifests/carry-configuration.ts';
import { carryVersion } from '../manifests/carry-version.ts';
import { explainFailure } from '../manifests/explain-refusal.ts';
import { parseTarget } from '../manifests/parse-target.ts';
import { describeDifference, isDifferent, type Difference } from '../output/difference.ts';
import { note, print, printList, printObjects } from '../output/output.ts';
import type { Goal } from '../output/release-outcome.ts';
import { hideValues } from '../output/secret-values.ts';
import { waitForRelease } from '../output/wait-for-release.ts';

export interface CopyOptions extends GlobalOptions {
  readonly to: string;
  readonly version?: string;
  readonly host: readonly string[];
  readonly withConfiguration: boolean;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly wait?: Goal;
  readonly timeout?: number;
}

/** Everything that is to be written at the other place. */
interface Copy {
  readonly source: Connection;
  readonly target: Connection;
  readonly release: Release;
  readonly existing: Application | undefined;
  readonly application: Application;
  readonly configuration: readonly (ConfigMap | Secret)[];
}

const fieldManager = 'slipway';

/** Carries a version from one namespace or cluster to another. Everything is tried before anything is written. */
export async function copy(name: string, options: CopyOptions): Promise<void> {
  checkOptions(options);
  const planned = await planCopy(name, options);
  const trial = await write(planned, { dryRun: true });
  await tryVersion(planned, trial);
  if (options.dryRun) return printDifferences(planned, trial, options);
  for (const object of planned.configuration) {
    await createNeeded(planned.target, object, { dryRun: false });
    if (options.output === undefined)
      print(`${(object.kind ?? '').toLowerCase()}/${object.metadata.name ?? ''} created`);
  }
  const applied = await write(planned, { dryRun: false });
  if (options.output !== undefined) await printObjects([applied], options.output);
  else
    print(`version ${planned.release.spec.version} of ${name} copied to ${describePlace(planned.target, options.to)}`);
  if (options.wait !== undefined) await waitForRelease(planned.target, { application: applied }, options);
}

function checkOptions({ timeout, wait, dryRun }: CopyOptions): void {
  if (timeout !== undefined && wait === undefined)
    throw usageFailure('--timeout says how long --wait waits: give both, such as --wait --timeout 120');
  if (dryRun && wait !== undefined)
    throw usageFailure('--dry-run releases nothing, and so there is nothing to wait for: leave out one of the two');
}

async function planCopy(name: string, options: CopyOptions): Promise<Copy> {
  const { context, namespace } = parseTarget(options.to);
  const [source, target] = await Promise.all([
    connect(options),
    connect({ kubeconfig: options.kubeconfig, context: context ?? options.context, namespace }),
  ]);
  if (source.server === target.server && source.namespace === target.namespace)
    throw usageFailure(`--to ${options.to} is where ${name} is already: name another namespace, or another context`);
  const from = await readSource(source, name);
  const release = await chooseRelease(source, from, options);
  const existing = await readApplication(target, name);
  const { spec, notes } = carryVersion({ release, source: from, existing, hosts: options.host });
  const configuration = await planConfiguration({ source, target, release }, spec, options);
  for (const sentence of notes) note(`${name}: ${sentence}.`);
  const application: Application = {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: applications.kind,
    metadata: existing?.metadata ?? newMetadata(from, target.namespace),
    spec,
  };
  return { source, target, release, existing, application, configuration };
}

function newMetadata({ metadata: { name, labels: own } }: Application, namespace: string): Application['metadata'] {
  return { name, namespace, ...(own === undefined ? {} : { labels: own }) };
}

async function readSource(source: Connection, name: string): Promise<Application> {
  const found = await readApplication(source, name);
  if (found !== undefined) return found;
  throw new CommandFailure(`There is no Application "${name}" in namespace ${source.namespace}.`);
}

function readApplication({ client, namespace }: Connection, name: string): Promise<Application | undefined> {
  return absentAsUndefined(client.get(applications, { namespace, name }));
}

/** The version that serves, or the one that is named; only what has proven itself, unless somebody insists. */
async function chooseRelease(source: Connection, from: Application, options: CopyOptions): Promise<Release> {
  const { name = '' } = from.metadata;
  const kept = await listReleases(source, name);
  const { serving } = from.status ?? {};
  const found = kept.find(({ metadata, spec }) =>
    options.version === undefined ? metadata.name === serving?.release : spec.version === options.version,
  );
  if (found === undefined) {
    const versions = kept.map(({ spec }) => spec.version).join(', ') || '(none)';
    const what = options.version === undefined ? 'no version that serves' : `no version ${options.version}`;
    throw usageFailure(
      `${name} has ${what} in namespace ${source.namespace}; kept are: ${versions}. Name one with --version`,
    );
  }
  const phase = found.status?.phase ?? 'Pending';
  if (phase === 'Succeeded' || options.force) return found;
  throw new CommandFailure(
    `version ${found.spec.version} of ${name} is ${phase} and has not succeeded in namespace ${source.namespace}.\n` +
      'Wait until its guard has ended, or copy it all the same with --force.',
  );
}

type Places = Pick<Copy, 'source' | 'target' | 'release'>;

async function planConfiguration(
  { source, target, release }: Places,
  spec: Application['spec'],
  { withConfiguration, to }: CopyOptions,
): Promise<readonly (ConfigMap | Secret)[]> {
  const place = describePlace(target, to);
  const { copyable, live, different } = await findNeeded(spec, release, target);
  for (const key of different) note(`${key} has other content in ${place}, and stays as it is there.`);
  const missing = [...live, ...(withConfiguration ? [] : copyable.map(keyOfNeeded))];
  if (missing.length > 0) {
    const copied = !withConfiguration && copyable.length > 0;
    throw new CommandFailure(
      [
        `version ${release.spec.version} refers to what does not exist in ${place}:`,
        ...missing
          .toSorted()
          .map((key) => `  ${key}${live.includes(key) ? ' (read where it stands, and never copied)' : ''}`),
        copied
          ? 'Nothing was changed. Create it there, or copy what was frozen with the version with --with-configuration.'
          : 'Nothing was changed. Create it there.',
      ].join('\n'),
    );
  }
  return Promise.all(copyable.map((needed) => requireNeeded(needed, { source, target, release })));
}

async function requireNeeded(needed: Needed, { source, target, release }: Places): Promise<ConfigMap | Secret> {
  const object = await readNeeded(needed, source, target.namespace);
  if (object !== undefined) return object;
  throw new CommandFailure(
    `the copy of ${keyOfNeeded(needed)} that version ${release.spec.version} was frozen with is gone from namespace ${source.namespace}: create ${keyOfNeeded(needed)} in namespace ${target.namespace} yourself`,
  );
}

function keyOfNeeded({ reference: { kind, name } }: Needed): string {
  return `${kind}/${name}`;
}

/** Whole, by the resourceVersion that it was decided on: what the version does not have goes, and nobody's change is lost. */
async function write(planned: Copy, trial: { readonly dryRun: boolean }): Promise<Application> {
  const { target, existing, application, release } = planned;
  const options = { ...trial, fieldManager, fieldValidation: 'Strict' } as const;
  try {
    return existing === undefined
      ? await target.client.create(applications, application, options)
      : await retryOnStatus(planned, existing, (seen) =>
          target.client.update(applications, { ...seen, spec: application.spec }, options),
        );
  } catch (error) {
    throw explainFailure(error, { source: describeCopy(release), object: application }, target.namespace);
  }
}

const maximumAttempts = 10;

/** A status that the controller writes meanwhile is nobody's change: only another generation is. */
async function retryOnStatus(
  { target }: Copy,
  existing: Application,
  update: (seen: Application) => Promise<Application>,
): Promise<Application> {
  let seen = existing;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await update(seen);
    } catch (error) {
      if (attempt === maximumAttempts || !isStatusReason(error, 'Conflict')) throw error;
      const now = await readApplication(target, existing.metadata.name ?? '');
      if (now?.metadata.uid !== existing.metadata.uid || now?.metadata.generation !== existing.metadata.generation)
        throw error;
      seen = now ?? existing;
    }
  }
}

function describeCopy({ spec }: Release): string {
  return `version ${spec.version} of ${spec.application}`;
}

async function tryVersion({ target, release, application, configuration }: Copy, trial: Application): Promise<void> {
  const source = describeCopy(release);
  requireNoFaults(application, await findFaults(application), source);
  await checkVersion(target, trial, source);
  await requireTaken(target.client, trial, source);
  for (const object of configuration) await createNeeded(target, object, { dryRun: true });
}

/** `namespace default of production`, where another context was named. */
function describePlace({ namespace }: Connection, to?: string): string {
  const context = to === undefined ? undefined : parseTarget(to).context;
  return context === undefined ? `namespace ${namespace}` : `namespace ${namespace} of ${context}`;
}

async function printDifferences(
  { existing, configuration, target, source }: Copy,
  trial: Application,
  { output, to }: CopyOptions,
): Promise<void> {
  const sides = { from: `in ${describePlace(target, to)}`, to: `from ${describePlace(source)}` };
  const differences: readonly Difference[] = [
    {
      ...sides,
      name: `${applications.kind} ${trial.metadata.name ?? ''}`,
      before: existing === undefined ? undefined : { spec: existing.spec },
      after: { spec: trial.spec },
    },
    ...configuration.map((object) => {
      const [before, after] = hideValues(undefined, object);
      return { ...sides, name: `${object.kind ?? ''} ${object.metadata.name ?? ''}`, before, after };
    }),
  ];
  if (output !== undefined) return printList(differences, output);
  const described = differences.filter(isDifferent).map(describeDifference);
  return print(described.length === 0 ? 'No difference.' : described.join('\n'));
}
