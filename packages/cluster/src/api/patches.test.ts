import type { KubeObject } from '@slipway/kube/object';
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../schema/catalog.ts';
import { patchedObject } from './patches.ts';

const definition = createCatalog().find('', 'v1', 'configmaps');

function patched(data: object, operations: readonly object[]): unknown {
  if (definition === undefined) throw new Error('the catalog has ConfigMaps');
  const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, ...{ data } };
  return patchedObject(object, { kind: 'json', body: operations, definition });
}

/** Each copies what the one before has made twice as large. */
function doublings(count: number): readonly object[] {
  return Array.from({ length: count }, (_, index) => ({ op: 'copy', from: '/data', path: `/data/k${index}` }));
}

describe('JSON patches', () => {
  it('copy', () => {
    const operations = [{ op: 'copy', from: '/data/a', path: '/data/b' }];
    expect(patched({ a: 'x' }, operations)).toMatchObject({ data: { a: 'x', b: 'x' } });
  });

  it('leave the object itself as it is, and keep what they do not touch', () => {
    const data = { a: { x: '1' }, b: {} };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data, other: { y: 1 } };
    if (definition === undefined) throw new Error('the catalog has ConfigMaps');
    const body = [
      { op: 'test', path: '/metadata/name', value: 'c' },
      { op: 'copy', from: '/data', path: '/copied' },
      { op: 'replace', path: '/copied/a/x', value: '2' },
      { op: 'move', from: '/data/b', path: '/moved' },
    ];
    const result = patchedObject(object, { kind: 'json', body, definition });
    expect(result).toMatchObject({ data: { a: { x: '1' } }, copied: { a: { x: '2' } }, moved: {} });
    expect(object).toMatchObject({ data: { a: { x: '1' }, b: {} } });
    expect(result).toHaveProperty('other', object.other);
    expect(Object.entries(Object(result)).find(([name]) => name === 'other')?.[1]).toBe(object.other);
  });

  it.each([
    { name: 'replace', operation: { op: 'replace', path: '/data/list/-1', value: 'z' }, list: ['a', 'b', 'z'] },
    { name: 'remove', operation: { op: 'remove', path: '/data/list/-3' }, list: ['b', 'c'] },
    { name: 'add', operation: { op: 'add', path: '/data/list/-1', value: 'z' }, list: ['a', 'b', 'c', 'z'] },
    {
      name: 'add before the last',
      operation: { op: 'add', path: '/data/list/-2', value: 'z' },
      list: 'abzc'.split(''),
    },
    { name: 'copy', operation: { op: 'copy', from: '/data/list/-1', path: '/data/list/0' }, list: 'cabc'.split('') },
    { name: 'move', operation: { op: 'move', from: '/data/list/0', path: '/data/list/-1' }, list: ['b', 'c', 'a'] },
    { name: 'test', operation: { op: 'test', path: '/data/list/-2', value: 'b' }, list: ['a', 'b', 'c'] },
  ])('$name by an index from the end of a list', ({ operation, list }) => {
    expect(patched({ list: ['a', 'b', 'c'] }, [operation])).toHaveProperty('data.list', list);
  });

  it('take an index from the end on the way to a place, and of lists alone', () => {
    const data = { list: [{ x: 1 }, { x: 2 }], '-1': 'a name' };
    const operations = [
      { op: 'replace', path: '/data/list/-1/x', value: 3 },
      { op: 'replace', path: '/data/-1', value: 'another' },
      { op: 'move', from: '/data/list/-2', path: '/data/first' },
    ];
    expect(patched(data, operations)).toHaveProperty('data', { list: [{ x: 3 }], '-1': 'another', first: { x: 1 } });
  });

  it.each(['replace', 'remove', 'add', 'test'])('%s nothing before the beginning of a list', (op) => {
    const operation = { op, path: '/data/list/-5', value: 'z' };
    expect(() => patched({ list: ['a', 'b', 'c'] }, [operation])).toThrow('/data/list/-5');
  });

  it.each(['last', '01', '-5', '1.0', '-'])('put nothing into a list at %s', (index) => {
    const operation = { op: 'replace', path: `/data/list/${index}`, value: 'z' };
    expect(() => patched({ list: ['a', 'b', 'c'] }, [operation])).toThrow(`"${index}" is no index of the list`);
  });

  it.each(['add', 'replace', 'remove', 'copy', 'move', 'test'])('%s nothing within a text', (op) => {
    const operation = { op, from: '/data/b', path: '/data/a/0', value: 'x' };
    const { message } = failureOf(() => patched({ a: 'x', b: 'y' }, [operation]));
    expect(message).toBe(
      `the server rejected our request due to an error in our request: operation 0 (${op} /data/a/0): doc is missing path: "/data/a/0"`,
    );
  });

  it('copy nothing out of a text', () => {
    const operation = { op: 'copy', from: '/data/a/0', path: '/data/b' };
    expect(() => patched({ a: 'x' }, [operation])).toThrow('doc is missing path: "/data/a/0"');
  });

  it('may not copy more than 3 MiB in all, however small each of them is', () => {
    const { message } = failureOf(() => patched({ a: 'x'.repeat(1_000) }, doublings(30)));
    expect(message).toMatch(/^the server rejected our request .*operation 11 \(copy \/data\/k11\): .*limit 3145728$/);
  });

  it('count nothing for what is not copied', () => {
    const operations = Array.from({ length: 20 }, () => ({
      op: 'replace',
      path: '/data/a',
      value: 'x'.repeat(300_000),
    }));
    expect(patched({ a: '' }, operations)).toMatchObject({ data: { a: 'x'.repeat(300_000) } });
  });

  it.each([
    { name: 'a copy of what there is not', operation: { op: 'copy', from: '/data/z', path: '/data/b' } },
    { name: 'a copy from nowhere', operation: { op: 'copy', path: '/data/b' } },
    { name: 'a copy from what is no pointer', operation: { op: 'copy', from: 'data', path: '/data/b' } },
    { name: 'a failed test', operation: { op: 'test', path: '/data/a', value: 'y' } },
  ])('end at the first that fails: $name', ({ operation }) => {
    const { message } = failureOf(() => patched({ a: 'x' }, [operation, { op: 'remove', path: '/none' }]));
    expect(message).toContain('operation 0 (');
  });
});

describe('a JSON patch that tests', () => {
  it.each([
    ['what is otherwise', '/data/a', 'y'],
    ['what is an object', '/data', 'y'],
    ['what there is not', '/data/z', 'y'],
    ['for what cannot be made a text', '/data', { toString: 1 }],
  ])('%s says where it failed', (_, path, value) => {
    const { message } = failureOf(() => patched({ a: 'x' }, [{ op: 'test', path, value }]));
    expect(message).toMatch(new RegExp(`\\(test ${path}\\): testing value ${path} failed: test failed$`));
  });

  it('what is so goes on', () => {
    const operations = [
      { op: 'test', path: '/data', value: { a: 'x' } },
      { op: 'remove', path: '/data/a' },
    ];
    expect(patched({ a: 'x' }, operations)).toMatchObject({ data: {} });
  });
});

function failureOf(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing failed');
}
