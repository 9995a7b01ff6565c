import { useEffect, useState } from 'react';
import { pathOf, withQuery } from '../api/client.ts';
import { LiveStream, type StreamState } from '../api/live-stream.ts';
import { browserClock, drawRandom } from '../platform/browser.ts';
import { openSocket } from '../platform/socket.ts';
import { mergeLines } from './merge-lines.ts';

export interface PodLogLine {
  readonly pod: string;
  readonly container: string;
  readonly version?: string | undefined;
  readonly at: string;
  readonly text: string;
  /** There is more of it, which was not sent. */
  readonly cut?: boolean | undefined;
}

type PodLogFrame =
  | { readonly type: 'leftOut'; readonly containers: number }
  | { readonly type: 'lines'; readonly items: readonly PodLogLine[]; readonly after?: string | undefined }
  | { readonly type: 'end' };

export interface PodLogs {
  readonly lines: readonly PodLogLine[];
  readonly state: StreamState;
  /** Containers that there is no room for. */
  readonly leftOut: number;
}

const nothing = { lines: [], leftOut: 0, state: 'connecting' } as const;

/** Lines that are kept: a program may write for ever. */
const maximumLines = 1_000;
const tail = 100;
/** Within which lines are gathered before they are drawn. */
const gatherMilliseconds = 150;

/** What the containers of an application write, of one pod or of all; live. */
export function usePodLogs(namespace: string, application: string, pod: string | undefined): PodLogs {
  const [logs, setLogs] = useState<PodLogs>(nothing);
  useEffect(() => {
    let lines: readonly PodLogLine[] = [];
    let after: string | undefined;
    let cancel: (() => void) | undefined;
    const show = (): void => {
      cancel = undefined;
      setLogs((before) => ({ ...before, lines }));
    };
    const stream = new LiveStream({
      clock: browserClock,
      random: drawRandom,
      open: openSocket,
      path: () => withQuery(pathOf(namespace, 'applications', application, 'logs', 'stream'), { pod, after, tail }),
      onFrame: (received) => {
        const frame = received as PodLogFrame;
        if (frame.type === 'leftOut') setLogs((before) => ({ ...before, leftOut: frame.containers }));
        if (frame.type !== 'lines') return;
        lines = mergeLines(lines, frame.items, maximumLines);
        after = frame.after ?? after;
        cancel ??= browserClock.schedule(gatherMilliseconds, show);
      },
      onState: (state) =>
        setLogs((before) => ({ ...before, state, leftOut: state === 'connecting' ? 0 : before.leftOut })),
    });
    setLogs(nothing);
    stream.start();
    return () => {
      cancel?.();
      stream.stop();
    };
  }, [namespace, application, pod]);
  return logs;
}
