import type { ReactNode } from 'react';
import { useDesk } from '../session/desk.ts';
import { useAction } from '../state/use-action.ts';
import { usePages } from '../state/use-pages.ts';
import { useRequestKey } from '../state/use-request-key.ts';
import { More } from './more.tsx';
import { Empty, ProblemNotice, Skeleton } from './small.tsx';

export interface Repeating {
  readonly isBusy: boolean;
  readonly ask: (id: string) => void;
}

export interface DeliverySectionProps<Item> {
  readonly title: string;
  /** Of its pages. */
  readonly path: string;
  /** Where one is asked for again. */
  readonly repeatPath: (id: string) => string;
  readonly empty: string;
  /** Beside the title. */
  readonly tools?: ReactNode;
  readonly children: (items: readonly Item[], repeating: Repeating) => ReactNode;
}

const lookMilliseconds = 3_000;

/** What came or went, newest first: it stays current, older ones are a button away, and each can be asked for again. */
export function DeliverySection<Item extends { readonly id: string }>(props: DeliverySectionProps<Item>) {
  const { title, path, repeatPath, empty, tools, children } = props;
  const { client } = useDesk();
  const { items, problem, readOn, reload } = usePages<Item>(path, { everyMilliseconds: lookMilliseconds });
  const repeat = useAction();
  const key = useRequestKey();
  const ask = (id: string): void =>
    repeat.run(async () => {
      const asked = repeatPath(encodeURIComponent(id));
      await client.send('POST', asked, { key: key.of(asked) });
      key.forget();
      reload();
    });
  return (
    <section className="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {tools}
      </header>
      {problem !== undefined && <ProblemNotice problem={problem} />}
      {repeat.problem !== undefined && <ProblemNotice problem={repeat.problem} />}
      {items === undefined ? (
        problem === undefined && <Skeleton height={160} />
      ) : items.length === 0 ? (
        <Empty>
          <p>{empty}</p>
        </Empty>
      ) : (
        children(items, { isBusy: repeat.isBusy, ask })
      )}
      <More readOn={readOn} />
    </section>
  );
}
