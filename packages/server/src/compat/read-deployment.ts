/** A deployment with what became of it. */
import type { Release } from '@slipway/delivery/api/release';
import { listNewest, readLog, readRecords, type LogLine, type ReleaseRecord } from '../history/read-history.ts';
import type { ServerContext } from '../http/context.ts';
import { findOutcome } from '../view/command-outcome.ts';
import { calculateOutcome, findAttempt, type Outcome } from './deployment-status.ts';
import { updateDeployment, type DeploymentRecord } from './deployment-store.ts';

export interface Deployment {
  readonly record: DeploymentRecord;
  readonly outcome: Outcome;
  readonly release: Release | undefined;
  /** Lines of the release that belong to what is known of it here. */
  readonly logLength: number;
}

/** The newest of an application: what was asked for is among them soon. */
const maximumReleases = 50;
const linesAtOnce = 1_000;

export async function readDeployment(found: DeploymentRecord, context: ServerContext): Promise<Deployment> {
  const [deployment] = await readDeployments([found], context);
  if (deployment === undefined) throw new Error(`deployment ${found.id} was not read`);
  return deployment;
}

/** In the order in which they are given, by as many questions to the database as one takes. */
export async function readDeployments(
  found: readonly DeploymentRecord[],
  context: ServerContext,
): Promise<readonly Deployment[]> {
  const { database, view, clock } = context;
  const records = await linkReleases(found, context);
  const known = await readRecords(
    database,
    records.flatMap(({ release }) => (release === undefined ? [] : [release.uid])),
  );
  return records.map((record) => {
    const { release, logLength = 0 } = known.get(record.release?.uid ?? '') ?? {};
    const { namespace, appName: name } = record;
    const application = view.applications.get({ namespace, name });
    const releases = view.releases.byIndex('application', `${namespace}/${name}`);
    const refusal = findRefusal(record, context);
    const outcome = calculateOutcome(record, { application, release, releases, refusal, now: clock.now() });
    return { record, release, outcome, logLength };
  });
}

/** What is linked stays so: releases outlive the cluster's memory in the history. */
async function linkReleases(
  found: readonly DeploymentRecord[],
  { database }: ServerContext,
): Promise<readonly DeploymentRecord[]> {
  const open = found.filter(({ release, refusal }) => release === undefined && refusal === undefined);
  const known: ReleaseRecord[] = [];
  for (const [namespace, records] of Map.groupBy(open, ({ namespace }) => namespace)) {
    const applications = [...new Set(records.map(({ appName }) => appName))];
    known.push(...(await listNewest(database, { namespace, applications, limit: maximumReleases })));
  }
  const linked: DeploymentRecord[] = [];
  for (const record of found) linked.push(open.includes(record) ? await linkRelease(record, known, database) : record);
  return linked;
}

async function linkRelease(
  record: DeploymentRecord,
  known: readonly ReleaseRecord[],
  database: ServerContext['database'],
): Promise<DeploymentRecord> {
  const own = known.filter(
    ({ namespace, application }) => namespace === record.namespace && application === record.appName,
  );
  const release = findAttempt(
    record,
    own.map((each) => each.release),
  );
  if (release === undefined) return record;
  return (await updateDeployment(database, record, (current) => ({ ...current, release }))) ?? record;
}

function findRefusal(
  { namespace, appName: name, command }: DeploymentRecord,
  { view }: ServerContext,
): string | undefined {
  const outcome = command === undefined ? undefined : findOutcome(view, { namespace, name }, command);
  return outcome?.outcome === 'refused' ? outcome.message : undefined;
}

/** Where a reader of a log is. */
export interface LogPosition {
  /** It has what stands before the lines of the release. */
  readonly isBegun: boolean;
  /** The last line of the release that it has. */
  readonly after: number;
}

export const startOfLog: LogPosition = { isBegun: false, after: 0 };

/** What the log has beyond a position, a line each: `RFC3339 text`, and where that ends. */
export async function readDeploymentLog(
  deployment: Deployment,
  { database }: ServerContext,
  from: LogPosition = startOfLog,
): Promise<{ readonly lines: readonly string[]; readonly position: LogPosition }> {
  const { record, outcome } = deployment;
  const { created, requestedBy, appName, version, undeployment } = record;
  const own = [`deployment of ${appName} ${version}, asked by ${requestedBy}`, ...record.notes];
  const added = await readAttempt(deployment, from.after, database);
  const lines = [
    ...(from.isBegun ? [] : own.map((text) => `${created} ${text}`)),
    ...added.lines.map(({ at, text }) => `${at} ${text}`),
  ];
  const position = { isBegun: true, after: added.after };
  if (isUnderWay(deployment)) return { lines, position };
  if (undeployment !== undefined) lines.push(`${undeployment.at} undeployment, asked by ${undeployment.by}`);
  if (outcome.reason !== undefined) lines.push(`${outcome.at ?? created} failed: ${outcome.reason}`);
  return { lines, position };
}

interface AddedLines {
  readonly lines: readonly LogLine[];
  /** The last one that was looked at. */
  readonly after: number;
}

/** Lines of the attempt that the deployment asked for, and of no other; as many as were there when it was looked at. */
async function readAttempt(
  { record, release, logLength }: Deployment,
  from: number,
  database: ServerContext['database'],
): Promise<AddedLines> {
  if (release === undefined) return { lines: [], after: from };
  const { metadata, status } = release;
  const number = record.release?.attempt ?? 0;
  const attempts = status?.attempts ?? [];
  const begins = attempts.find((each) => each.number === number)?.startedAt ?? '';
  const ends = attempts.find((each) => each.number > number)?.startedAt ?? '~';
  const lines: LogLine[] = [];
  let after = from;
  while (after < logLength) {
    const limit = Math.min(linesAtOnce, logLength - after);
    const read = await readLog(database, metadata.uid ?? '', { after, limit });
    lines.push(...read.filter(({ at }) => at >= begins && at < ends));
    if (read.length === 0) break;
    after = read.at(-1)?.number ?? after;
  }
  return { lines, after };
}

/** Whether more may come. */
export function isUnderWay({ outcome }: Deployment): boolean {
  return outcome.status === 'DEPLOYING' || outcome.status === 'UNDEPLOYING';
}
