import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyCommands, formatCommand, listLeaving, planCommands } from './runtime-commands.ts';
import { emptyRuntimeState, type Entries, type RuntimeState, type Server, sharedWeight } from './runtime-state.ts';

const key = fc.stringMatching(/^[a-d]{1,2}$/);
const entries: fc.Arbitrary<Entries> = fc.array(fc.tuple(key, key), { maxLength: 6 }).map((pairs) => new Map(pairs));
const servers = fc
  .array(fc.tuple(fc.constantFrom('p0', 'p1', 'c0'), fc.integer({ min: 1, max: 4 })), { maxLength: 8 })
  .map((pairs) => {
    const bySlot = new Map<string, Map<string, Server>>();
    for (const [slot, pod] of pairs) {
      const ofSlot = bySlot.get(slot) ?? new Map<string, Server>();
      bySlot.set(slot, ofSlot.set(`10.0.0.${pod}_80`, serverAt(`10.0.0.${pod}`)));
    }
    return new Map([...bySlot].map(([slot, ofSlot]) => [slot, weighed(ofSlot)]));
  });

function serverAt(address: string): Server {
  return { address, port: 80, state: 'ready', weight: sharedWeight };
}

/** As a slot has them: one that is alone is named instead of balanced. */
function weighed(ofSlot: ReadonlyMap<string, Server>): ReadonlyMap<string, Server> {
  return new Map([...ofSlot].map(([name, server]) => [name, ofSlot.size === 1 ? { ...server, weight: 0 } : server]));
}

const state: fc.Arbitrary<RuntimeState> = fc.record({
  maps: fc.record({
    hosts: entries,
    wildcards: entries,
    exact: entries,
    prefixes: entries,
    headers: entries,
    rules: entries,
    splits: entries,
    only: entries,
  }),
  servers,
});

/** What is wanted, and what leaves beside it. */
function ready({ servers }: RuntimeState): string[] {
  return [...servers]
    .flatMap(([slot, ofSlot]) =>
      [...ofSlot].filter(([, server]) => server.state === 'ready').map(([name]) => `${slot}/${name}`),
    )
    .toSorted();
}

function weights({ servers }: RuntimeState): string[] {
  return [...servers]
    .flatMap(([slot, ofSlot]) =>
      [...ofSlot].flatMap(([name, { state, weight }]) => (state === 'ready' ? [`${slot}/${name} ${weight}`] : [])),
    )
    .toSorted();
}

function sortedMaps({ maps }: RuntimeState): unknown {
  return Object.entries(maps).map(([name, map]) => [name, [...map].toSorted()]);
}

describe('commands', () => {
  test('lead from any state to any other, and then there are none', () => {
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 4 }), (states) => {
        let current = emptyRuntimeState;
        for (const wanted of states) {
          current = applyCommands(current, planCommands(current, wanted));
          expect(sortedMaps(current)).toEqual(sortedMaps(wanted));
          expect(ready(current)).toEqual(ready(wanted));
          expect(weights(current)).toEqual(weights(wanted));
          expect(planCommands(current, wanted)).toEqual([]);
        }
      }),
    );
  });

  test('never leave a way that leads to a pod that is not there, a slot that takes nothing or a split without a turn', () => {
    fc.assert(
      fc.property(state, state, (before, after) => {
        const [first, second] = [consistent(before), consistent(after)];
        let current = applyCommands(emptyRuntimeState, planCommands(emptyRuntimeState, first));
        for (const command of planCommands(current, second)) {
          current = applyCommands(current, [command]);
          for (const target of current.maps.rules.values()) expect(leadsToPods(current, target)).toBe(true);
        }
      }),
    );
  });

  test('keep what leaves until HAProxy has let it go', () => {
    const wanted: RuntimeState = {
      ...emptyRuntimeState,
      servers: new Map([['p0', new Map([['10.0.0.1_80', serverAt('10.0.0.1')]])]]),
    };
    const current = applyCommands(emptyRuntimeState, planCommands(emptyRuntimeState, wanted));
    const left = applyCommands(current, planCommands(current, emptyRuntimeState));
    expect(listLeaving(left)).toEqual([{ slot: 'p0', name: '10.0.0.1_80' }]);
    expect(planCommands(left, wanted)).toEqual([
      { kind: 'setServerState', slot: 'p0', name: '10.0.0.1_80', state: 'ready' },
    ]);
  });

  test('to a pod go to both backends of its slot', () => {
    const request = formatCommand(
      { kind: 'addServer', slot: 'p3', name: '::1_80', server: { address: '::1', port: 80, weight: 0 } },
      (map) => map,
    );
    expect(request).toMatchObject({
      lines: [
        expect.stringMatching(/^add server p3\/::1_80 \[::1\]:80 weight 0 /),
        'enable health p3/::1_80',
        expect.stringMatching(/^add server p3\.once\/::1_80 \[::1\]:80 weight 0 /),
        'enable health p3.once/::1_80',
      ],
    });
  });
});

/** Rules lead to slots with a pod, or to splits of such. */
function consistent(drawn: RuntimeState): RuntimeState {
  const slots = [...drawn.servers.keys()];
  const rules = new Map<string, string>();
  const splits = new Map<string, string>();
  for (const [index, rule] of [...drawn.maps.rules.keys()].entries()) {
    const slot = slots[index % Math.max(1, slots.length)];
    if (slot === undefined) continue;
    const split = `s:${slots.join('-')}:${index}`;
    rules.set(rule, index % 2 === 0 ? slot : split);
    if (index % 2 === 1) splits.set(`${split}.0`, slot);
  }
  return { ...drawn, maps: { ...drawn.maps, rules, splits, only: onlyOf(drawn) } };
}

function onlyOf({ servers }: RuntimeState): Entries {
  return new Map(
    [...servers].flatMap(([slot, ofSlot]) => (ofSlot.size === 1 ? [...ofSlot.keys()].map((name) => [slot, name]) : [])),
  );
}

function leadsToPods(state: RuntimeState, target: string): boolean {
  const slot = target.startsWith('s:') ? state.maps.splits.get(`${target}.0`) : target;
  const servers = state.servers.get(slot ?? '');
  const named = servers?.get(state.maps.only.get(slot ?? '') ?? '');
  if (named?.state === 'ready') return true;
  return [...(servers?.values() ?? [])].some(({ state, weight }) => state === 'ready' && weight > 0);
}
