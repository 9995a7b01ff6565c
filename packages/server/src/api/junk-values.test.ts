/** Each place of a spec with what does not belong there: refused with words by the dry run and by the write, and no fault of ours. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';

const container = {
  name: 'web',
  image: 'shop:1',
  ports: [{ containerPort: 8080 }],
  env: [{ name: 'A', value: 'b' }],
  envFrom: [{ configMapRef: { name: 'a' } }],
  resources: { limits: { memory: '1Gi' } },
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
};
const template = {
  metadata: { labels: { a: 'b' } },
  spec: {
    containers: [container],
    initContainers: [{ name: 'first', image: 'shop:1' }],
    volumes: [{ name: 'data', emptyDir: {} }],
  },
};
const spec = {
  version: '1',
  replicas: 1,
  template,
  environmentFrom: [{ secretRef: { name: 'a' } }],
  service: { ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  route: { hosts: ['shop.example.org'], paths: ['/'], responseHeaders: { a: 'b' } },
  healthCheck: { path: '/', port: 'http' },
  strategy: { type: 'canary', canary: { steps: [{ setWeight: 50 }, { pause: { seconds: 5 } }, { check: 'errors' }] } },
  checks: [
    { name: 'errors', provider: { web: { url: 'https://a.test/', jsonPath: '$.a' } }, successWhen: 'value < 1' },
  ],
  hooks: {
    beforeRelease: [{ name: 'sign-off', approval: {} }],
    afterPromotion: [{ name: 'count', job: { template } }],
    beforePromotion: [{ name: 'tell', webhook: { url: 'https://a.test/', secretRef: { name: 'a' } } }],
  },
  dependsOn: ['other'],
  configuration: { live: ['a'] },
};

const junk = [null, [], [null], { a: null }, 'x', -1];

type Path = ReadonlyArray<string | number>;

function placesIn(value: unknown, path: Path): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, child]) => placesIn(child, [...path, keyIn(value, name)]))];
}

function keyIn(value: object, name: string): string | number {
  return Array.isArray(value) ? Number(name) : name;
}

function withValue(value: unknown, [first, ...rest]: Path, put: unknown): unknown {
  if (first === undefined) return put;
  if (Array.isArray(value)) return value.map((item, index) => (index === first ? withValue(item, rest, put) : item));
  const record = Object(value) as Readonly<Record<string, unknown>>;
  return { ...record, [first]: withValue(record[first], rest, put) };
}

let server: TestServer;

// Another one for each part: it counts who asks too much.
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.stop());

const places = placesIn(spec, []).filter((path) => path.length > 0);
const applications = '/api/v1/namespaces/default/applications';

const refused: unknown[] = [400, 422];

it.each(Object.keys(spec))('spec.%s', async (part) => {
  // Wrong in any case: nothing of it is ever begun, and all that is beside it is judged too.
  const wrong = part === 'replicas' ? { version: 'a b' } : { replicas: -1 };
  for (const place of places.filter(([first]) => first === part)) {
    for (const value of junk) {
      const given = withValue(spec, place, value) as object;
      const put = async (query: string, more: object) => {
        const { status, body } = await server.call('PUT', `${applications}/junk${query}`, {
          body: { spec: { ...given, ...more } },
        });
        return { said: `${place.join('.')} as ${JSON.stringify(value)}`, status, body };
      };
      expect(await put('?dryRun=true', {})).toMatchObject({ status: expect.toBeOneOf([200, ...refused]) });
      expect(await put('?dryRun=true', wrong)).toMatchObject({ status: expect.toBeOneOf(refused) });
      expect(await put('', wrong)).toMatchObject({ status: expect.toBeOneOf(refused) });
    }
  }
});
