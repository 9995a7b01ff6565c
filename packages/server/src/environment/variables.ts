/** Variables of a namespace, as people change them. Pure. */
import { ownVariables } from '@slipway/delivery/api/environment';
import type { FieldFault } from '../http/problem.ts';

/** Values by name. A name is in one of the two. */
export interface Variables {
  readonly plain: Values;
  /** Shown to nobody. */
  readonly secret: Values;
}

export type Values = Readonly<Record<string, string>>;

export interface Wanted {
  readonly name: string;
  /** Absent: what it is. */
  readonly value?: string | undefined;
  /** Absent: as it was, and no secret where it was not there. */
  readonly secret?: boolean | undefined;
}

export interface VariableChange {
  readonly set: readonly Wanted[];
  /** All that is not set goes too. */
  readonly remove: readonly string[] | 'others';
}

/** More than that no process can be started with. */
const maximumBytes = 262_144;
export const maximumVariables = 500;

/** Every fault at once, with its place in what was set. */
export function changeVariables(
  before: Variables,
  { set, remove }: VariableChange,
): { readonly after: Variables; readonly faults: readonly FieldFault[] } {
  const gone = new Set([...set.map(({ name }) => name), ...(remove === 'others' ? namesOf(before) : remove)]);
  const [plain, secret] = [withoutNames(before.plain, gone), withoutNames(before.secret, gone)];
  const faults: FieldFault[] = [];
  for (const [index, wanted] of set.entries()) {
    const fault = findFault(before, set, index);
    if (fault !== undefined) faults.push({ field: `${index}/${fault.field}`, message: fault.message });
    const { name, value = valueOf(before, name) ?? '' } = wanted;
    (isSecret(before, wanted) ? secret : plain).set(name, value);
  }
  const after = { plain: Object.fromEntries(plain), secret: Object.fromEntries(secret) };
  return { after, faults: [...faults, ...findExcess(after)] };
}

function findFault(before: Variables, set: readonly Wanted[], index: number): FieldFault | undefined {
  const wanted = set[index];
  if (wanted === undefined) return undefined;
  const { name, value } = wanted;
  if (ownVariables.some((own) => own === name))
    return { field: 'name', message: `${name} is what Slipway tells every container of itself` };
  if (set.findIndex((other) => other.name === name) < index) return { field: 'name', message: `${name} is set twice` };
  if (value !== undefined) return undefined;
  if (valueOf(before, name) === undefined)
    return { field: 'value', message: `${name} has no value yet to keep: send one` };
  return Object.hasOwn(before.secret, name) && !isSecret(before, wanted)
    ? { field: 'value', message: `${name} is secret, and its value is shown to nobody: send one that may be seen` }
    : undefined;
}

function findExcess(after: Variables): readonly FieldFault[] {
  const all = [...Object.entries(after.plain), ...Object.entries(after.secret)];
  const bytes = all.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  return [
    ...(all.length > maximumVariables
      ? [{ field: '', message: `there would be ${all.length} variables, and ${maximumVariables} may be` }]
      : []),
    ...(bytes > maximumBytes
      ? [{ field: '', message: `they would be ${bytes} bytes, and ${maximumBytes} may be` }]
      : []),
  ];
}

/** What has been secret does not cease to be by being forgotten. */
function isSecret(before: Variables, { name, secret }: Wanted): boolean {
  return secret ?? Object.hasOwn(before.secret, name);
}

/** A name may be one that every object has. */
function valueOf({ plain, secret }: Variables, name: string): string | undefined {
  const owner = [plain, secret].find((values) => Object.hasOwn(values, name));
  return owner?.[name];
}

function namesOf({ plain, secret }: Variables): readonly string[] {
  return [...Object.keys(plain), ...Object.keys(secret)];
}

function withoutNames(values: Values, names: ReadonlySet<string>): Map<string, string> {
  return new Map(Object.entries(values).filter(([name]) => !names.has(name)));
}

/** By name; values of secrets are left out. */
export function presentVariables({ plain, secret }: Variables) {
  const seen = Object.entries(plain).map(([name, value]) => ({ name, value, secret: false }));
  const hidden = Object.keys(secret).map((name) => ({ name, secret: true }));
  return [...seen, ...hidden].toSorted((one, other) => (one.name < other.name ? -1 : 1));
}
