import {
  backendsOfSlot,
  type Entries,
  type MapName,
  type NewServer,
  type RuntimeState,
  type Server,
  type ServerWeight,
  sharedWeight,
} from './runtime-state.ts';

export type RuntimeCommand =
  | { readonly kind: 'addServer'; readonly slot: string; readonly name: string; readonly server: NewServer }
  | {
      readonly kind: 'setServerState';
      readonly slot: string;
      readonly name: string;
      readonly state: Server['state'];
    }
  | {
      readonly kind: 'setServerWeight';
      readonly slot: string;
      readonly name: string;
      readonly weight: ServerWeight;
    }
  /** In one step, whatever it was before. */
  | { readonly kind: 'replaceMap'; readonly map: MapName; readonly entries: Entries }
  | { readonly kind: 'addEntries'; readonly map: MapName; readonly entries: Entries }
  | { readonly kind: 'setEntry'; readonly map: MapName; readonly key: string; readonly value: string }
  | { readonly kind: 'deleteEntries'; readonly map: MapName; readonly keys: readonly string[] };

const routeMaps = ['exact', 'prefixes', 'hosts', 'wildcards'] as const;
const targetMaps = ['only', 'splits', 'headers', 'rules'] as const;

/**
 * From what HAProxy holds to what it is to hold. Whatever a request can find between two of them is complete: first come
 * the pods, then what leads to them, from the end of the way to its beginning; what nothing leads to any more goes
 * after that, and pods last. A slot has pods to balance among until it names one, and names one until it has them.
 */
export function planCommands(current: RuntimeState, wanted: RuntimeState): readonly RuntimeCommand[] {
  return [
    ...planArrivals(current, wanted),
    ...planWeights(current, wanted, sharedWeight),
    ...targetMaps.flatMap((map) => planEntries(map, current.maps[map], wanted.maps[map])),
    ...routeMaps.flatMap((map): RuntimeCommand[] =>
      isEqual(current.maps[map], wanted.maps[map]) ? [] : [{ kind: 'replaceMap', map, entries: wanted.maps[map] }],
    ),
    ...targetMaps.toReversed().flatMap((map) => planDeletions(map, current.maps[map], wanted.maps[map])),
    ...planDepartures(current, wanted),
    ...planWeights(current, wanted, 0),
  ];
}

function planArrivals(current: RuntimeState, wanted: RuntimeState): RuntimeCommand[] {
  const commands: RuntimeCommand[] = [];
  for (const [slot, servers] of wanted.servers) {
    for (const [name, { address, port, weight }] of servers) {
      const known = current.servers.get(slot)?.get(name);
      if (known?.state === 'ready') continue;
      if (known === undefined) commands.push({ kind: 'addServer', slot, name, server: { address, port, weight } });
      commands.push({ kind: 'setServerState', slot, name, state: 'ready' });
    }
  }
  return commands;
}

/** Of those that are to have another weight, which is this one. */
function planWeights(current: RuntimeState, wanted: RuntimeState, weight: ServerWeight): RuntimeCommand[] {
  const commands: RuntimeCommand[] = [];
  for (const [slot, servers] of wanted.servers) {
    for (const [name, server] of servers) {
      const before = current.servers.get(slot)?.get(name)?.weight ?? server.weight;
      if (server.weight === weight && before !== weight) commands.push({ kind: 'setServerWeight', slot, name, weight });
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
      only: new Map(state.maps.only),
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
      servers.set(command.slot, ofSlot.set(command.name, { ...command.server, state: 'leaving' }));
      break;
    }
    case 'setServerState':
      changeServer(servers, command, { state: command.state });
      break;
    case 'setServerWeight':
      changeServer(servers, command, { weight: command.weight });
      break;
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

function changeServer(
  servers: Draft['servers'],
  { slot, name }: { readonly slot: string; readonly name: string },
  change: Partial<Server>,
): void {
  const ofSlot = servers.get(slot);
  const server = ofSlot?.get(name);
  if (server !== undefined) ofSlot?.set(name, { ...server, ...change });
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
const keptConnections = 'pool-max-conn 256 pool-purge-delay 1s';

/**
 * A pod to which one connection fails gets nothing more until it takes one again: with its last pod gone, what a slot is
 * sent, and what it sends again, goes to the proxy behind it. Whether a pod is ready is not for HAProxy to say, so it looks
 * only at those that it has found dead.
 */
const ejection = 'check inter 1d downinter 200ms rise 1 fall 1 observe layer4 error-limit 1 on-error mark-down';

/** Names and keys in lines consist of safe characters by construction; entries of routes are in payloads, which have no syntax. */
export function formatCommand(command: RuntimeCommand, mapPath: (map: MapName) => string): RuntimeRequest {
  switch (command.kind) {
    case 'addServer':
      return { kind: 'lines', lines: formatServer(backendsOfSlot(command.slot), command.name, command.server) };
    case 'setServerState':
      return setServer(command, `state ${command.state === 'ready' ? 'ready' : 'maint'}`);
    case 'setServerWeight':
      return setServer(command, `weight ${command.weight}`);
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

function setServer({ slot, name }: { readonly slot: string; readonly name: string }, what: string): RuntimeRequest {
  return { kind: 'lines', lines: backendsOfSlot(slot).map((backend) => `set server ${backend}/${name} ${what}`) };
}

/** In each of the backends. */
export function formatServer(
  backends: readonly string[],
  name: string,
  { address, port, weight }: NewServer,
): readonly string[] {
  const at = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return backends.flatMap((backend) => [
    `add server ${backend}/${name} ${at} weight ${weight} ${keptConnections} ${ejection}`,
    `enable health ${backend}/${name}`,
  ]);
}

function formatEntries(entries: Entries): string[] {
  return [...entries].map(([key, value]) => `${key} ${value}`);
}

/** Stops every request from being routed by this HAProxy: the built-in proxy behind it takes them. */
export function planRetreat(): RuntimeCommand {
  return { kind: 'replaceMap', map: 'rules', entries: new Map() };
}
