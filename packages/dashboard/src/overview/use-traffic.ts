import { useEffect, useRef, useState } from 'react';
import type { Traffic, TrafficAnswer } from '../api/answers.ts';
import { browserClock } from '../platform/browser.ts';
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
    let cancel = browserClock.schedule(restMilliseconds, () => void look());
    return () => {
      cancel();
      leaving.abort();
    };

    async function look(): Promise<void> {
      if (!document.hidden) await read();
      if (!leaving.signal.aborted) cancel = browserClock.schedule(sampleMilliseconds, () => void look());
    }

    async function read(): Promise<void> {
      const after = newestPoint(known.current, wanted);
      const query = new URLSearchParams(wanted.map((key) => ['application', key]));
      if (after !== undefined) query.set('after', after);
      try {
        const { items } = await client.get<TrafficAnswer>(`/api/v1/traffic?${query.toString()}`, leaving.signal);
        const next = new Map(known.current);
        for (const each of items) next.set(keyOf(each), mergeTraffic(next.get(keyOf(each)), each));
        known.current = next;
        setTraffic(next);
      } catch {
        // The page says already that the server does not answer; figures come again with it.
      }
    }
  }, [client, asked]);
  return traffic;
}
