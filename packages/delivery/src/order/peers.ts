/** The other members of the groups that go back as one, and which of them does so for a reason of its own. */
import type { Release, ReleaseEnding } from '../api/release.ts';
import type { ReleaseGroup } from '../api/release-group.ts';
import type { Observation } from '../observation.ts';
import { statusOf } from '../release-changes.ts';
import { describeGroup, type Companion } from './companions.ts';

/** Who sends back what is drawn along. */
export const byGroup = 'group';

/** Another member of the group. */
export interface Peer extends Companion {
  readonly name: string;
  readonly group: ReleaseGroup;
}

export function boundGroups({ companions }: Observation): readonly ReleaseGroup[] {
  return companions.groups.filter(({ spec }) => spec.abortTogether === true);
}

/** Those that exist, in the order of their groups. */
export function peersOf(observation: Observation): readonly Peer[] {
  const { known } = observation.companions;
  const name = observation.application.metadata.name ?? '';
  return boundGroups(observation).flatMap((group) => peersIn(group, { name, known }));
}

export function peersIn(
  group: ReleaseGroup,
  { name, known }: { readonly name: string; readonly known: ReadonlyMap<string, Companion> },
): readonly Peer[] {
  return group.spec.members.flatMap((each) => {
    const companion = each === name ? undefined : known.get(each);
    return companion === undefined ? [] : [{ ...companion, name: each, group }];
  });
}

/** Who went back since then, in milliseconds: `member db of ReleaseGroup shop goes back: …`. */
export function findCulprit(peers: readonly Peer[], since: number): string | undefined {
  for (const { name, group, releases } of peers) {
    const culprit = releases.find((each) => (returnOf(each) ?? -Infinity) >= since);
    if (culprit !== undefined)
      return `member ${name} of ${describeGroup(group)} goes back: ${statusOf(culprit).ending?.reason ?? ''}`;
  }
  return undefined;
}

/** When it went back for a reason of its own, in milliseconds. */
function returnOf(release: Release): number | undefined {
  const { ending, transitions = [] } = statusOf(release);
  if (ending === undefined || ending.phase === 'Superseded' || isDrawn(ending)) return undefined;
  const at = transitions.findLast(({ phase }) => phase === 'RollingBack')?.at;
  return at === undefined ? undefined : Date.parse(at);
}

/** A person may have any name. */
export function isDrawn(ending: ReleaseEnding | undefined): boolean {
  return ending?.by === byGroup && ending.command === undefined;
}
