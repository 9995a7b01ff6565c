/** What is said of a ReleaseGroup: its members, what it waits for, and what holds of all of them. Pure. */
import { isConditionTrue } from '@slipway/kube/conditions';
import type { MemberStatus, ReleaseGroup, ReleaseGroupStatus } from '../api/release-group.ts';
import { nameOf } from '../release-context.ts';
import { conditionsFrom, finding, type Finding } from '../status/conditions.ts';
import { judgeCompanion, type Judgement } from './judge-companion.ts';
import type { Companion } from './companions.ts';
import { describeCycle } from './validate-order.ts';

export interface GroupObservation {
  readonly group: ReleaseGroup;
  /** Members by name, those that exist. */
  readonly known: ReadonlyMap<string, Companion>;
  /** The first that leads through a member. */
  readonly cycle: readonly string[] | undefined;
}

interface Member extends MemberStatus, Judgement {
  readonly companion: Companion | undefined;
}

export function calculateGroupStatus({ group, known, cycle }: GroupObservation, now: number): ReleaseGroupStatus {
  const members = group.spec.members.map((name) => describeMember(name, known.get(name)));
  const { generation } = group.metadata;
  const open = members.find(({ state }) => state !== 'done');
  const phase = cycle === undefined ? phaseOf(members) : 'Invalid';
  const waitingFor =
    open === undefined ? undefined : `Application ${open.name}${open.why}${afterColon(open.waitingFor)}`;
  const done = members.filter(({ state }) => state === 'done').length;
  return {
    observedGeneration: generation,
    phase,
    waitingFor,
    released: `${done}/${members.length}`,
    members: members.map(({ name, phase: of, version, waitingFor: awaited }) => ({
      name,
      phase: of,
      version,
      waitingFor: awaited,
    })),
    conditions: conditionsFrom(group.status?.conditions, findings({ members, cycle, phase, waitingFor }), {
      generation,
      now,
    }),
  };
}

/** What the reason for waiting is, unless that was said already. */
function afterColon(sentence: string | undefined): string {
  return sentence === undefined ? '' : `: ${sentence}`;
}

function describeMember(name: string, companion: Companion | undefined): Member {
  const judgement = judgeCompanion(companion);
  const status = companion?.application.status;
  const candidate = companion?.releases.find((release) => nameOf(release) === status?.candidate);
  return {
    ...judgement,
    companion,
    name,
    phase: companion === undefined ? 'Missing' : (status?.phase ?? 'Pending'),
    version: candidate?.spec.version ?? status?.serving?.version,
    // Of one that is stopped the judgement says it all.
    waitingFor: judgement.state === 'stopped' ? undefined : status?.waitingFor,
  };
}

/** Of all together: what is worst comes first. */
function phaseOf(members: readonly Member[]): string {
  if (members.some(({ phase }) => phase === 'RollingBack')) return 'RollingBack';
  if (members.every(({ state }) => state === 'done'))
    return members.some(({ phase }) => phase === 'Guarding') ? 'Guarding' : 'Stable';
  return members.some(({ state }) => state === 'releasing') ? 'Progressing' : 'Stopped';
}

interface Found {
  readonly members: readonly Member[];
  readonly cycle: readonly string[] | undefined;
  readonly phase: string;
  readonly waitingFor: string | undefined;
}

function findings({ members, cycle, phase, waitingFor }: Found): readonly Finding[] {
  const isReleased = cycle === undefined && waitingFor === undefined;
  const message = waitingFor === undefined ? '' : `waits for ${waitingFor}`;
  const failed = members.filter(({ companion }) =>
    isConditionTrue(companion?.application.status?.conditions, 'Failed'),
  );
  const isFailed = failed.length > 0;
  return [
    cycle === undefined
      ? finding('Valid', true, { reason: 'Valid' })
      : finding('Valid', false, { reason: 'Cycle', message: `spec.members: ${describeCycle(cycle)}` }),
    finding('Promoted', isReleased, { reason: isReleased ? 'AllReleased' : phase, message }),
    finding('Progressing', phase === 'Progressing' || phase === 'RollingBack', { reason: phase, message }),
    finding('Failed', isFailed, {
      reason: isFailed ? 'MemberFailed' : 'NotFailed',
      message: failed.map(({ name }) => `Application ${name} went back`).join('; '),
    }),
  ];
}
