import { describe, expect, it } from 'vitest';
import { service } from './core.ts';

function warningsOf(spec: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec };
  return service.warnings?.(object);
}

describe('Services', () => {
  it.each([
    { spec: { ports: [{ port: 53, protocol: 'UDP' }] }, warning: /^spec\.ports\[0\]\.protocol: UDP is not forwarded/ },
    { spec: { sessionAffinity: 'ClientIP' }, warning: /^spec\.sessionAffinity: ClientIP is not kept/ },
  ])('warn of what is not carried out: $warning', ({ spec, warning }) => {
    expect(warningsOf(spec)).toEqual([expect.stringMatching(warning)]);
  });

  it('say nothing of TCP', () => {
    expect(warningsOf({ ports: [{ port: 80, protocol: 'TCP' }], sessionAffinity: 'None' })).toEqual([]);
  });
});
