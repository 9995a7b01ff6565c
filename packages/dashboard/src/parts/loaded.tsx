import type { ReactNode } from 'react';
import type { Resource } from '../state/use-resource.ts';
import { ProblemNotice, Skeleton } from './small.tsx';

export interface LoadedProps<Answer> {
  readonly resource: Pick<Resource<Answer>, 'data' | 'problem'>;
  /** Pixels of what comes. */
  readonly height: number;
  readonly children: (data: Answer) => ReactNode;
}

/** What was read, once it is there; why it is not, where that failed. */
export function Loaded<Answer>({ resource: { data, problem }, height, children }: LoadedProps<Answer>) {
  if (data !== undefined) return children(data);
  return problem === undefined ? <Skeleton height={height} /> : <ProblemNotice problem={problem} />;
}
