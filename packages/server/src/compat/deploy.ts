/** Asks the cluster for what a descriptor describes, and takes it back. */
import { createHash } from 'node:crypto';
import { applications, type Application } from '@slipway/delivery/api/application';
import { createCommand, releaseCommands, type Verb } from '@slipway/delivery/api/release-command';
import { isFinished, isOfVersion, type Release } from '@slipway/delivery/api/release';
import { isStatusReason } from '@slipway/kube/status-error';
import { writeApplication } from '../api/write-application.ts';
import type { ServerContext } from '../http/context.ts';
import { findProblem } from '../http/problem.ts';
import { applicationOf } from './application-of.ts';
import type { DescriptorRecord } from './descriptor-store.ts';
import { countAttempts } from './deployment-status.ts';
import {
  listVersions,
  putDeployment,
  updateDeployment,
  type DeploymentRecord,
  type Undeployment,
} from './deployment-store.ts';

const idBytes = 12;

/**
 * Resolves when the deployment is noted and the cluster asked. What the cluster does not take is the deployment's failure,
 * and rejects only where nobody knows whether it was taken: then the deployment says so in time.
 */
export async function deploy(
  descriptor: DescriptorRecord,
  { requestedBy, notes }: { readonly requestedBy: string; readonly notes: readonly string[] },
  context: ServerContext,
): Promise<DeploymentRecord> {
  const { namespace } = descriptor;
  const { appName } = descriptor.descriptor;
  const before = releasesOf(context, { namespace, name: appName });
  const created = new Date(context.clock.now()).toISOString();
  const known = [...before.map(({ spec }) => spec.version), ...numbersOf(context, { namespace, name: appName })];
  const record = await context.database.transaction(async (transaction) => {
    const versions = [...known, ...(await listVersions(transaction, namespace, appName))];
    const asked: DeploymentRecord = {
      id: context.random(idBytes),
      namespace,
      appName,
      version: nextVersion(descriptor.descriptor.newVersion, versions),
      created,
      requestedBy,
      descriptor,
      attemptsBefore: countAttempts(before),
      notes,
    };
    await putDeployment(transaction, asked);
    return asked;
  });
  const answer = await askCluster(record, before, context);
  return (await updateDeployment(context.database, record, (current) => ({ ...current, ...answer }))) ?? record;
}

/** `#` is the number after the highest that there was. */
export function nextVersion(asked: string, versions: readonly string[]): string {
  if (asked !== '#') return asked;
  const numbers = versions.filter((version) => /^[1-9]\d{0,14}$/.test(version)).map(Number);
  return String(Math.max(0, ...numbers) + 1);
}

interface ApplicationKey {
  readonly namespace: string;
  readonly name: string;
}

function releasesOf({ view }: ServerContext, { namespace, name }: ApplicationKey): readonly Release[] {
  return view.releases.byIndex('application', `${namespace}/${name}`);
}

function numbersOf({ view }: ServerContext, key: ApplicationKey): readonly string[] {
  const { lastNumber } = view.applications.get(key)?.status ?? {};
  return lastNumber === undefined ? [] : [String(lastNumber)];
}

/** What the cluster made of it. */
type Answer = Partial<Pick<DeploymentRecord, 'generation' | 'application' | 'attemptsBefore' | 'command' | 'refusal'>>;

async function askCluster(
  record: DeploymentRecord,
  before: readonly Release[],
  context: ServerContext,
): Promise<Answer> {
  const { namespace, appName: name, version, descriptor, requestedBy } = record;
  const spec = applicationOf({ ...descriptor, version });
  try {
    const { client } = context;
    const means = { client, dryRun: false, requestedBy };
    const written = await writeApplication({ namespace, name, spec }, { type: 'none' }, means);
    const { uid, generation } = written.application.metadata;
    const asked = { generation, application: uid };
    if (generation !== written.generationBefore) return asked;
    return { ...asked, ...(await askAgain(record, { application: written.application, before }, context)) };
  } catch (error) {
    const problem = findProblem(error);
    if (problem === undefined || problem.status >= 500) throw error;
    return { refusal: problem.message };
  }
}

/** Nothing in it is new: it serves already, is under way, or was refused before and is to be tried again. */
async function askAgain(
  record: DeploymentRecord,
  { application, before }: { readonly application: Application; readonly before: readonly Release[] },
  context: ServerContext,
): Promise<Answer> {
  const { candidate, serving } = application.status ?? {};
  const underWay = before.find(
    (release) =>
      release.metadata.name === candidate &&
      isOfVersion(release, record.version) &&
      !isFinished(release.status?.phase ?? 'Pending'),
  );
  if (underWay !== undefined) {
    const { uid = '' } = underWay.metadata;
    const attempts = record.attemptsBefore[uid] ?? 0;
    return { attemptsBefore: { ...record.attemptsBefore, [uid]: Math.max(0, attempts - 1) } };
  }
  if (serving?.version === record.version) return {};
  return { command: await command('retry', record, context) };
}

/** Resolves with its name, which is the same however often it is asked. */
async function command(
  verb: Verb,
  { namespace, appName, id, requestedBy }: DeploymentRecord,
  { client }: ServerContext,
): Promise<string> {
  const name = `${appName}-${verb}-${createHash('sha256').update(id).digest('hex').slice(0, 16)}`;
  const reason = `asked by deployment ${id}`;
  try {
    await client.create(releaseCommands, createCommand(verb, appName, { namespace, name, requestedBy, reason }));
  } catch (error) {
    if (!isStatusReason(error, 'AlreadyExists')) throw error;
  }
  return name;
}

/** Takes the application from the cluster where this deployment is all that there is of it, and only its version otherwise. */
export async function undeploy(
  record: DeploymentRecord,
  asked: Pick<Undeployment, 'by' | 'of' | 'isForgotten'> & { readonly isUnderWay: boolean },
  context: ServerContext,
): Promise<void> {
  const { isUnderWay, ...undeployment } = asked;
  const at = new Date(context.clock.now()).toISOString();
  // First, so that whoever asks meanwhile hears that it goes.
  await updateDeployment(context.database, record, (current) => ({
    ...current,
    undeployment: { ...undeployment, at },
  }));
  if (asked.of === 'application') await removeApplication(record, context);
  else if (isUnderWay) await command('abort', record, context);
}

async function removeApplication(
  { namespace, appName: name, application: uid }: DeploymentRecord,
  { client }: ServerContext,
): Promise<void> {
  try {
    await client.delete(applications, { namespace, name }, { preconditions: { uid } });
  } catch (error) {
    // Gone already, or another one in its place: either way not ours to remove.
    if (!isStatusReason(error, 'NotFound', 'Conflict')) throw error;
  }
}
