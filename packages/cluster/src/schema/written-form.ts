/**
 * How Kubernetes writes what it has read: its types are structs of Go, whose fields are there always and leave out what is
 * empty. Whoever says `hostNetwork: false`, `name: ""` or `labels: {}` has said nothing, and gets the default where there is
 * one. What can be said in several ways is written in one: `0.5` of a CPU as `500m`, a time in UTC.
 */
import { createAttachment } from '@slipway/kube/attachment';
import { formatTime } from '@slipway/kube/clock';
import { writtenQuantity } from '@slipway/kube/quantity';
import type { SchemaField, SchemaNode } from './definition.ts';
import { isJsonObject, type JsonObject } from './shape.ts';

type ObjectNode = SchemaNode & { readonly kind: 'object' };
type ScalarNode = SchemaNode & { readonly kind: 'scalar' };

/**
 * The very same object where it is written so. Its values are of their types. Of custom resources only the metadata is a struct.
 * `known`, where it stands in a field of the object, is written so.
 */
export function toWrittenForm<T extends object>(object: T, node: SchemaNode, known?: object): T;
export function toWrittenForm(object: JsonObject, node: SchemaNode, known?: object): JsonObject {
  return node.kind === 'object' ? fieldsOf(object, node, known) : object;
}

/** By the stored object. */
const forms = createAttachment<object>();

/**
 * The same of an object that is stored, and maybe by a version of this program that wrote it as it came: what is compared with
 * it is in this form. Found once for each object.
 */
export function storedForm<T extends object>(stored: T, node: SchemaNode): T {
  const known = forms.of(stored);
  if (known !== undefined) return known as T;
  const form = toWrittenForm(stored, node);
  forms.attach(stored, form);
  return form;
}

/** Of an object that is about to be stored and is written so. */
export function noteWritten(object: object): void {
  forms.attach(object, object);
}

function fieldsOf(value: JsonObject, node: ObjectNode, known?: object): JsonObject {
  let copy: Record<string, unknown> | undefined;
  for (const name in value) {
    const child = value[name];
    if (known !== undefined && child === known) continue;
    const field = node.fields.get(name);
    if (field === undefined) continue;
    const isOmitted = node.name !== undefined && isLeftOut(child, field);
    const written = isOmitted ? undefined : valueOf(child, field.node);
    if (written === child) continue;
    copy ??= { ...value };
    if (written === undefined) delete copy[name];
    else copy[name] = written;
  }
  return copy ?? value;
}

/** A field that is a pointer says something when it points at an empty value. */
function isLeftOut(value: unknown, { required, pointer, node }: SchemaField): boolean {
  return !required && pointer !== true && isEmpty(value, node);
}

/** An object is not: as a value it is written however empty it is, and as a pointer it is there. */
function isEmpty(value: unknown, node: SchemaNode): boolean {
  switch (node.kind) {
    case 'scalar':
      return value === zeros[node.type];
    case 'list':
      return Array.isArray(value) && value.length === 0;
    case 'map':
      return isJsonObject(value) && Object.keys(value).length === 0;
    default:
      return false;
  }
}

/** Of what is no scalar in Go there is none. */
const zeros: Readonly<Record<string, unknown>> = {
  string: '',
  bytes: '',
  integer: 0,
  number: 0,
  boolean: false,
};

function valueOf(value: unknown, node: SchemaNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return scalarOf(value, node);
    case 'object':
      return isJsonObject(value) ? fieldsOf(value, node) : value;
    case 'list':
      return Array.isArray(value) && isWrittenOtherwise(node.items) ? itemsOf(value, node.items) : value;
    case 'map':
      return isJsonObject(value) && isWrittenOtherwise(node.values) ? entriesOf(value, node.values) : value;
    case 'any':
      return value;
  }
}

function itemsOf(items: readonly unknown[], node: SchemaNode): readonly unknown[] {
  const written = items.map((item) => valueOf(item, node));
  return written.every((item, index) => item === items[index]) ? items : written;
}

function entriesOf(values: JsonObject, node: SchemaNode): JsonObject {
  const written = Object.entries(values).map(([name, value]) => [name, valueOf(value, node)] as const);
  return written.every(([name, value]) => value === values[name]) ? values : Object.fromEntries(written);
}

type Writer = (value: string | number) => string | number;

const scalars: Readonly<Partial<Record<ScalarNode['type'], Writer>>> = {
  quantity: writtenQuantity,
  time: (value) => timeOf(value, ({ seconds }) => `${seconds}Z`),
  microTime: (value) => timeOf(value, ({ seconds, fraction }) => `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}Z`),
  bytes: (value) => Buffer.from(String(value), 'base64').toString('base64'),
};

function isWrittenOtherwise(node: SchemaNode): boolean {
  return node.kind === 'scalar' ? scalars[node.type] !== undefined : node.kind !== 'any';
}

/** What is of another type is left to validation. */
function scalarOf(value: unknown, { type }: ScalarNode): unknown {
  const write = scalars[type];
  return write !== undefined && (typeof value === 'string' || typeof value === 'number') ? write(value) : value;
}

const moment = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/;

interface Moment {
  /** In UTC, without its zone. */
  readonly seconds: string;
  /** Decimals of a second. */
  readonly fraction: string;
}

function timeOf(value: string | number, write: (moment: Moment) => string): string | number {
  const [, local, fraction = '', zone] = moment.exec(String(value)) ?? [];
  if (local === undefined || zone === undefined) return value;
  if (zone === 'Z') return write({ seconds: local, fraction });
  const utc = formatTime(Date.parse(`${local}${zone}`));
  return write({ seconds: utc.slice(0, -'Z'.length), fraction });
}
