/** Messages that stand in JSON as something else than an object of their fields. */
import { formatMicroTime, formatTime } from '@slipway/kube/clock';
import { malformed } from './protobuf-wire.ts';
import type { JsonObject } from './shape.ts';

/** Number, name (empty: its fields stand in the parent), type: `?` where a zero counts, `[]` lists, `{}` maps. */
export type WireField = readonly [number, string, string];

export interface Form {
  readonly fields: readonly WireField[];
  /** From the message's fields; undefined: nothing was set. */
  toJson(message: JsonObject): unknown;
}

const schemaProps = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';

/** The years 1 to 9999, as RFC 3339 can say them. */
const seconds = { first: -62_135_596_800, last: 253_402_300_799 };

export const forms: Readonly<Record<string, Form>> = {
  Time: time(formatTime),
  MicroTime: time(withMicroseconds),
  Duration: { fields: [[1, 'duration', '?int']], toJson: ({ duration }) => `${Number(duration ?? 0)}ns` },
  Quantity: { fields: [[1, 'string', '?string']], toJson: ({ string }) => string },
  IntOrString: {
    fields: [
      [1, 'type', 'int'],
      [2, 'intVal', '?int'],
      [3, 'strVal', '?string'],
    ],
    toJson: ({ type, intVal, strVal }) => (type === 1 ? (strVal ?? '') : (intVal ?? 0)),
  },
  RawExtension: anything(),
  FieldsV1: anything(),
  JSON: anything(),
  StringList: { fields: [[1, 'items', '[]string']], toJson: ({ items }) => items ?? [] },
  JSONSchemaPropsOrArray: {
    fields: [
      [1, 'schema', schemaProps],
      [2, 'schemas', `[]${schemaProps}`],
    ],
    toJson: ({ schema, schemas }) => schemas ?? schema,
  },
  JSONSchemaPropsOrBool: {
    fields: [
      [1, 'allows', '?bool'],
      [2, 'schema', schemaProps],
    ],
    toJson: ({ allows, schema }) => schema ?? allows,
  },
  JSONSchemaPropsOrStringArray: {
    fields: [
      [1, 'schema', schemaProps],
      [2, 'property', '[]string'],
    ],
    toJson: ({ schema, property }) => property ?? schema,
  },
};

/** Of a time that was never set the message is empty. */
function time(format: (milliseconds: number, nanoseconds: number) => string): Form {
  const toJson: Form['toJson'] = (message) => {
    const { seconds: whole, nanos = 0 } = message;
    if (typeof whole !== 'number' || typeof nanos !== 'number') return undefined;
    if (whole < seconds.first || whole > seconds.last || nanos < 0 || nanos > 999_999_999)
      throw malformed(`a time of ${whole} seconds and ${nanos} nanoseconds since 1970`);
    return format(whole * 1_000 + Math.floor(nanos / 1_000_000), nanos);
  };
  return {
    fields: [
      [1, 'seconds', '?int'],
      [2, 'nanos', 'int'],
    ],
    toJson,
  };
}

/** The last three digits of six are finer than a number of milliseconds. */
function withMicroseconds(milliseconds: number, nanoseconds: number): string {
  const microseconds = String(Math.floor(nanoseconds / 1_000) % 1_000).padStart(3, '0');
  return `${formatMicroTime(milliseconds).slice(0, -'000Z'.length)}${microseconds}Z`;
}

function anything(): Form {
  return { fields: [[1, 'raw', 'json']], toJson: ({ raw }) => raw };
}
