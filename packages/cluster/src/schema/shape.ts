/**
 * The shape of objects: types, unknown fields, required fields, defaults that the schema carries. Works on schema nodes
 * and so serves built-in kinds and custom resources alike.
 */
import { StatusError } from '@slipway/kube/status-error';
import { parseQuantityMilli } from '@slipway/kube/quantity';
import type { SchemaField, SchemaNode } from './definition.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As many as Kubernetes names: who made that many mistakes made them by one. */
const maximumUnknownFields = 100;

/** Object deeper than any real manifest are refused before recursion could hurt. */
const maximumDepth = 100;

export interface ShapeResult {
  /** The object with unknown fields left out and null fields dropped; the same one when nothing was. */
  readonly object: JsonObject;
  /** Paths of fields that the schema does not have. */
  readonly unknownFields: readonly string[];
}

export interface Shaping extends ShapedType {
  /** Beyond metadata a value of a wrong type stays where it is: validation names it, beside all else that is wrong. */
  readonly keepsMisfits?: boolean | undefined;
  /** What stands in a field of the object is right if it is this very value, and need not be looked at. */
  readonly known?: object | undefined;
}

/**
 * Checks every type, drops what the schema does not know and what is null. Throws `BadRequest` for the first value of a
 * wrong type, in the words of Kubernetes' decoder.
 */
export function shapeObject(object: JsonObject, node: SchemaNode, type: Shaping): ShapeResult {
  if (fits(object, node, 0, type.known)) return { object, unknownFields: none };
  const unknownFields: string[] = [];
  const keepsMisfits = type.keepsMisfits === true;
  const shaped = shape(object, node, { type, path: '', unknownFields, depth: 0, keepsMisfits });
  return { object: isJsonObject(shaped) ? shaped : object, unknownFields };
}

const none: readonly string[] = [];

/** Whether nothing in a value is unknown, null or of a wrong type: that of most is not, and this makes nothing on its way. */
function fits(value: unknown, node: SchemaNode, depth: number, known?: object): boolean {
  if (depth > maximumDepth) return false;
  switch (node.kind) {
    case 'any':
      return true;
    case 'scalar':
      return scalars[node.type].accepts(value, node);
    case 'list':
      return Array.isArray(value) && value.every((item) => item !== null && fits(item, node.items, depth + 1));
    case 'map':
      return isJsonObject(value) && everyFits(value, node.values, depth + 1);
    case 'object':
      return isJsonObject(value) && fieldsFit(value, node, depth + 1, known);
  }
}

function everyFits(value: JsonObject, values: SchemaNode, depth: number): boolean {
  for (const name in value) {
    const child = value[name];
    if (child === null || !fits(child, values, depth)) return false;
  }
  return true;
}

function fieldsFit(value: JsonObject, node: ObjectNode, depth: number, known: object | undefined): boolean {
  for (const name in value) {
    const field = node.fields.get(name);
    if (field === undefined && node.preserveUnknownFields === true) continue;
    const child = value[name];
    if (field === undefined || child === null) return false;
    const isKnown = known !== undefined && child === known;
    if (!isKnown && !fits(child, field.node, depth)) return false;
  }
  return true;
}

export interface ShapedType {
  readonly kind: string;
  readonly version: string;
}

interface FieldPosition {
  readonly name: string;
  /** Whose field it is; objects of custom resources are no structs. */
  readonly struct: string | undefined;
  readonly above: FieldPosition | undefined;
}

interface Position {
  readonly type: ShapedType;
  readonly path: string;
  /** The field that holds the value, or the list or map with it; absent for the object itself. */
  readonly field?: FieldPosition | undefined;
  readonly unknownFields: string[];
  readonly depth: number;
  readonly keepsMisfits: boolean;
}

function shape(value: unknown, node: SchemaNode, at: Position): unknown {
  if (at.depth > maximumDepth)
    throw new StatusError(
      'BadRequest',
      `${at.type.kind} in version ${JSON.stringify(at.type.version)} is nested deeper than ${maximumDepth} levels at ${at.path}`,
    );
  switch (node.kind) {
    case 'any':
      return value;
    case 'scalar':
      return shapeScalar(value, node, at);
    case 'list':
      return Array.isArray(value) ? shapeList(value, node.items, at) : misfit(value, goTypeOf(node), at);
    case 'map':
      return isJsonObject(value) ? shapeMap(value, node.values, at) : misfit(value, goTypeOf(node), at);
    case 'object':
      return isJsonObject(value) ? shapeFields(value, node, at) : misfit(value, goTypeOf(node), at);
  }
}

function shapeFields(value: JsonObject, node: SchemaNode & { readonly kind: 'object' }, at: Position): JsonObject {
  let copy: Record<string, unknown> | undefined;
  for (const [name, child] of Object.entries(value)) {
    const path = at.path === '' ? name : `${at.path}.${name}`;
    const field = node.fields.get(name);
    if (field === undefined) {
      if (node.preserveUnknownFields === true) continue;
      if (at.unknownFields.length < maximumUnknownFields) at.unknownFields.push(path);
    }
    const kept =
      field === undefined || child === null
        ? undefined
        : shape(child, field.node, {
            ...at,
            path,
            field: { name, struct: node.name, above: at.field },
            depth: at.depth + 1,
            keepsMisfits: at.keepsMisfits && path !== 'metadata',
          });
    if (kept === child) continue;
    copy ??= { ...value };
    if (kept === undefined) delete copy[name];
    else copy[name] = kept;
  }
  return copy ?? value;
}

function shapeMap(value: JsonObject, values: SchemaNode, at: Position): JsonObject {
  let copy: Record<string, unknown> | undefined;
  for (const [name, child] of Object.entries(value)) {
    const shaped =
      child === null
        ? emptyOf(values)
        : shape(child, values, { ...at, path: `${at.path}.${name}`, depth: at.depth + 1 });
    if (shaped === child) continue;
    copy ??= { ...value };
    copy[name] = shaped;
  }
  return copy ?? value;
}

function shapeList(value: readonly unknown[], items: SchemaNode, at: Position): readonly unknown[] {
  let isSame = true;
  const shaped = value.map((item, index) => {
    const result =
      item === null ? emptyOf(items) : shape(item, items, { ...at, path: `${at.path}[${index}]`, depth: at.depth + 1 });
    isSame &&= result === item;
    return result;
  });
  return isSame ? value : shaped;
}

/** What a null becomes where a value must stand, as in Go. */
function emptyOf(node: SchemaNode): unknown {
  switch (node.kind) {
    case 'object':
    case 'map':
      return {};
    case 'list':
      return [];
    case 'any':
      return null;
    case 'scalar':
      return node.type === 'boolean'
        ? false
        : node.type === 'integer' || node.type === 'number' || node.type === 'intOrString'
          ? 0
          : '';
  }
}

type ScalarNode = SchemaNode & { readonly kind: 'scalar' };

interface Scalar {
  readonly accepts: (value: unknown, node: ScalarNode) => boolean;
  /** Fails in the words of Kubernetes' decoder. */
  readonly refuse: (value: unknown, at: Position, node: ScalarNode) => never;
}

/** By the name that Go has for it, which the decoder tells. */
function plain(accepts: Scalar['accepts'], goName: (node: ScalarNode) => string): Scalar {
  return { accepts, refuse: (value, at, node) => mismatch(value, goName(node), at) };
}

const text = plain(isString, () => 'string');
const moment: Scalar = {
  accepts: (value) => isString(value) && (value === '' || isMoment(value)),
  refuse: (value, at) => fail(at, `parsing time ${JSON.stringify(value)} in ${at.path}: expected RFC 3339`),
};

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
/** In milliseconds: the years 1 to 9999, which the text can say. */
const moments = { first: -62_135_596_800_000, last: 253_402_300_799_999 };

function isMoment(text: string): boolean {
  const [, year, month, day] = rfc3339.exec(text) ?? [];
  const time = Date.parse(text);
  // A day too many would be one of the next month.
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  return isDay && time >= moments.first && time <= moments.last;
}

const scalars: Readonly<Record<ScalarNode['type'], Scalar>> = {
  string: text,
  duration: text,
  boolean: plain(
    (value) => typeof value === 'boolean',
    () => 'bool',
  ),
  integer: plain(
    (value, { format }) => isInteger(value, format),
    ({ format }) => format ?? 'int64',
  ),
  number: plain(
    (value) => typeof value === 'number',
    () => 'float64',
  ),
  intOrString: plain(
    (value) => isString(value) || isInteger(value, 'int32'),
    () => 'intstr.IntOrString',
  ),
  bytes: {
    accepts: (value) => isString(value) && isBase64(value),
    refuse: (_, at) => fail(at, `illegal base64 data in ${at.path}`),
  },
  time: moment,
  microTime: moment,
  quantity: {
    accepts: isQuantityValue,
    refuse: (_, at) =>
      fail(
        at,
        `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$' in ${at.path}`,
      ),
  },
};

function shapeScalar(value: unknown, node: ScalarNode, at: Position): unknown {
  const { accepts, refuse } = scalars[node.type];
  return at.keepsMisfits || accepts(value, node) ? value : refuse(value, at, node);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isInteger(value: unknown, format: string | undefined): boolean {
  if (!Number.isSafeInteger(value)) return false;
  return format !== 'int32' || (Number(value) >= -(2 ** 31) && Number(value) < 2 ** 31);
}

/** Line ends are passed over, as Go does: a block of YAML ends with one. */
function isBase64(text: string): boolean {
  const joined = /[\r\n]/.test(text) ? text.replaceAll(/[\r\n]/g, '') : text;
  return /^[A-Za-z0-9+/]*={0,2}$/.test(joined) && joined.length % 4 === 0;
}

function isQuantityValue(value: unknown): boolean {
  return (typeof value === 'string' || typeof value === 'number') && parseQuantityMilli(value) !== undefined;
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  const type = typeof value;
  return type === 'boolean' ? 'bool' : type === 'number' && !Number.isInteger(value) ? `number ${String(value)}` : type;
}

function misfit(value: unknown, expected: string, at: Position): unknown {
  return at.keepsMisfits ? value : mismatch(value, expected, at);
}

function mismatch(value: unknown, expected: string, at: Position): never {
  return fail(at, `json: cannot unmarshal ${goType(value)} into Go struct field ${goFieldOf(at)} of type ${expected}`);
}

function fail(at: Position, message: string): never {
  throw new UndecodableError(at.type, message);
}

/** What cannot be made an object of the type, in the words of Kubernetes. */
export class UndecodableError extends StatusError {
  /** Alone, without of what it is said. */
  readonly why: string;

  constructor({ kind, version }: ShapedType, why: string) {
    super('BadRequest', `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`);
    this.why = why;
  }
}

/** As Go's decoder names it: the innermost struct, then the fields on the way, without indices and keys of maps. */
function goFieldOf({ field, path, type }: Position): string {
  const struct = field?.struct;
  if (struct === undefined) return `${type.kind}.${path}`;
  const names: string[] = [];
  for (let each = field; each !== undefined; each = each.above) names.unshift(each.name);
  return [struct.slice(struct.lastIndexOf('.') + 1), ...names].join('.');
}

/** `[]v1.Container`, `map[string]string`. */
function goTypeOf(node: SchemaNode): string {
  switch (node.kind) {
    case 'list':
      return `[]${goTypeOf(node.items)}`;
    case 'map':
      return `map[string]${goTypeOf(node.values)}`;
    case 'object':
      return node.name === undefined ? 'object' : node.name.split('.').slice(-2).join('.');
    case 'scalar':
      return goScalars[node.type] ?? node.format ?? node.type;
    case 'any':
      return 'interface {}';
  }
}

const goScalars: Readonly<Record<string, string>> = {
  boolean: 'bool',
  bytes: '[]uint8',
  intOrString: 'intstr.IntOrString',
  quantity: 'resource.Quantity',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  duration: 'v1.Duration',
};

/** Fills in the defaults that the schema carries. The same object comes back when nothing was missing. */
export function applySchemaDefaults(value: unknown, node: SchemaNode): unknown {
  switch (node.kind) {
    case 'object':
      return isJsonObject(value) ? defaultFields(value, node) : value;
    case 'map':
      return isJsonObject(value) && node.values.kind !== 'scalar'
        ? mapValues(value, (child) => applySchemaDefaults(child, node.values))
        : value;
    case 'list':
      return Array.isArray(value) && node.items.kind !== 'scalar'
        ? mapItems(value, (item) => applySchemaDefaults(item, node.items))
        : value;
    case 'scalar':
    case 'any':
      return value;
  }
}

type ObjectNode = SchemaNode & { readonly kind: 'object' };

function defaultFields(value: JsonObject, node: ObjectNode): JsonObject {
  let copy: Record<string, unknown> | undefined;
  for (const name in value) {
    const child = value[name];
    // Whatever has no parts has none that is missing.
    if (typeof child !== 'object' || child === null) continue;
    const field = node.fields.get(name);
    if (field === undefined) continue;
    const filled = applySchemaDefaults(child, field.node);
    if (filled === child) continue;
    copy ??= { ...value };
    copy[name] = filled;
  }
  for (const [name, field] of defaultedFieldsOf(node)) {
    if (value[name] !== undefined) continue;
    copy ??= { ...value };
    copy[name] = applySchemaDefaults(structuredClone(field.default), field.node);
  }
  return copy ?? value;
}

const defaultedFields = new WeakMap<ObjectNode, readonly (readonly [string, SchemaField])[]>();

/** Most kinds have a hundred fields and a handful of defaults. */
function defaultedFieldsOf(node: ObjectNode): readonly (readonly [string, SchemaField])[] {
  const known = defaultedFields.get(node);
  if (known !== undefined) return known;
  const found = [...node.fields].filter(([, field]) => field.default !== undefined);
  defaultedFields.set(node, found);
  return found;
}

function mapValues(value: JsonObject, change: (child: unknown) => unknown): JsonObject {
  let copy: Record<string, unknown> | undefined;
  for (const [name, child] of Object.entries(value)) {
    const changed = change(child);
    if (changed === child) continue;
    copy ??= { ...value };
    copy[name] = changed;
  }
  return copy ?? value;
}

function mapItems(value: readonly unknown[], change: (child: unknown) => unknown): readonly unknown[] {
  const changed = value.map(change);
  return changed.every((item, index) => item === value[index]) ? value : changed;
}
