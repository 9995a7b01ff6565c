import { describe, expect, it } from 'vitest';
import { checkVolume } from './volume-rules.ts';

function said(volume: object): readonly string[] {
  return checkVolume({ name: 'v', ...volume }, 'v').map(({ field, message }) => `${field}: ${message}`);
}

const mode = 'must be a number between 0 and 0777 (octal), both inclusive';

describe('a volume', () => {
  it.each([
    { emptyDir: { sizeLimit: '1Gi' } },
    { hostPath: { path: '/data' } },
    { hostPath: { path: '/data', type: 'DirectoryOrCreate' } },
    { configMap: { name: 'a', defaultMode: 0o777, items: [{ key: 'a', path: 'b', mode: 0 }] } },
    { secret: { secretName: 'a' } },
    { persistentVolumeClaim: { claimName: 'a' } },
    { projected: { sources: [{ configMap: { name: 'a' } }, { downwardAPI: {} }] } },
  ])('may be %j', (volume) => {
    expect(said(volume)).toEqual([]);
  });

  it.each<{ name: string; volume: object; faults: readonly string[] }>([
    {
      name: 'names what it shows',
      volume: { configMap: {}, secret: {}, persistentVolumeClaim: { claimName: '' } },
      faults: [
        'v.configMap.name: Required value',
        'v.secret.secretName: Required value',
        'v.persistentVolumeClaim.claimName: Required value',
      ],
    },
    {
      name: 'has a size',
      volume: { emptyDir: { sizeLimit: '-1' } },
      faults: ['v.emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity'],
    },
    {
      name: 'is somewhere on the machine, in a way that is known',
      volume: { hostPath: { path: '', type: 'Link' } },
      faults: [
        'v.hostPath.path: Required value',
        'v.hostPath.type: Unsupported value: "Link": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
      ],
    },
    {
      name: 'is somewhere, even where nothing is said of it',
      volume: { hostPath: {} },
      faults: ['v.hostPath.path: Required value'],
    },
    {
      name: 'does not go up',
      volume: { hostPath: { path: '/a/../b' } },
      faults: [`v.hostPath.path: Invalid value: "/a/../b": must not contain '..'`],
    },
    {
      name: 'has modes of files',
      volume: { secret: { secretName: 'a', defaultMode: 0o1000, items: [{ key: '', path: 'b', mode: -1 }] } },
      faults: [
        `v.secret.defaultMode: Invalid value: 512: ${mode}`,
        `v.secret.items[0].mode: Invalid value: -1: ${mode}`,
        'v.secret.items[0].key: Required value',
      ],
    },
    {
      name: 'names each of what it puts together',
      volume: { projected: { defaultMode: 512, sources: [{ secret: { items: [{ key: '', path: 'a' }] } }] } },
      faults: [
        `v.projected.defaultMode: Invalid value: 512: ${mode}`,
        'v.projected.sources[0].secret.name: Required value',
        'v.projected.sources[0].secret.items[0].key: Required value',
      ],
    },
  ])('$name', ({ volume, faults }) => {
    expect(said(volume)).toEqual(faults);
  });
});
