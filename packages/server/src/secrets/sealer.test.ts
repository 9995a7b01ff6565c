import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSealer, parseSealingKey, sealingKeyBytes } from './sealer.ts';

const random = (bytes: number): string => randomBytes(bytes).toString('base64url');
const sealer = createSealer(randomBytes(sealingKeyBytes), random);

describe('a sealer', () => {
  it('gives back what it sealed, and shows nothing of it', () => {
    const sealed = sealer.seal('s3cret ü', 'webhook a');
    expect(sealed).not.toContain('s3cret');
    expect(sealer.open(sealed, 'webhook a')).toBe('s3cret ü');
    expect(sealer.seal('s3cret ü', 'webhook a')).not.toBe(sealed);
  });

  it('opens nothing in the place of another', () => {
    const sealed = sealer.seal('secret', 'webhook a');
    expect(() => sealer.open(sealed, 'webhook b')).toThrow('--key-file');
  });

  it('opens nothing that another key has sealed, or that was changed', () => {
    const sealed = sealer.seal('secret', 'a');
    const other = createSealer(randomBytes(sealingKeyBytes), random);
    expect(() => other.open(sealed, 'a')).toThrow(expect.objectContaining({ status: 503 }));
    const [form, nonce, text = '', tag] = sealed.split('.');
    const changed = [form, nonce, `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`, tag].join('.');
    for (const broken of [changed, '', 's1...', sealed.slice(0, -4)])
      expect(() => sealer.open(broken, 'a')).toThrow('another key');
  });

  it.each(['', 'short', 'A'.repeat(44)])('takes no key of another length: %j', (text) => {
    expect(parseSealingKey(text)).toBeUndefined();
  });

  it('takes a key as a file has it', () => {
    expect(parseSealingKey(`${random(sealingKeyBytes)}\n`)).toHaveLength(sealingKeyBytes);
  });
});
