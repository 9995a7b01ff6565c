import type { RoutingTable } from '../routing/routing-table.ts';
import type { Structure } from './render-config.ts';
import type { RuntimeApi } from './runtime-api.ts';
import { applyCommands, type RuntimeCommand, withoutServer } from './runtime-commands.ts';
import { backendsOfSlot, type RuntimeState } from './runtime-state.ts';

/** A worker of HAProxy, and what it has been told. */
export interface Worker {
  readonly api: RuntimeApi;
  structure: Structure;
  state: RuntimeState;
  /** The table that it serves. */
  table: RoutingTable | undefined;
}

/** A command that fails leaves it unknown what the worker holds: it must not be used any more. */
export async function tell(worker: Worker, commands: readonly RuntimeCommand[]): Promise<void> {
  await worker.api.run(commands);
  worker.state = applyCommands(worker.state, commands);
}

/** One that leaves still, and to which nothing is open any more. */
export async function removeIdleServer(
  worker: Worker,
  { slot, name }: { readonly slot: string; readonly name: string },
): Promise<void> {
  if (worker.state.servers.get(slot)?.get(name)?.state !== 'leaving') return;
  if (await removeServer(worker, slot, name)) worker.state = withoutServer(worker.state, slot, name);
}

/**
 * From both backends of its slot or from none, because it may be wanted again before it is gone. HAProxy refuses as long as
 * a server has connections; the first backend is the one that is asked most.
 */
async function removeServer({ api, state }: Worker, slot: string, name: string): Promise<boolean> {
  const gone: string[] = [];
  for (const backend of backendsOfSlot(slot)) {
    const answer = await api.ask(`del server ${backend}/${name}`);
    if (!/Server deleted|No such server/.test(answer)) {
      const server = state.servers.get(slot)?.get(name);
      if (gone.length > 0 && server !== undefined) await api.addServer(gone, name, server);
      return false;
    }
    gone.push(backend);
  }
  return true;
}
