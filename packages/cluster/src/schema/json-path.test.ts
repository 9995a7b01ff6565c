import { describe, expect, it } from 'vitest';
import { parsePath, readText, writePath } from './json-path.ts';

const object = {
  metadata: { labels: { 'a.b': 'label' } },
  spec: {
    rules: [{ hosts: [] }, { hosts: ['one', 'two'] }, { name: 'last', weight: 7, ready: true }],
    deep: { er: { name: 'found' } },
  },
  status: {
    conditions: [
      { type: 'Other', status: 'no' },
      { type: 'Ready', status: 'yes' },
    ],
  },
};

describe('a path', () => {
  it.each<[string, unknown]>([
    ['.spec.deep.er.name', 'found'],
    ['.spec.deep.none.name', undefined],
    [String.raw`.metadata.labels.a\.b`, 'label'],
    [".metadata.labels['a.b']", 'label'],
    ['.metadata["labels"]["a.b"]', 'label'],
    ['.spec.rules[1].hosts[0]', 'one'],
    ['.spec.rules[-1].name', 'last'],
    ['.spec.rules[-2].hosts[-1]', 'two'],
    ['.spec.rules[9]', undefined],
    ['.spec.rules[1:].hosts[1:2]', 'two'],
    ['.spec.rules[::2].name', 'last'],
    ['.spec.rules[0,2].name', 'last'],
    ['.spec.rules[*].hosts[*]', 'one'],
    ['.spec.rules[*].hosts', []],
    ['.spec.*.er.name', 'found'],
    ['.spec..name', 'last'],
    ['.status.conditions[?(@.type=="Ready")].status', 'yes'],
    [".status.conditions[?( @.type != 'Ready' )].status", 'no'],
    ['.spec.rules[?(@.weight>6)].name', 'last'],
    ['.spec.rules[?(@.weight<=6)].name', undefined],
    ['.spec.rules[?(@.weight=="7")].name', undefined],
    ['.spec.rules[?(@.ready==true)].name', 'last'],
    ['.spec.rules[?(@.name)].weight', 7],
    ['.spec.rules[1].hosts[?(@=="two")]', 'two'],
    ['.', object],
  ])('%s leads to %j', (path, value) => {
    expect(readText(object, path)).toEqual(value);
  });

  it.each(['.spec[', '.spec[x]', '.a b', 'spec', '.spec.', '.a[?(@.b==)]', '.a[?(@.b==c)]', '.a..b..c', '.a[1', '.a]'])(
    '%s is none',
    (path) => {
      expect(parsePath(path)).toBeUndefined();
    },
  );

  it('is written by its fields, and by nothing else', () => {
    expect(writePath({ spec: { a: 1 } }, '.spec.b.c', 2)).toEqual({ spec: { a: 1, b: { c: 2 } } });
    expect(() => writePath({}, '.spec[0]', 1)).toThrow('only fields can be written by path');
    expect(() => writePath({}, '.spec[', 1)).toThrow('nothing can be written at .spec[: it names no field');
  });
});
