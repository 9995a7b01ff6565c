/** HAProxy 2.6 cannot add a backend while it runs, so a number of them wait in the configuration for versions to come. */

export const slotKinds = ['plain', 'compressing'] as const;
export type SlotKind = (typeof slotKinds)[number];
export type SlotCounts = Readonly<Record<SlotKind, number>>;

export interface SlotRequest {
  /** Slot by key, of the last time. */
  readonly previous: ReadonlyMap<string, string>;
  readonly wanted: ReadonlyMap<string, SlotKind>;
  /** Slots that still have servers: they stay with their key until those are gone. */
  readonly occupied: ReadonlySet<string>;
  readonly counts: SlotCounts;
}

export interface SlotAssignment {
  readonly slots: ReadonlyMap<string, string>;
  /** How many slots of each kind it would take. */
  readonly needed: SlotCounts;
}

/** A key keeps its slot; new keys take free ones, the lowest first, as long as there are any. */
export function assignSlots({ previous, wanted, occupied, counts }: SlotRequest): SlotAssignment {
  const slots = new Map([...previous].filter(([key, slot]) => wanted.has(key) || occupied.has(slot)));
  const taken = new Set([...slots.values(), ...occupied]);
  const missing: Record<SlotKind, number> = { plain: 0, compressing: 0 };
  const free = { plain: freeSlots('plain', counts, taken), compressing: freeSlots('compressing', counts, taken) };
  for (const [key, kind] of wanted) {
    if (slots.has(key)) continue;
    const slot = free[kind].shift();
    if (slot === undefined) missing[kind] += 1;
    else slots.set(key, slot);
  }
  const needed = (kind: SlotKind): number => namesOf(kind, counts[kind]).length - free[kind].length + missing[kind];
  return { slots, needed: { plain: needed('plain'), compressing: needed('compressing') } };
}

/** Room for as many again: each growth is a reload. Never fewer than before, because slots are in use. */
export function growCounts(counts: SlotCounts, needed: SlotCounts): SlotCounts {
  const grow = (kind: SlotKind): number => (needed[kind] > counts[kind] ? needed[kind] * 2 : counts[kind]);
  return { plain: grow('plain'), compressing: grow('compressing') };
}

/** `p0`, `p1`, ... and `c0`, `c1`, ... */
export function namesOf(kind: SlotKind, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${kind === 'plain' ? 'p' : 'c'}${index}`);
}

function freeSlots(kind: SlotKind, counts: SlotCounts, taken: ReadonlySet<string>): string[] {
  return namesOf(kind, counts[kind]).filter((slot) => !taken.has(slot));
}
