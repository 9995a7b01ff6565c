/** A deployment with what became of it. */
import type { Release } from '@slipway/delivery/api/release';
import { listRecords, readLog, readRecord, type LogLine } from '../history/read-history.ts';
import type { ServerContext } from '../http/context.ts';
import { findOutcome } from '../view/command-outcome.ts';
import { calculateOutcome, findAttempt, type Outcome } from './deployment-status.ts';
import { updateDeployment, type DeploymentRecord } from './deployment-store.ts';

export interface Deployment {
  readonly record: DeploymentRecord;
  readonly outcome: Outcome;
  readonly release: Release | undefined;
}

/** The newest of an application: what was asked for is among them soon. */
const maximumReleases = 50;
const linesAtOnce = 1_000;

export async function readDeployment(found: DeploymentRecord, context: ServerContext): Promise<Deployment> {
  const { database, view, clock } = context;
  const record = await linkRelease(found, context);
  const release = record.release === undefined ? undefined : (await readRecord(database, record.release.uid))?.release;
  const application = view.applications.get({ namespace: record.namespace, name: record.appName });
  const refusal = findRefusal(record, context);
  return { record, release, outcome: calculateOutcome(record, { application, release, refusal, now: clock.now() }) };
}

/** What is linked stays so: releases outlive the cluster's memory in the history. */
async function linkRelease(record: DeploymentRecord, { database }: ServerContext): Promise<DeploymentRecord> {
  if (record.release !== undefined || record.refusal !== undefined) return record;
  const { namespace, appName: application } = record;
  const selection = { namespaces: [namespace], application };
  const records = await listRecords(database, selection, { limit: maximumReleases });
  const release = findAttempt(
    record,
    records.map((each) => each.release),
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

/** The whole log so far, a line each: `RFC3339 text`. A later one of the same deployment begins with it. */
export async function readDeploymentLog(
  deployment: Deployment,
  { database }: ServerContext,
): Promise<readonly string[]> {
  const { record, outcome, release } = deployment;
  const { created, requestedBy, appName, version, undeployment } = record;
  const own = [`deployment of ${appName} ${version}, asked by ${requestedBy}`, ...record.notes];
  const lines = own.map((text) => `${created} ${text}`);
  for (const { at, text } of release === undefined ? [] : await readAttempt(record, release, database))
    lines.push(`${at} ${text}`);
  if (isUnderWay(deployment)) return lines;
  if (undeployment !== undefined) lines.push(`${undeployment.at} undeployment, asked by ${undeployment.by}`);
  if (outcome.reason !== undefined) lines.push(`${outcome.at ?? created} failed: ${outcome.reason}`);
  return lines;
}

/** Lines of the attempt that the deployment asked for, and of no other. */
async function readAttempt(
  { release: key }: DeploymentRecord,
  { metadata, status }: Release,
  database: ServerContext['database'],
): Promise<readonly LogLine[]> {
  const attempts = status?.attempts ?? [];
  const from = attempts.find(({ number }) => number === key?.attempt)?.startedAt ?? '';
  const to = attempts.find(({ number }) => number > (key?.attempt ?? 0))?.startedAt ?? '~';
  const lines: LogLine[] = [];
  for (let after = 0; ;) {
    const read = await readLog(database, metadata.uid ?? '', { after, limit: linesAtOnce });
    lines.push(...read.filter(({ at }) => at >= from && at < to));
    after = read.at(-1)?.number ?? after;
    if (read.length < linesAtOnce) return lines;
  }
}

/** Whether more may come. */
export function isUnderWay({ outcome }: Deployment): boolean {
  return outcome.status === 'DEPLOYING' || outcome.status === 'UNDEPLOYING';
}
