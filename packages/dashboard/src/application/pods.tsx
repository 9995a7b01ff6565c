import { useMemo, useState } from 'react';
import type { PodSummary } from '../api/answers.ts';
import { Chip, Version } from '../parts/small.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import type { Tone } from '../parts/tones.ts';
import { stateOfPod, type PodState } from './traffic-picture-model.ts';

export interface PodsProps {
  readonly pods: readonly PodSummary[];
  /** Percent of the traffic by version. */
  readonly split: Readonly<Record<string, number>>;
}

const tones: Readonly<Record<PodState, Tone>> = {
  serving: 'good',
  ready: 'good',
  starting: 'busy',
  failing: 'bad',
  ending: 'calm',
};
const order: readonly PodState[] = ['failing', 'starting', 'ending', 'ready', 'serving'];
/** More at once help nobody; those that are not well come first. */
const shownAtFirst = 20;

/** Its pods: those that are not well first, each with why. */
export function Pods({ pods, split }: PodsProps) {
  const [isWhole, setWhole] = useState(false);
  const sorted = useMemo(() => sortPods(pods, split), [pods, split]);
  const shown = isWhole ? sorted : sorted.slice(0, shownAtFirst);
  return (
    <section className="card" aria-labelledby="pods">
      <header>
        <h2 id="pods">Pods</h2>
        <span className="small soft">{pods.length}</span>
      </header>
      <div className="scroll-x" tabIndex={0} role="region" aria-labelledby="pods">
        <table className="table">
          <thead>
            <tr>
              <th>Pod</th>
              <th>Version</th>
              <th>State</th>
              <th className="number">Restarts</th>
              <th>Node</th>
              <th>Address</th>
              <th>Age</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ pod, state }) => (
              <PodRow key={pod.uid} pod={pod} state={state} />
            ))}
          </tbody>
        </table>
      </div>
      {sorted.length > shown.length && (
        <div className="more">
          <button type="button" className="button plain slim" onClick={() => setWhole(true)}>
            Show all {sorted.length}
          </button>
        </div>
      )}
    </section>
  );
}

interface ShownPod {
  readonly pod: PodSummary;
  readonly state: PodState;
}

function sortPods(pods: readonly PodSummary[], split: PodsProps['split']): readonly ShownPod[] {
  return pods
    .map((pod) => ({ pod, state: stateOfPod(pod, split[pod.version ?? '']) }))
    .toSorted(
      (one, other) => order.indexOf(one.state) - order.indexOf(other.state) || (one.pod.name < other.pod.name ? -1 : 1),
    );
}

function PodRow({ pod, state }: ShownPod) {
  const { name, version, hook, restarts, node, address, createdAt, reasons, ready } = pod;
  return (
    <tr>
      <td className="mono">{name}</td>
      <td>{hook === undefined ? <Version>{version ?? ''}</Version> : <span className="soft">hook {hook}</span>}</td>
      <td>
        <Chip tone={tones[state]}>{state}</Chip>
        {!ready && reasons.length > 0 && <p className="small soft why">{reasons.join('; ')}</p>}
      </td>
      <td className="number">{restarts}</td>
      <td className="soft">{node}</td>
      <td className="mono soft">{address}</td>
      <td className="soft">
        <RelativeTime at={createdAt} />
      </td>
    </tr>
  );
}
