import { useEffect, useMemo, useRef, useState } from 'react';
import { isMissing } from '../api/problem.ts';
import { browserClock, drawRandom } from '../platform/browser.ts';
import { useDesk } from '../session/desk.ts';
import { RetryingRead } from './retrying-read.ts';

export interface Resource<Answer> {
  /** As it was read last; kept while it is read again. */
  readonly data?: Answer | undefined;
  /** Why the last read failed. */
  readonly problem?: unknown;
  readonly reload: () => void;
}

export interface ResourceOptions<Answer> {
  /** Another value: there is news, and it is read again. */
  readonly news?: unknown;
  /** Read again so often while somebody looks. */
  readonly everyMilliseconds?: number | undefined;
  /** Nothing new comes of it any more: neither news nor time leads to another read. */
  readonly isLast?: (answer: Answer) => boolean;
}

interface Read<Answer> {
  readonly path: string;
  readonly data?: Answer | undefined;
  readonly problem?: unknown;
}

/** What the server answers at a path; undefined: nothing is asked. */
export function useResource<Answer>(
  path: string | undefined,
  { news, everyMilliseconds, isLast }: ResourceOptions<Answer> = {},
): Resource<Answer> {
  const { client } = useDesk();
  const [read, setRead] = useState<Read<Answer>>();
  const reading = useRef<RetryingRead<Answer>>(undefined);
  useEffect(() => {
    if (path === undefined) return;
    const current = new RetryingRead<Answer>({
      clock: browserClock,
      random: drawRandom,
      read: (signal) => client.get(path, signal),
      onAnswer: (data) => setRead({ path, data }),
      onProblem: (problem) => setRead((before) => ({ ...(before?.path === path ? before : {}), path, problem })),
    });
    reading.current = current;
    current.ask();
    return () => current.stop();
  }, [client, path]);
  const known = read?.path === path ? read : undefined;
  const isOver = useRef(false);
  isOver.current = known?.data !== undefined && isLast?.(known.data) === true;
  // Nobody is asked for what is not there, again and again.
  const isAbsent = useRef(false);
  isAbsent.current = isMissing(known?.problem);
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current && !isOver.current) reading.current?.askUnlessComing();
    isFirst.current = false;
  }, [news]);
  useEffect(() => {
    if (everyMilliseconds === undefined || path === undefined) return;
    let cancel = browserClock.schedule(everyMilliseconds, look);
    return () => cancel();

    function look(): void {
      if (!document.hidden && !isOver.current && !isAbsent.current) reading.current?.askUnlessComing();
      cancel = browserClock.schedule(everyMilliseconds ?? 0, look);
    }
  }, [path, everyMilliseconds]);
  return useMemo(() => {
    const reload = (): void => reading.current?.ask();
    return read?.path === path ? { data: read?.data, problem: read?.problem, reload } : { reload };
  }, [read, path]);
}
