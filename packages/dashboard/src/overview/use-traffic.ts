import { useEffect, useRef, useState } from 'react';
import type { Traffic, TrafficAnswer } from '../api/answers.ts';
import { calculatePause } from '../api/another-try.ts';
import { browserClock, drawRandom } from '../platform/browser.ts';
import { useDesk } from '../session/desk.ts';
import { keyOf } from '../state/application-frames.ts';
import { mergeTraffic, newestPoint } from './traffic-figures.ts';

const sampleMilliseconds = 5_000;
/** Who scrolls by asks nothing: each one that is asked about costs the gateways something for minutes. */
const restMilliseconds = 600;
const maximumKeys = 60;

/** Of the applications in sight, by key; those that were in sight before stay as they were. */
export function useTraffic(keys: readonly string[]): ReadonlyMap<string, Traffic> {
  const { client } = useDesk();
  const [traffic, setTraffic] = useState<ReadonlyMap<string, Traffic>>(new Map());
  const known = useRef(traffic);
  const asked = keys.slice(0, maximumKeys).join('\n');
  useEffect(() => {
    if (asked === '') return;
    const wanted = asked.split('\n');
    const leaving = new AbortController();
    let failures = 0;
    let cancel = browserClock.schedule(restMilliseconds, () => void look());
    return () => {
      cancel();
      leaving.abort();
    };

    async function look(): Promise<void> {
      const pause = document.hidden ? 0 : await read();
      const milliseconds = Math.max(pause, sampleMilliseconds);
      if (!leaving.signal.aborted) cancel = browserClock.schedule(milliseconds, () => void look());
    }

    /** Resolves with how long the server is to be left alone. */
    async function read(): Promise<number> {
      const after = newestPoint(known.current, wanted);
      const query = new URLSearchParams(wanted.map((key) => ['application', key]));
      if (after !== undefined) query.set('after', after);
      try {
        const { items } = await client.get<TrafficAnswer>(`/api/v1/traffic?${query.toString()}`, leaving.signal);
        const next = new Map(known.current);
        for (const each of items) next.set(keyOf(each), mergeTraffic(next.get(keyOf(each)), each));
        known.current = next;
        setTraffic(next);
        failures = 0;
        return 0;
      } catch (error) {
        // The page says already that the server does not answer; figures come again with it.
        failures += 1;
        return calculatePause(error, failures, drawRandom()) ?? 0;
      }
    }
  }, [client, asked]);
  return traffic;
}
