import type { FakeClock } from '../../kube/testing/fake-clock.ts';
import type { Database, Transaction } from '../src/database/database.ts';

/** Virtual time stands still until the database, which works in real time, has answered and told what it was to. */
export async function openAtRest(clock: FakeClock, open: () => Promise<Database>): Promise<Database> {
  const work = new Counter();
  clock.waitFor(() => work.rest());
  return count(await work.during(open()), work);
}

/** The same for what is asked by one of several, each with a time of its own, that share a database which is open. */
export function atRest(clock: FakeClock, database: Database): Database {
  const work = new Counter();
  clock.waitFor(() => work.rest());
  return count(database, work);
}

function count(database: Database, work: Counter): Database {
  const unheard = new Map<string, number>();
  const heard = (topic: string): void => {
    const left = unheard.get(topic) ?? 0;
    if (left === 0) return;
    unheard.set(topic, left - 1);
    work.end();
  };
  database.listen((change) => {
    if (change.type === 'changed') heard(change.topic);
    else for (const [topic, count] of unheard) for (let left = count; left > 0; left -= 1) heard(topic);
  });
  const transact = async <T>(perform: (transaction: Transaction) => Promise<T>): Promise<T> => {
    const topics = new Set<string>();
    const forget = (): void => {
      for (const topic of topics) heard(topic);
      topics.clear();
    };
    try {
      return await database.transaction((sql) => {
        // It may run more than once.
        forget();
        return perform({
          query: (text, values) => sql.query(text, values),
          notify: async (topic) => {
            if (!topics.has(topic)) {
              topics.add(topic);
              // Before it is committed: listeners may hear of it first.
              unheard.set(topic, (unheard.get(topic) ?? 0) + 1);
              work.begin();
            }
            await sql.notify(topic);
          },
        });
      });
    } catch (error) {
      forget();
      throw error;
    }
  };
  return {
    dialect: database.dialect,
    query: (text, values) => work.during(database.query(text, values)),
    transaction: (perform) => work.during(transact(perform)),
    listen: (listener) => database.listen(listener),
    close: () => database.close(),
  };
}

class Counter {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count > 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  async during<T>(doing: Promise<T>): Promise<T> {
    this.begin();
    try {
      return await doing;
    } finally {
      this.end();
    }
  }

  /** Resolves when there is nothing left, with whether there was anything. */
  async rest(): Promise<boolean> {
    if (this.#count === 0) return false;
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
    return true;
  }
}
