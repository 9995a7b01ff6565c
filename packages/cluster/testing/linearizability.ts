/**
 * Whether what several clients saw of a store could have happened one operation after the other, each at some moment
 * between its call and its answer. https://www.cs.cmu.edu/~wing/publications/HerlihyWing90.pdf, the search of Wing and
 * Gong with visited states remembered. Keys are judged one by one, which is enough: linearizability is local.
 */

export interface Operation {
  readonly key: string;
  /** Moments of one counter for all clients; no answer yet: infinity. */
  readonly invoked: number;
  readonly answered: number;
  readonly action: { readonly kind: 'read' } | { readonly kind: 'put' | 'delete'; readonly expected: number };
  readonly outcome:
    /** What was read (0: nothing), or what the write got. */
    | { readonly kind: 'revision'; readonly revision: number }
    | { readonly kind: 'conflict' }
    /** A write of which it is promised that it left nothing. */
    | { readonly kind: 'failed' }
    /** A write of which nobody was told. */
    | { readonly kind: 'unknown'; readonly revision: number | undefined };
}

/** What is wrong, for people; empty if nothing is. */
export function checkHistory(operations: readonly Operation[]): readonly string[] {
  const byKey = Map.groupBy(operations, ({ key }) => key);
  const broken = [...byKey].filter(([, ofKey]) => !isLinearizable(ofKey));
  return [
    ...broken.map(([key, ofKey]) => `no order explains what was seen of ${key}: ${JSON.stringify(ofKey)}`),
    ...findDisorder(operations),
  ];
}

function isLinearizable(operations: readonly Operation[]): boolean {
  const sorted = operations.toSorted((a, b) => a.invoked - b.invoked);
  const visited = new Set<string>();
  const search = (done: ReadonlySet<number>, state: number): boolean => {
    if (sorted.every(({ answered }, index) => done.has(index) || answered === Number.POSITIVE_INFINITY)) return true;
    const place = `${placeOf(done)} ${state}`;
    if (visited.has(place)) return false;
    visited.add(place);
    const open = sorted.flatMap((operation, index) => (done.has(index) ? [] : [{ operation, index }]));
    const horizon = Math.min(...open.map(({ operation }) => operation.answered));
    return open
      .filter(({ operation }) => operation.invoked < horizon)
      .some(({ operation, index }) =>
        statesAfter(operation, state).some((next) => search(new Set([...done, index]), next)),
      );
  };
  return search(new Set(), 0);
}

/** How far everything is done, and what is done beyond that: short, since few operations are open at a time. */
function placeOf(done: ReadonlySet<number>): string {
  let first = 0;
  while (done.has(first)) first += 1;
  return `${first}:${[...done]
    .filter((index) => index > first)
    .toSorted((a, b) => a - b)
    .join()}`;
}

/** None: it cannot have happened then. The state is the revision of the object, 0 where there is none. */
function statesAfter({ action, outcome }: Operation, state: number): readonly number[] {
  if (action.kind === 'read') return outcome.kind === 'revision' && outcome.revision === state ? [state] : [];
  const left = (revision: number): number => (action.kind === 'delete' ? 0 : revision);
  switch (outcome.kind) {
    case 'revision':
      return action.expected === state && outcome.revision > state ? [left(outcome.revision)] : [];
    case 'conflict':
      return action.expected === state ? [] : [state];
    case 'failed':
      return [state];
    case 'unknown':
      return outcome.revision !== undefined && action.expected === state ? [state, left(outcome.revision)] : [state];
  }
}

/** Revisions are one order for all keys: whoever wrote after an answer has a later one. */
function findDisorder(operations: readonly Operation[]): readonly string[] {
  const writes = operations
    .flatMap(({ action, outcome, invoked, answered }) =>
      action.kind !== 'read' && outcome.kind === 'revision' ? [{ invoked, answered, revision: outcome.revision }] : [],
    )
    .toSorted((a, b) => a.revision - b.revision);
  let latest = { invoked: Number.NEGATIVE_INFINITY, revision: 0 };
  const faults: string[] = [];
  for (const write of writes) {
    if (write.revision === latest.revision) faults.push(`revision ${write.revision} was given twice`);
    if (write.answered < latest.invoked)
      faults.push(`revision ${write.revision} was answered before revision ${latest.revision} was asked for`);
    if (write.invoked > latest.invoked) latest = write;
  }
  return faults;
}
