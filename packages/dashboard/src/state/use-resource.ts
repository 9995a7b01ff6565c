import { useEffect, useMemo, useRef, useState } from 'react';
import { AnotherTry } from '../api/another-try.ts';
import { browserClock, drawRandom } from '../platform/browser.ts';
import { useDesk } from '../session/desk.ts';
import { Refresher } from './refresher.ts';

export interface Resource<Answer> {
  /** As it was read last; kept while it is read again. */
  readonly data?: Answer | undefined;
  /** Why the last read failed. */
  readonly problem?: unknown;
  readonly reload: () => void;
}

export interface ResourceOptions {
  /** Another value: there is news, and it is read again. */
  readonly news?: unknown;
  /** Read again so often while somebody looks. */
  readonly everyMilliseconds?: number | undefined;
}

interface Read<Answer> {
  readonly path: string;
  readonly data?: Answer | undefined;
  readonly problem?: unknown;
}

/** What the server answers at a path; undefined: nothing is asked. */
export function useResource<Answer>(
  path: string | undefined,
  { news, everyMilliseconds }: ResourceOptions = {},
): Resource<Answer> {
  const { client } = useDesk();
  const [read, setRead] = useState<Read<Answer>>();
  const refresher = useRef<Refresher>(undefined);
  const another = useRef<AnotherTry>(undefined);
  useEffect(() => {
    if (path === undefined) return;
    const leaving = new AbortController();
    const again = new AnotherTry({
      clock: browserClock,
      random: drawRandom,
      ask: () => refresher.current?.ask(),
    });
    const take = async (): Promise<void> => {
      if (leaving.signal.aborted) return;
      const answer = await client.get<Answer>(path, leaving.signal).then(
        (data): Read<Answer> => ({ path, data }),
        (problem: unknown): Read<Answer> => ({ path, problem }),
      );
      if (leaving.signal.aborted) return;
      again.hear(answer.problem);
      setRead((before) => (before?.path === path && 'problem' in answer ? { ...before, ...answer } : answer));
    };
    another.current = again;
    refresher.current = new Refresher(take);
    refresher.current.ask();
    return () => {
      again.stop();
      leaving.abort();
    };
  }, [client, path]);
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current && another.current?.isComing !== true) refresher.current?.ask();
    isFirst.current = false;
  }, [news]);
  useEffect(() => {
    if (everyMilliseconds === undefined || path === undefined) return;
    let cancel = browserClock.schedule(everyMilliseconds, look);
    return () => cancel();

    function look(): void {
      if (!document.hidden && another.current?.isComing !== true) refresher.current?.ask();
      cancel = browserClock.schedule(everyMilliseconds ?? 0, look);
    }
  }, [path, everyMilliseconds]);
  return useMemo(() => {
    const reload = (): void => refresher.current?.ask();
    return read?.path === path ? { data: read?.data, problem: read?.problem, reload } : { reload };
  }, [read, path]);
}
