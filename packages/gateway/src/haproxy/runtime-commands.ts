import type { EndpointAddress } from '../routing/routing-table.ts';
import { backendsOfSlot, type Entries, type MapName, type RuntimeState, type Server } from './runtime-state.ts';

export type RuntimeCommand =
  | { readonly kind: 'addServer'; readonly slot: string; readonly name: string; readonly endpoint: EndpointAddress }
  | {
      readonly kind: 'setServerState';
      readonly slot: string;
      readonly name: string;
      readonly state: Server['state'];
    }
  /** In one step, whatever it was before. */
  | { readonly kind: 'replaceMap'; readonly map: MapName; readonly entries: Entries }
  | { readonly kind: 'addEntries'; readonly map: MapName; readonly entries: Entries }
  | { readonly kind: 'setEntry'; readonly map: MapName; readonly key: string; readonly value: string }
  | { readonly kind: 'deleteEntries'; readonly map: MapName; readonly keys: readonly string[] };

const routeMaps = ['exact', 'prefixes', 'hosts', 'wildcards'] as const;
const targetMaps = ['splits', 'headers', 'rules'] as const;

/**
 * From what HAProxy holds to what it is to hold. Whatever a request can find between two of them is complete: first come
 * the pods, then what leads to them, from the end of the way to its beginning; what nothing leads to any more goes
 * after that, and pods last.
 */
export function planCommands(current: RuntimeState, wanted: RuntimeState): readonly RuntimeCommand[] {
  return [
    ...planArrivals(current, wanted),
    ...targetMaps.flatMap((map) => planEntries(map, current.maps[map], wanted.maps[map])),
    ...routeMaps.flatMap((map): RuntimeCommand[] =>
      isEqual(current.maps[map], wanted.maps[map]) ? [] : [{ kind: 'replaceMap', map, entries: wanted.maps[map] }],
    ),
    ...targetMaps.toReversed().flatMap((map) => planDeletions(map, current.maps[map], wanted.maps[map])),
    ...planDepartures(current, wanted),
  ];
}

function planArrivals(current: RuntimeState, wanted: RuntimeState): RuntimeCommand[] {
  const commands: RuntimeCommand[] = [];
  for (const [slot, servers] of wanted.servers) {
    for (const [name, { address, port }] of servers) {
      const known = current.servers.get(slot)?.get(name);
      if (known?.state === 'ready') continue;
      if (known === undefined) commands.push({ kind: 'addServer', slot, name, endpoint: { address, port } });
      commands.push({ kind: 'setServerState', slot, name, state: 'ready' });
    }
  }
  return commands;
}

function planDepartures(current: RuntimeState, wanted: RuntimeState): RuntimeCommand[] {
  const commands: RuntimeCommand[] = [];
  for (const [slot, servers] of current.servers) {
    for (const [name, { state }] of servers) {
      if (state === 'ready' && wanted.servers.get(slot)?.has(name) !== true)
        commands.push({ kind: 'setServerState', slot, name, state: 'leaving' });
    }
  }
  return commands;
}

function planEntries(map: MapName, current: Entries, wanted: Entries): RuntimeCommand[] {
  const added = new Map([...wanted].filter(([key]) => !current.has(key)));
  const changed = [...wanted].filter(([key, value]) => current.has(key) && current.get(key) !== value);
  return [
    ...(added.size > 0 ? [{ kind: 'addEntries' as const, map, entries: added }] : []),
    ...changed.map(([key, value]) => ({ kind: 'setEntry' as const, map, key, value })),
  ];
}

function planDeletions(map: MapName, current: Entries, wanted: Entries): RuntimeCommand[] {
  const keys = [...current.keys()].filter((key) => !wanted.has(key));
  return keys.length > 0 ? [{ kind: 'deleteEntries', map, keys }] : [];
}

function isEqual(a: Entries, b: Entries): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

/** What HAProxy holds after a command. */
export function applyCommands(state: RuntimeState, commands: readonly RuntimeCommand[]): RuntimeState {
  const draft: Draft = {
    maps: {
      hosts: new Map(state.maps.hosts),
      wildcards: new Map(state.maps.wildcards),
      exact: new Map(state.maps.exact),
      prefixes: new Map(state.maps.prefixes),
      headers: new Map(state.maps.headers),
      rules: new Map(state.maps.rules),
      splits: new Map(state.maps.splits),
    },
    servers: new Map([...state.servers].map(([slot, servers]) => [slot, new Map(servers)])),
  };
  for (const command of commands) applyCommand(draft, command);
  return draft;
}

interface Draft {
  readonly maps: Record<MapName, Map<string, string>>;
  readonly servers: Map<string, Map<string, Server>>;
}

function applyCommand({ maps, servers }: Draft, command: RuntimeCommand): void {
  switch (command.kind) {
    case 'addServer': {
      const ofSlot = servers.get(command.slot) ?? new Map<string, Server>();
      servers.set(command.slot, ofSlot.set(command.name, { ...command.endpoint, state: 'leaving' }));
      break;
    }
    case 'setServerState': {
      const ofSlot = servers.get(command.slot);
      const server = ofSlot?.get(command.name);
      if (server !== undefined) ofSlot?.set(command.name, { ...server, state: command.state });
      break;
    }
    case 'replaceMap':
      maps[command.map] = new Map(command.entries);
      break;
    case 'addEntries':
      for (const [key, value] of command.entries) maps[command.map].set(key, value);
      break;
    case 'setEntry':
      maps[command.map].set(command.key, command.value);
      break;
    case 'deleteEntries':
      for (const key of command.keys) maps[command.map].delete(key);
      break;
  }
}

/** Servers that leave, by slot: HAProxy lets them go when nothing is open to them. */
export function listLeaving({ servers }: RuntimeState): readonly { readonly slot: string; readonly name: string }[] {
  return [...servers].flatMap(([slot, ofSlot]) =>
    [...ofSlot].flatMap(([name, { state }]) => (state === 'leaving' ? [{ slot, name }] : [])),
  );
}

export function withoutServer(state: RuntimeState, slot: string, name: string): RuntimeState {
  const servers = new Map(state.servers);
  const ofSlot = new Map(servers.get(slot));
  ofSlot.delete(name);
  if (ofSlot.size === 0) servers.delete(slot);
  else servers.set(slot, ofSlot);
  return { ...state, servers };
}

/** One step of the conversation: lines that can be joined by `;`, or a block that follows its line. */
export type RuntimeRequest =
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'payload'; readonly line: string; readonly payload: readonly string[] }
  | { readonly kind: 'replace'; readonly map: string; readonly payload: readonly string[] };

/** A kept connection that is idle goes within seconds: applications close theirs at their own time. */
const serverOptions = 'weight 4 pool-max-conn 256 pool-purge-delay 1s';

/** Names and keys in lines consist of safe characters by construction; entries of routes are in payloads, which have no syntax. */
export function formatCommand(command: RuntimeCommand, mapPath: (map: MapName) => string): RuntimeRequest {
  switch (command.kind) {
    case 'addServer':
      return { kind: 'lines', lines: formatServer(backendsOfSlot(command.slot), command.name, command.endpoint) };
    case 'setServerState': {
      const state = command.state === 'ready' ? 'ready' : 'maint';
      const lines = backendsOfSlot(command.slot).map(
        (backend) => `set server ${backend}/${command.name} state ${state}`,
      );
      return { kind: 'lines', lines };
    }
    case 'replaceMap':
      return { kind: 'replace', map: mapPath(command.map), payload: formatEntries(command.entries) };
    case 'addEntries':
      return { kind: 'payload', line: `add map ${mapPath(command.map)}`, payload: formatEntries(command.entries) };
    case 'setEntry':
      return { kind: 'lines', lines: [`set map ${mapPath(command.map)} ${command.key} ${command.value}`] };
    case 'deleteEntries':
      return { kind: 'lines', lines: command.keys.map((key) => `del map ${mapPath(command.map)} ${key}`) };
  }
}

/** In each of the backends. */
export function formatServer(
  backends: readonly string[],
  name: string,
  { address, port }: EndpointAddress,
): readonly string[] {
  const at = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return backends.map((backend) => `add server ${backend}/${name} ${at} ${serverOptions}`);
}

function formatEntries(entries: Entries): string[] {
  return [...entries].map(([key, value]) => `${key} ${value}`);
}

/** Stops every request from being routed by this HAProxy: the built-in proxy behind it takes them. */
export function planRetreat(): RuntimeCommand {
  return { kind: 'replaceMap', map: 'rules', entries: new Map() };
}
