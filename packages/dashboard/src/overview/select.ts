/** Which applications the overview shows, in which order, and how many there are of each state. Pure. */
import type { ApplicationSummary } from '../api/answers.ts';
import { awaitsApproval } from '../approvals/awaited.ts';

export const states = ['releasing', 'person', 'failed', 'settled'] as const;
/** `person`: somebody is waited for. */
export type State = (typeof states)[number];

export interface Selection {
  readonly search: string;
  /** Undefined: all of them. */
  readonly namespace?: string | undefined;
  readonly state?: State | undefined;
}

export interface Overview {
  readonly shown: readonly ApplicationSummary[];
  readonly namespaces: readonly string[];
  /** Of those in the namespace that are searched for, whatever their state. */
  readonly counts: Readonly<Record<State, number>>;
  readonly total: number;
}

export function selectApplications(all: Iterable<ApplicationSummary>, selection: Selection): Overview {
  const known = [...all];
  const found = known.filter((each) => isMeant(each, selection));
  const counts = { releasing: 0, person: 0, failed: 0, settled: 0 };
  for (const each of found) counts[stateOf(each)] += 1;
  return {
    shown: found.filter((each) => selection.state === undefined || stateOf(each) === selection.state).toSorted(inOrder),
    namespaces: [...new Set(known.map(({ namespace }) => namespace))].toSorted(),
    counts,
    total: found.length,
  };
}

/** What matters most of it: a failure, then a person who is waited for, then a release under way. */
export function stateOf(summary: ApplicationSummary): State {
  if (failureOf(summary) !== undefined) return 'failed';
  if (awaitsPerson(summary)) return 'person';
  return summary.candidate === undefined ? 'settled' : 'releasing';
}

function awaitsPerson(summary: ApplicationSummary): boolean {
  const { candidate, paused } = summary;
  return candidate?.phase === 'Paused' || (paused && candidate !== undefined) || awaitsApproval(summary);
}

/** What its chip says, wherever it is shown: where nothing is under way, a failure stands before the phase. */
export function shownPhase(summary: ApplicationSummary): string {
  return summary.candidate === undefined && failureOf(summary) !== undefined ? 'Failed' : summary.phase;
}

/** Conditions that say that something is wrong, the most telling first. */
const faults = [
  { type: 'Valid', status: 'False' },
  { type: 'Failed', status: 'True' },
  { type: 'NameConflict', status: 'True' },
  { type: 'RouteConflict', status: 'True' },
  { type: 'SelectorConflict', status: 'True' },
  { type: 'Synced', status: 'False' },
  { type: 'Available', status: 'False', reason: 'TooFewPods' },
] as const satisfies readonly Partial<ApplicationSummary['conditions'][number]>[];

/** Why what was asked for is not what serves; undefined where nothing has gone wrong. */
export function failureOf({ conditions }: Pick<ApplicationSummary, 'conditions'>): string | undefined {
  const found = faults.flatMap((fault) =>
    conditions.filter(
      ({ type, status, reason }) =>
        type === fault.type &&
        status === fault.status &&
        reason !== refused &&
        (!('reason' in fault) || reason === fault.reason),
    ),
  );
  return found.map(({ message, type, reason }) => (message === '' ? `${type}: ${reason}` : message)).at(0);
}

/** Whether its release failed says the condition `Failed`; somebody may as well have gone back from what served. */
const refused = 'VersionRefused';

/** Why the version that spec asks for is not tried, which is nobody's fault; undefined where it is. */
export function refusalOf({ conditions }: Pick<ApplicationSummary, 'conditions'>): string | undefined {
  return conditions.find(({ type, reason }) => type === 'Synced' && reason === refused)?.message;
}

function isMeant({ namespace, name, hosts }: ApplicationSummary, selection: Selection): boolean {
  if (selection.namespace !== undefined && namespace !== selection.namespace) return false;
  const search = selection.search.trim().toLowerCase();
  return [name, `${namespace}/${name}`, ...hosts].some((text) => text.toLowerCase().includes(search));
}

function inOrder(one: ApplicationSummary, other: ApplicationSummary): number {
  return compare(one.namespace, other.namespace) || compare(one.name, other.name);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
