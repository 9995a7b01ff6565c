/** The options that every command takes, and how values on the command line are read. */
import { isIP } from 'node:net';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseGroupGrant, type GroupGrant } from '@slipway/server/identity/oidc/oidc-options';
import { usageFailure } from './failure.ts';

/** What the options that every command takes mean to a command. */
export interface OptionMeanings {
  readonly kubeconfig: string;
  readonly context: string;
  readonly namespace: string;
  readonly output: string;
}

/** To a command that works with whatever cluster they name. */
const usual: OptionMeanings = {
  kubeconfig: 'kubeconfig to use (default: $KUBECONFIG, then ~/.kube/config)',
  context: 'context of the kubeconfig (default: its current one)',
  namespace: 'namespace (default: that of the context)',
  output: 'print the objects themselves',
};

/** To a command that works with an embedded cluster's data directory. */
export const ofEmbeddedCluster: OptionMeanings = {
  kubeconfig: 'kubeconfig that slipway up has added the cluster to; says which, as --data-dir does',
  context: 'context of that kubeconfig (default: its current one)',
  namespace: 'taken as everywhere, and without a meaning here',
  output: 'print the outcome as data',
};

/** To a part that runs against a whole cluster until it is stopped. */
export const partOptions: Partial<OptionMeanings> = {
  namespace: 'taken as everywhere, and without a meaning here: every namespace is served',
  output: 'print where it runs as data',
};

/** To a command that asks no cluster. */
export const withoutCluster: OptionMeanings = {
  kubeconfig: 'taken as everywhere, and without a meaning here: no cluster is asked',
  context: 'taken as everywhere, and without a meaning here',
  namespace: 'taken as everywhere, and without a meaning here',
  output: 'print the findings as data',
};

export function withGlobalOptions(target: Command, meanings: Partial<OptionMeanings> = {}): Command {
  const { kubeconfig, context, namespace, output } = { ...usual, ...meanings };
  return target
    .option('--kubeconfig <file>', kubeconfig)
    .option('--context <name>', context)
    .option('-n, --namespace <name>', namespace)
    .addOption(new Option('-o, --output <format>', output).choices(['json', 'yaml']));
}

/** The wait for a release, and how long it may take. */
export function withWait(target: Command, meaning: string): Command {
  return target
    .addOption(
      // The choices are for the help; the parser says more of what is none of them.
      new Option('--wait [phase]', meaning)
        .choices(['promoted', 'succeeded'])
        .argParser(parsePhase)
        .preset('succeeded'),
    )
    .option('--timeout <seconds>', 'how long to wait; the release goes on after that', parseSeconds);
}

/** A word that follows the bare option is taken for its value, as for every option whose value may be left out. */
function parsePhase(value: string): string {
  if (value === 'promoted' || value === 'succeeded') return value;
  throw new InvalidArgumentError(
    `expected promoted or succeeded. If "${value}" is not meant as the phase, put --wait last, or write --wait=promoted or --wait=succeeded.`,
  );
}

/** Where manifests are: a word, or -f for hands that know kubectl. */
export function withManifests(target: Command): Command {
  return target
    .argument('[file]', 'file or directory of manifests; -: standard input')
    .option('-f, --filename <file>', 'the same, written as for kubectl', parseOnly);
}

/** The last of several would be taken, and the others left out in silence. */
function parseOnly(value: string, previous: string | undefined): string {
  if (previous === undefined) return value;
  throw new InvalidArgumentError('expected one file; put several into a directory and name that.');
}

export function chooseManifests(file: string | undefined, filename: string | undefined): string {
  if (file !== undefined && filename !== undefined)
    throw usageFailure(
      `both ${file} and --filename ${filename} are named: expected one; put several files into a directory`,
    );
  const path = file ?? filename ?? '';
  if (path === '')
    throw usageFailure(
      'no manifest is named: expected a file, a directory, or - for standard input, such as slipway.yaml',
    );
  return path;
}

/** Simulated ones; of those that run programs there are few (`checkOptions` of `up`). */
const maximumNodes = 5_000;

export function parseNodes(value: string): number {
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1 || count > maximumNodes)
    throw new InvalidArgumentError(`expected a number of nodes from 1 to ${maximumNodes}.`);
  return count;
}

export function parsePort(value: string): number {
  const port = Number(value);
  if (value.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError('expected a port number from 0 to 65535 (0: any free one).');
  }
  return port;
}

export function parseSeconds(value: string): number {
  const seconds = Number(value);
  if (value.trim() === '' || !Number.isFinite(seconds) || seconds < 0)
    throw new InvalidArgumentError('expected a number of seconds, 0 or more.');
  return seconds;
}

/** The API counts the duration of a lease in whole seconds. */
export function parseLeaseSeconds(value: string): number {
  const seconds = Number(value);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 3_600)
    throw new InvalidArgumentError('expected a whole number of seconds from 1 to 3600.');
  return seconds;
}

export function parseCount(value: string): number {
  const count = Number(value);
  if (value.trim() === '' || !Number.isInteger(count) || count < 0)
    throw new InvalidArgumentError('expected a whole number, 0 or more.');
  return count;
}

const maximumKept = 1_000_000;

export function parseKept(value: string): number {
  const kept = Number(value);
  if (!Number.isInteger(kept) || kept < 1 || kept > maximumKept)
    throw new InvalidArgumentError(`expected a whole number from 1 to ${maximumKept}.`);
  return kept;
}

export function parseRate(value: string): number {
  const rate = Number(value);
  if (!Number.isInteger(rate) || rate < 1 || rate > 5_000)
    throw new InvalidArgumentError('expected a whole number of requests a second, from 1 to 5000.');
  return rate;
}

/** `C=IMAGE`, repeatable. */
export function parseImage(value: string, previous: readonly string[]): readonly string[] {
  if (!/^[^=]+=.+$/.test(value)) throw new InvalidArgumentError('expected CONTAINER=IMAGE, such as web=shop:1.5.');
  return [...previous, value];
}

/** An address, or a network such as `10.0.0.0/8`; repeatable. */
export function parseNetwork(value: string, previous: readonly string[]): readonly string[] {
  const [address = '', length, ...rest] = value.split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  const isLength = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits);
  if (isIP(address) === 0 || !isLength || rest.length > 0)
    throw new InvalidArgumentError('expected an address or a network, such as 10.1.2.3 or 10.0.0.0/8.');
  return [...previous, value];
}

/** `GROUP=ROLE`, or `GROUP=ROLE:NAMESPACE,…`; repeatable. */
export function parseGrant(value: string, previous: readonly GroupGrant[]): readonly GroupGrant[] {
  const grant = parseGroupGrant(value);
  if (grant === undefined)
    throw new InvalidArgumentError(
      'expected GROUP=ROLE or GROUP=ROLE:NAMESPACE,NAMESPACE, with role view, operate, approve or admin.',
    );
  return [...previous, grant];
}

/** `https://portal.example.org`, as a browser names it; repeatable. */
export function parseOrigin(value: string, previous: readonly string[]): readonly string[] {
  if (!URL.canParse(value) || new URL(value).origin !== value || !/^https?:/.test(value))
    throw new InvalidArgumentError('expected an origin, without a path, such as https://portal.example.org.');
  return [...previous, value];
}

/** For an option that may be given again and again. */
export function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
