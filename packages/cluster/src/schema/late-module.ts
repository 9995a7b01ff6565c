/**
 * Modules that only some objects need, read when the first of these is met: a start should not pay for them. Only
 * validation can tell that one is needed, and it cannot wait: so the write is begun again once it is there.
 */

/** A write that cannot be judged yet. */
class ModuleNotLoaded extends Error {
  override readonly name = 'ModuleNotLoaded';
  readonly load: () => Promise<void>;
  constructor(load: () => Promise<void>) {
    super('a module is needed that has not been read yet');
    this.load = load;
  }
}

/** Gives the way to what `load` gives; it throws the first time, and `withLateModules` answers that. */
export function lateModule<T>(load: () => Promise<T>): () => T {
  let loaded: { readonly value: T } | undefined;
  return () => {
    if (loaded !== undefined) return loaded.value;
    throw new ModuleNotLoaded(async () => {
      loaded = { value: await load() };
    });
  };
}

/** The same for what does not wait: mostly nothing is needed, and it is done at once. */
export function withLateModulesAtOnce<T>(judge: () => T): T | Promise<T> {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof ModuleNotLoaded)) throw error;
    return error.load().then(() => withLateModulesAtOnce(judge));
  }
}

/** Begins the write again for each module that it turns out to need. */
export async function withLateModules<T>(write: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof ModuleNotLoaded)) throw error;
      await error.load();
    }
  }
}
