import { useEffect, useState } from 'react';
import type { LogLine } from '../api/answers.ts';
import { pathOf, withQuery } from '../api/client.ts';
import { LiveStream, type StreamState } from '../api/live-stream.ts';
import { browserClock, drawRandom } from '../platform/browser.ts';
import { openSocket } from '../platform/socket.ts';

type LogFrame =
  | { readonly type: 'lines'; readonly items: readonly LogLine[] }
  | { readonly type: 'end'; readonly phase: string; readonly reason?: string };

export interface ReleaseLog {
  readonly lines: readonly LogLine[];
  readonly state: StreamState;
}

/** The log of a release from its first line on, and live. */
export function useReleaseLog(namespace: string, name: string): ReleaseLog {
  const [log, setLog] = useState<ReleaseLog>({ lines: [], state: 'connecting' });
  useEffect(() => {
    let lines: readonly LogLine[] = [];
    const stream = new LiveStream({
      clock: browserClock,
      random: drawRandom,
      open: openSocket,
      path: () => withQuery(pathOf(namespace, 'releases', name, 'log', 'stream'), { after: lines.at(-1)?.number ?? 0 }),
      onFrame: (received) => {
        const frame = received as LogFrame;
        if (frame.type !== 'lines') return;
        lines = [...lines, ...frame.items];
        setLog((before) => ({ ...before, lines }));
      },
      onState: (state) => setLog((before) => ({ ...before, state })),
    });
    setLog({ lines, state: 'connecting' });
    stream.start();
    return () => stream.stop();
  }, [namespace, name]);
  return log;
}
