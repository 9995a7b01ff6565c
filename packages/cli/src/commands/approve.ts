import { userInfo } from 'node:os';
import { approvalName, chooseApproval } from '@slipway/delivery/api/awaited-approvals';
import { releaseApprovals, type ReleaseApproval } from '@slipway/delivery/api/release-approval';
import { isFinished, type Release } from '@slipway/delivery/api/release';
import { labels } from '@slipway/delivery/names';
import { isStatusReason } from '@slipway/kube/status-error';
import { connect, type Connection } from '../connection/connection.ts';
import { listReleases } from '../connection/list-releases.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { print, printObjects } from '../output/output.ts';
import { requireApplication } from './verbs.ts';

export interface ApproveOptions extends GlobalOptions {
  readonly gate?: string;
  readonly reason?: string;
}

/** Leaves a ReleaseApproval for the controller: whoever may create one may agree. */
export async function approve(application: string, options: ApproveOptions): Promise<void> {
  const connection = await connect(options);
  await requireApplication(connection, application);
  const release = await findRelease(connection, application);
  const choice = chooseApproval(release, options.gate);
  if ('fault' in choice) throw new CommandFailure(`${choice.fault}. Nothing was approved.`);
  const { name: releaseName = '' } = release.metadata;
  const { hook } = choice.approval;
  const approval: ReleaseApproval = {
    metadata: {
      name: approvalName(releaseName, choice.approval),
      namespace: connection.namespace,
      labels: { [labels.application]: application },
    },
    spec: { application, release: releaseName, hook, reason: options.reason, approvedBy: userInfo().username },
  };
  const given = await give(connection, approval);
  if (options.output !== undefined) return printObjects([given], options.output);
  return print(`${hook} of release ${releaseName} is approved (${approval.metadata.name ?? ''})`);
}

/** Of that name there may be one already: then it was given, and nothing is missing. */
async function give({ client }: Connection, approval: ReleaseApproval): Promise<ReleaseApproval> {
  try {
    return await client.create(releaseApprovals, approval);
  } catch (error) {
    if (isStatusReason(error, 'AlreadyExists')) return approval;
    throw error;
  }
}

async function findRelease(connection: Connection, application: string): Promise<Release> {
  const kept = await listReleases(connection, application);
  const found = kept.find(({ status }) => !isFinished(status?.phase ?? 'Pending'));
  if (found === undefined)
    throw new CommandFailure(`No release of ${application} is under way: there is nothing to approve.`);
  return found;
}
