import type { KubeObject } from '@slipway/kube/object';

type Values = Readonly<Record<string, unknown>>;

/** kubectl's copy of the whole manifest: of a Secret it holds all that is to be hidden. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Both sides of a Secret without what it holds: that a value is another one is seen, and which is not. */
export function hideValues(
  before: KubeObject | undefined,
  after: KubeObject | undefined,
): readonly [before: object | undefined, after: object | undefined] {
  const hide = (object: KubeObject | undefined, other: KubeObject | undefined, side: string): object | undefined =>
    object?.kind === 'Secret'
      ? {
          ...object,
          ...hideField('data', { object, other, side }),
          ...hideField('stringData', { object, other, side }),
          ...hideLastApplied({ object, other, side }),
        }
      : object;
  return [hide(before, after, 'before'), hide(after, before, 'after')];
}

interface Side {
  readonly object: KubeObject;
  readonly other: KubeObject | undefined;
  readonly side: string;
}

function hideField(field: 'data' | 'stringData', { object, other, side }: Side): object {
  const values = valuesOf(object, field);
  if (values === undefined) return {};
  const others = valuesOf(other, field) ?? values;
  const hidden = Object.entries(values).map(([key, value]) => [key, mask(value, others[key], side)]);
  return { [field]: Object.fromEntries(hidden) };
}

function hideLastApplied({ object, other, side }: Side): object {
  const { metadata } = object;
  const value = metadata.annotations?.[lastApplied];
  if (value === undefined) return {};
  const hidden = mask(value, (other ?? object).metadata.annotations?.[lastApplied], side);
  return { metadata: { ...metadata, annotations: { ...metadata.annotations, [lastApplied]: hidden } } };
}

function mask(value: unknown, other: unknown, side: string): string {
  return value === other ? '***' : `*** (${side})`;
}

function valuesOf(object: KubeObject | undefined, field: string): Values | undefined {
  const found: unknown = object === undefined ? undefined : Reflect.get(object, field);
  return isValues(found) ? found : undefined;
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null;
}
