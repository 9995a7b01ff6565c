import { describe, expect, it } from 'vitest';
import { checkFileReference, checkVariableReferences } from './reference-rules.ts';

const said = (faults: ReturnType<typeof checkFileReference>): readonly string[] =>
  faults.map(({ field, message }) => `${field}: ${message}`);

describe('a variable', () => {
  const sizes = '1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei';

  it.each([
    { resource: 'limits.cpu' },
    { resource: 'limits.cpu', divisor: '0' },
    { resource: 'requests.cpu', divisor: '1m' },
    { resource: 'requests.cpu', divisor: 1 },
    { resource: 'limits.memory', divisor: '1024Ki' },
    { resource: 'limits.memory', divisor: 'certainly none' },
    { resource: 'requests.ephemeral-storage', divisor: '1G' },
    { resource: 'limits.hugepages-2Mi', divisor: '1Mi' },
  ])('may show %j', (resourceFieldRef) => {
    expect(checkVariableReferences({ resourceFieldRef }, 'v')).toEqual([]);
  });

  it.each([
    [{ resource: '' }, 'resource: Required value'],
    [
      { resource: 'limits.gpu' },
      'resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", ' +
        '"limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
    ],
    [
      { resource: 'limits.cpu', divisor: '1k' },
      'divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
    ],
    [
      { resource: 'requests.memory', divisor: '2Mi' },
      `divisor: Invalid value: "requests.memory": only divisor's values ${sizes} are supported with the memory resource`,
    ],
    [
      { resource: 'limits.ephemeral-storage', divisor: '1m' },
      `divisor: Invalid value: "limits.ephemeral-storage": only divisor's values ${sizes} are supported with the local ephemeral storage resource`,
    ],
  ])('may not show %j', (resourceFieldRef, fault) => {
    expect(said(checkVariableReferences({ resourceFieldRef }, 'v'))).toEqual([`v.resourceFieldRef.${fault}`]);
  });

  it('may not show what a file may, and not everything that there is', () => {
    const of = (fieldPath: string): readonly string[] =>
      said(checkVariableReferences({ fieldRef: { fieldPath } }, 'v'));
    expect(of('metadata.labels')).toEqual([
      expect.stringMatching(/^v\.fieldRef\.fieldPath: Unsupported value: "metadata/),
    ]);
    expect(of('status.phase')).toEqual([expect.stringMatching(/Unsupported value: "status\.phase": supported/)]);
    expect(of('spec.containers')).toEqual([expect.stringMatching(/field label not supported: spec\.containers$/)]);
    expect(of("metadata.labels['a']")).toEqual([]);
  });
});

describe('a file', () => {
  const cpu = { resource: 'limits.cpu', containerName: 'a' };

  it.each([
    { fieldRef: { fieldPath: 'metadata.labels' } },
    { fieldRef: { fieldPath: "metadata.annotations['a']" } },
    { resourceFieldRef: { ...cpu, divisor: '1m' } },
  ])('may be %j', (file) => {
    expect(checkFileReference(file, 'f')).toEqual([]);
  });

  it.each([
    [{}, 'f: Required value: one of fieldRef and resourceFieldRef is required'],
    [{ resourceFieldRef: { resource: 'limits.cpu' } }, 'f.resourceFieldRef.containerName: Required value'],
    [
      { fieldRef: { fieldPath: 'metadata.name' }, resourceFieldRef: cpu },
      'f: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously',
    ],
    [
      { fieldRef: { fieldPath: 'status.podIP' } },
      'f.fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", ' +
        '"metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
    ],
  ])('may not be %j', (file, fault) => {
    expect(said(checkFileReference(file, 'f'))).toEqual([fault]);
  });
});
