import { applications, type Application } from '@slipway/delivery/api/application';
import { releases, type Release } from '@slipway/delivery/api/release';
import { describeAnswer } from '@slipway/delivery/gates/health';
import { isStatusReason } from '@slipway/kube/status-error';
import { connect } from '../connection/connection.ts';
import { CommandFailure } from '../failure.ts';
import { print, printObjects } from '../output/output.ts';
import type { GlobalOptions } from '../program.ts';

/** A name is an Application's, or else a Release's. */
export async function describe(name: string, options: GlobalOptions): Promise<void> {
  const { client, namespace } = await connect(options);
  const application = await absentAsUndefined(client.get(applications, { namespace, name }));
  const release =
    application === undefined ? await absentAsUndefined(client.get(releases, { namespace, name })) : undefined;
  const found = application ?? release;
  if (found === undefined)
    throw new CommandFailure(`There is no Application and no Release named "${name}" in namespace ${namespace}.`);
  if (options.output !== undefined) return printObjects([found], options.output);
  if (application !== undefined) print(describeApplication(application).join('\n'));
  if (release !== undefined) print(describeRelease(release).join('\n'));
  return undefined;
}

async function absentAsUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isStatusReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

function describeApplication({ metadata, spec, status }: Application): readonly string[] {
  return [
    `Application   ${metadata.namespace ?? ''}/${metadata.name ?? ''}`,
    `Phase         ${status?.phase ?? 'Pending'}`,
    `Serving       ${status?.serving === undefined ? '(nothing yet)' : `version ${status.serving.version}`}`,
    `Candidate     ${status?.candidate ?? '-'}`,
    `Replicas      ${status?.readyReplicas ?? 0} of ${spec.replicas ?? 1} ready`,
    `Waiting for   ${status?.waitingFor ?? '-'}`,
    ...(status?.refused ?? []).map(({ version, reason, at }) => `Refused       ${version} at ${at}: ${reason}`),
    ...(status?.conditions ?? []).map(
      ({ type, status: value, reason, message }) =>
        `Condition     ${type}=${value} ${reason}${message === '' ? '' : `: ${message}`}`,
    ),
  ];
}

function describeRelease({ metadata, spec, status }: Release): readonly string[] {
  return [
    `Release       ${metadata.namespace ?? ''}/${metadata.name ?? ''}`,
    `Version       ${spec.version} of ${spec.application}, by ${spec.strategy.type}`,
    `Phase         ${status?.phase ?? 'Pending'}`,
    `Waiting for   ${status?.waitingFor === undefined ? '-' : `${status.waitingFor} (since ${status.waitingSince ?? ''})`}`,
    `Split         ${
      Object.entries(status?.split?.weights ?? {})
        .map(([name, weight]) => `${name} ${weight} %`)
        .join(', ') || '-'
    }`,
    ...(status?.gates ?? []).map(
      ({ name, outcome, message }) =>
        `Gate          ${name}: ${outcome ?? 'running'}${message === undefined ? '' : `, ${message}`}`,
    ),
    ...(status?.health ?? []).map((answer) => `Health        ${describeAnswer(answer)}`),
    ...(status?.transitions ?? []).map(
      ({ phase, at, reason }) => `Transition    ${at} ${phase}${reason === undefined ? '' : `: ${reason}`}`,
    ),
    ...(status?.commands ?? []).map(
      ({ verb, at, outcome, message }) => `Command       ${at} ${verb} ${outcome}: ${message}`,
    ),
  ];
}
