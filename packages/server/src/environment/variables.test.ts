import { describe, expect, it } from 'vitest';
import { changeVariables, presentVariables, type VariableChange, type Variables } from './variables.ts';

const before: Variables = { plain: { LEVEL: 'info', HOST: 'db' }, secret: { KEY: 'sesame' } };
const set = (...wanted: VariableChange['set']): VariableChange => ({ set: wanted, remove: [] });

describe('variables', () => {
  it.each<{ readonly name: string; readonly change: VariableChange; readonly after: Variables }>([
    {
      name: 'are set beside those that there are',
      change: set({ name: 'NEW', value: '1' }),
      after: { ...before, plain: { ...before.plain, NEW: '1' } },
    },
    {
      name: 'go where they are not set, and all are',
      change: { set: [{ name: 'LEVEL', value: 'debug' }], remove: 'others' },
      after: { plain: { LEVEL: 'debug' }, secret: {} },
    },
    {
      name: 'keep a value that is not sent',
      change: { set: [{ name: 'KEY' }, { name: 'LEVEL' }], remove: 'others' },
      after: { plain: { LEVEL: 'info' }, secret: { KEY: 'sesame' } },
    },
    {
      name: 'stay secret where nobody says that they are not',
      change: set({ name: 'KEY', value: 'open' }),
      after: { ...before, secret: { KEY: 'open' } },
    },
    {
      name: 'become secret with the value that they have',
      change: set({ name: 'LEVEL', secret: true }),
      after: { plain: { HOST: 'db' }, secret: { KEY: 'sesame', LEVEL: 'info' } },
    },
    {
      name: 'are seen with a value that may be',
      change: set({ name: 'KEY', value: 'open', secret: false }),
      after: { plain: { ...before.plain, KEY: 'open' }, secret: {} },
    },
    {
      name: 'are removed, also those that are not there',
      change: { set: [], remove: ['KEY', 'HOST', 'NONE'] },
      after: { plain: { LEVEL: 'info' }, secret: {} },
    },
    {
      name: 'may have a name that every object has',
      change: set({ name: 'constructor', value: '1' }, { name: '__proto__', value: '2', secret: true }),
      after: {
        plain: { ...before.plain, constructor: '1' },
        secret: Object.fromEntries([...Object.entries(before.secret), ['__proto__', '2']]),
      },
    },
  ])('$name', ({ change, after }) => {
    expect(changeVariables(before, change)).toEqual({ after, faults: [] });
  });

  it.each<{ readonly name: string; readonly change: VariableChange; readonly faults: readonly object[] }>([
    {
      name: 'a secret shown by saying that it is none',
      change: set({ name: 'KEY', secret: false }),
      faults: [{ field: '0/value', message: expect.stringContaining('KEY is secret') }],
    },
    {
      name: 'no value, though there is none to keep',
      change: set({ name: 'A', value: '' }, { name: 'toString' }),
      faults: [{ field: '1/value', message: expect.stringContaining('toString has no value yet') }],
    },
    {
      name: 'one name twice, and one that is taken',
      change: set({ name: 'A', value: '1' }, { name: 'A', value: '2' }, { name: 'APP_VERSION', value: '3' }),
      faults: [
        { field: '1/name', message: 'A is set twice' },
        { field: '2/name', message: expect.stringContaining('APP_VERSION') },
      ],
    },
    {
      name: 'more than a process can be started with',
      change: set(...Array.from({ length: 5 }, (_, index) => ({ name: `A${index}`, value: 'é'.repeat(30_000) }))),
      faults: [{ field: '', message: expect.stringContaining('262144 may be') }],
    },
  ])('refuse $name', ({ change, faults }) => {
    expect(changeVariables(before, change).faults).toEqual(faults);
  });

  it('are shown by name, without what is secret', () => {
    expect(presentVariables(before)).toEqual([
      { name: 'HOST', value: 'db', secret: false },
      { name: 'KEY', secret: true },
      { name: 'LEVEL', value: 'info', secret: false },
    ]);
  });
});
