import { useState } from 'react';
import type { PodsAnswer } from '../api/answers.ts';
import { FollowingLog, LineTime } from '../parts/following-log.tsx';
import { Chip } from '../parts/small.tsx';
import { usePodLogs } from './use-pod-logs.ts';

export interface PodLogsProps {
  readonly namespace: string;
  readonly application: string;
  readonly pods: PodsAnswer;
}

/** What the pods write, once somebody asks for it: it costs each of their nodes a connection. */
export function PodLogs(props: PodLogsProps) {
  const [isOpen, setOpen] = useState(false);
  const [pod, setPod] = useState('');
  return (
    <section className="card" aria-labelledby="logs">
      <header>
        <h2 id="logs">Logs</h2>
        {isOpen && <PodChoice pods={props.pods} pod={pod} onChoose={setPod} />}
        <button type="button" className="button slim push" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Close' : 'Show what the pods write'}
        </button>
      </header>
      {isOpen && (
        <Lines namespace={props.namespace} application={props.application} pod={pod === '' ? undefined : pod} />
      )}
    </section>
  );
}

interface PodChoiceProps {
  readonly pods: PodsAnswer;
  readonly pod: string;
  readonly onChoose: (pod: string) => void;
}

/** Of many pods one is named. */
function PodChoice({ pods: { items, total }, pod, onChoose }: PodChoiceProps) {
  if (total > items.length)
    return (
      <input
        type="search"
        className="input slim"
        aria-label="Pod"
        placeholder="All pods, or the name of one"
        defaultValue={pod}
        onKeyDown={({ key, currentTarget }) => {
          if (key === 'Enter') onChoose(currentTarget.value.trim());
        }}
        onBlur={({ target }) => onChoose(target.value.trim())}
      />
    );
  return (
    <select className="input slim" aria-label="Pod" value={pod} onChange={({ target }) => onChoose(target.value)}>
      <option value="">All pods</option>
      {items.map(({ name }) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

interface LinesProps {
  readonly namespace: string;
  readonly application: string;
  readonly pod: string | undefined;
}

function Lines({ namespace, application, pod }: LinesProps) {
  const { lines, state, leftOut } = usePodLogs(namespace, application, pod);
  return (
    <FollowingLog label="Logs of the pods" lines={lines}>
      {lines.length === 0 && (
        <p className="line-none soft">{state === 'ended' ? 'They wrote nothing.' : 'Nothing has been written yet.'}</p>
      )}
      {leftOut > 0 && (
        <p className="line-none soft">
          {leftOut === 1 ? 'One container is' : `${leftOut} containers are`} left out, beyond the first 100: choose a
          pod.
        </p>
      )}
      {state === 'waiting' && <Chip tone="wait">connecting</Chip>}
      {lines.map(({ pod: of, at, text, cut }, index) => (
        <div key={`${of} ${at} ${index}`} className="line pod-line">
          <LineTime at={at} />
          <span className="kind cut" title={of}>
            {of.split('-').at(-1)}
          </span>
          <span className="text">
            {text}
            {cut === true && <span className="soft"> … (the line goes on)</span>}
          </span>
        </div>
      ))}
    </FollowingLog>
  );
}
