import type { ApplicationSummary } from '../api/answers.ts';

/** All applications that the caller may see, by `namespace/name`, as the stream told it last. */
export interface Fleet {
  readonly applications: ReadonlyMap<string, ApplicationSummary>;
  /** Of a snapshot that has not come to its end; what was known before counts until it has. */
  readonly arriving?: ReadonlyMap<string, ApplicationSummary> | undefined;
  /** From where a stream goes on; absent until there is a whole snapshot. */
  readonly after?: string | undefined;
}

export const emptyFleet: Fleet = { applications: new Map() };

export type ApplicationFrame =
  | {
      readonly type: 'snapshot';
      readonly first: boolean;
      readonly last: boolean;
      readonly items: readonly ApplicationSummary[];
      readonly after?: string;
    }
  | {
      readonly type: 'changes';
      readonly changed: readonly ApplicationSummary[];
      readonly removed: ReadonlyArray<{ readonly namespace: string; readonly name: string }>;
      readonly after: string;
    };

export function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

/** A new value, so that who compares sees that there is news. */
export function applyFrame(fleet: Fleet, frame: ApplicationFrame): Fleet {
  if (frame.type === 'changes') {
    if (frame.changed.length === 0 && frame.removed.length === 0) return { ...fleet, after: frame.after };
    const applications = new Map(fleet.applications);
    for (const each of frame.removed) applications.delete(keyOf(each));
    for (const each of frame.changed) applications.set(keyOf(each), each);
    return { ...fleet, applications, after: frame.after };
  }
  const arriving = new Map(frame.first ? [] : fleet.arriving);
  for (const each of frame.items) arriving.set(keyOf(each), each);
  if (frame.last) return { applications: arriving, after: frame.after };
  return { ...fleet, arriving };
}
