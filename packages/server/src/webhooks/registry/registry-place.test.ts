import { describe, expect, it } from 'vitest';
import { parseChallenge, placeOfRepository, tokenAddress } from './registry-place.ts';

describe('a repository', () => {
  it.each([
    ['docker.io/library/nginx', 'https://registry-1.docker.io/v2/library/nginx'],
    ['quay.io/acme/shop', 'https://quay.io/v2/acme/shop'],
    ['[fd00::1]:5000/shop', 'https://[fd00::1]:5000/v2/shop'],
    ['registry.example.org:5000/a/b/c', 'https://registry.example.org:5000/v2/a/b/c'],
    ['localhost:5000/shop', 'http://localhost:5000/v2/shop'],
    ['127.0.0.1:5000/shop', 'http://127.0.0.1:5000/v2/shop'],
    ['127.0.0.1.example.org/shop', 'https://127.0.0.1.example.org/v2/shop'],
    ['10.0.0.1:5000/shop', 'https://10.0.0.1:5000/v2/shop'],
  ])('%s is asked at %s', (repository, base) => {
    expect(placeOfRepository(repository).base).toBe(base);
  });
});

describe('a challenge', () => {
  it.each([
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull"',
      { realm: 'https://auth.docker.io/token', service: 'registry.docker.io' },
    ],
    ['bearer Realm="https://quay.io/v2/auth"', { realm: 'https://quay.io/v2/auth', service: undefined }],
    ['Basic realm="registry"', undefined],
    ['Bearer', undefined],
    ['Bearer service="a"', undefined],
    ['', undefined],
  ])('is read: %s', (header, expected) => {
    expect(parseChallenge(header)).toEqual(expected);
  });
});

describe('a token', () => {
  it.each([
    {
      name: 'of Docker Hub',
      repository: 'docker.io/acme/shop',
      realm: 'https://auth.docker.io/token',
      expected: 'https://auth.docker.io/token?service=s&scope=repository%3Aacme%2Fshop%3Apull',
    },
    {
      name: 'of Quay',
      repository: 'quay.io/acme/shop',
      realm: 'https://quay.io/v2/auth?account=a',
      expected: 'https://quay.io/v2/auth?account=a&service=s&scope=repository%3Aacme%2Fshop%3Apull',
    },
  ])('$name is had where its registry says', ({ repository, realm, expected }) => {
    expect(tokenAddress({ realm, service: 's' }, placeOfRepository(repository))?.href).toBe(expected);
  });

  it.each([
    ['another host', 'https://example.org/token'],
    ['the metadata of a cloud', 'http://169.254.169.254/latest'],
    ['without encryption', 'http://quay.io/token'],
    ['another port', 'https://quay.io:8443/token'],
    ['Docker Hub, for an image of somebody else', 'https://auth.docker.io/token'],
    ['with somebody’s name', 'https://a:b@quay.io/token'],
    ['nowhere', 'token'],
  ])('is not asked for: %s', (_, realm) => {
    expect(tokenAddress({ realm }, placeOfRepository('quay.io/acme/shop'))).toBeUndefined();
  });
});
