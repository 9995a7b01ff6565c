import { describe, expect, test } from 'vitest';
import { createAttachment } from './attachment.ts';

describe('what is attached to an object', () => {
  test('is told of this object, and not of a copy', () => {
    const texts = createAttachment<string>();
    const object = { name: 'a' };
    texts.attach(object, 'first');
    expect(texts.of(object)).toBe('first');
    expect(texts.of({ ...object })).toBeUndefined();
    expect(texts.of(structuredClone(object))).toBeUndefined();
  });

  test('is seen by nobody who looks at the object', () => {
    const object = { name: 'a' };
    createAttachment<string>().attach(object, 'text');
    expect(Reflect.ownKeys(object)).toEqual(['name']);
    expect(JSON.stringify(object)).toBe('{"name":"a"}');
    expect(object).toEqual({ name: 'a' });
  });

  test('is replaced by what is attached later', () => {
    const texts = createAttachment<string>();
    const object = {};
    texts.attach(object, 'first');
    texts.attach(object, 'second');
    expect(texts.of(object)).toBe('second');
  });

  test('may be attached to what is frozen', () => {
    const texts = createAttachment<string>();
    const object = Object.freeze({ name: 'a' });
    texts.attach(object, 'text');
    expect(texts.of(object)).toBe('text');
  });

  test('is of one kind', () => {
    const [texts, sizes] = [createAttachment<string>(), createAttachment<number>()];
    const object = {};
    texts.attach(object, 'text');
    sizes.attach(object, 4);
    expect([texts.of(object), sizes.of(object)]).toEqual(['text', 4]);
  });
});
