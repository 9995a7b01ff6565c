import { describe, expect, it } from 'vitest';
import { checkSecretType } from './secret-rules.ts';

function said(type: string, data: Readonly<Record<string, string>>, annotations = {}): readonly string[] {
  return checkSecretType({ metadata: { annotations }, type, data }).map(({ field, message }) => `${field}: ${message}`);
}

const encode = (text: string): string => Buffer.from(text).toString('base64');

describe('a Secret of a type', () => {
  it('for registries holds JSON, which no answer repeats', () => {
    const type = 'kubernetes.io/dockerconfigjson';
    expect(said(type, { '.dockerconfigjson': encode('{"auths":{}}') })).toEqual([]);
    expect(said(type, { '.dockerconfigjson': encode('{') })).toEqual([
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": must be a JSON object',
    ]);
    expect(said('kubernetes.io/dockercfg', { '.dockercfg': encode('[]') })).toHaveLength(1);
  });

  it('for basic authentication holds one of two', () => {
    const type = 'kubernetes.io/basic-auth';
    expect(said(type, { username: '' })).toEqual([]);
    expect(said(type, { password: '' })).toEqual([]);
    expect(said(type, {})).toEqual(['data[username]: Required value', 'data[password]: Required value']);
  });

  it('for tokens names its account', () => {
    const type = 'kubernetes.io/service-account-token';
    expect(said(type, {}, { 'kubernetes.io/service-account.name': 'robot' })).toEqual([]);
    expect(said(type, {})).toEqual(['metadata.annotations[kubernetes.io/service-account.name]: Required value']);
  });
});
