/** A cluster in memory, and a real server with TLS that is asked by its webhooks. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { json } from 'node:stream/consumers';
import type { ConfigMap, MutatingWebhook, ValidatingWebhook } from '@slipway/kube/api.generated';
import {
  configMaps,
  mutatingWebhookConfigurations,
  namespaces,
  validatingWebhookConfigurations,
} from '@slipway/kube/resources';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import { adminIdentity } from '../src/api/authorization.ts';
import { loadCertificates, type ClusterCertificates } from '../src/pki/certificates.ts';
import { createMemoryCluster, type MemoryCluster } from './memory-cluster.ts';

interface Review {
  readonly uid: string;
  readonly operation: string;
  readonly name?: string;
  readonly subResource?: string;
  readonly object: (ConfigMap & { readonly spec?: { readonly replicas: number } }) | null;
  readonly oldObject: ConfigMap | null;
  readonly dryRun: boolean;
  readonly userInfo: { readonly username: string };
  readonly options: object;
}

/** Undefined: the connection ends without one. */
type Answer = (review: Review, path: string) => object | undefined | Promise<object | undefined>;

export interface Judge {
  readonly certificates: ClusterCertificates;
  readonly port: number;
  /** All that it was asked. At `/never` it is asked, and says nothing. */
  reviews: Review[];
  answer: Answer;
  stop(): Promise<void>;
}

/** Known as 127.0.0.1 and `judge.team.svc`. */
export async function startJudge(): Promise<Judge> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-webhook-'));
  const certificates = await loadCertificates({ directory, now: Date.now(), names: ['127.0.0.1', 'judge.team.svc'] });
  const { certificate: cert, key: privateKey } = certificates.server;
  const server = createServer({ cert, key: privateKey }, async (request, response) => {
    const { apiVersion, request: review } = (await json(request)) as { apiVersion: string; request: Review };
    judge.reviews.push(review);
    if (request.url?.startsWith('/never') === true) return;
    const given = await judge.answer(review, request.url ?? '');
    if (given === undefined) return void response.destroy();
    response.end(JSON.stringify({ kind: 'AdmissionReview', apiVersion, response: { uid: review.uid, ...given } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const judge: Judge = {
    certificates,
    port: (server.address() as AddressInfo).port,
    reviews: [],
    answer: () => ({ allowed: true }),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await rm(directory, { recursive: true });
    },
  };
  return judge;
}

/** Of what is written here most. */
export const key = { namespace: 'team', name: 'config' };

interface Sent extends Pick<TransportRequest, 'method' | 'body' | 'signal'> {
  readonly resource?: string;
  readonly name?: string;
  readonly query?: string;
}

/** Everything is allowed until the judge is told otherwise. */
export class WebhookWorld {
  readonly cluster: MemoryCluster;
  readonly judge: Judge;
  /** What reached the nodes. */
  readonly proxied: readonly string[];

  private constructor(parts: Pick<WebhookWorld, 'cluster' | 'judge' | 'proxied'>) {
    ({ cluster: this.cluster, judge: this.judge, proxied: this.proxied } = parts);
  }

  static async create(judge: Judge): Promise<WebhookWorld> {
    const proxied: string[] = [];
    const cluster = await createMemoryCluster({
      onNodeRequest: async (_, { path }) => {
        proxied.push(path);
        return { status: 200, headers: {}, body: (async function* () {})() };
      },
      onNodeUpgrade: (node) =>
        Promise.resolve(
          node === 'node-1'
            ? { kind: 'streams', rawHeaders: ['Upgrade', 'x'], connection: new PassThrough() }
            : { kind: 'refused', response: { status: 418, headers: { a: 'b' }, body: (async function* () {})() } },
        ),
    });
    await cluster.client.create(namespaces, { metadata: { name: 'team', labels: { judged: 'yes' } } });
    judge.reviews = [];
    judge.answer = () => ({ allowed: true });
    return new WebhookWorld({ cluster, judge, proxied });
  }

  webhook<T extends ValidatingWebhook>(changes: Partial<T> = {}): T {
    return {
      name: 'judge.example.com',
      clientConfig: this.at('/judge'),
      rules: [rule({})],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      ...changes,
    } as unknown as T;
  }

  at(path: string): ValidatingWebhook['clientConfig'] {
    const { port, certificates } = this.judge;
    return { url: `https://127.0.0.1:${port}${path}`, caBundle: base64(certificates.authority) };
  }

  async validating(...changes: readonly Partial<ValidatingWebhook>[]): Promise<void> {
    const webhooks = changes.map((each, index) => this.webhook({ name: `judge${index}.example.com`, ...each }));
    await this.cluster.client.create(validatingWebhookConfigurations, { metadata: { name: 'judges' }, webhooks });
  }

  async mutating(...changes: readonly Partial<MutatingWebhook>[]): Promise<void> {
    const webhooks = changes.map((each, index) =>
      this.webhook<MutatingWebhook>({ name: `editor${index}.example.com`, ...each }),
    );
    await this.cluster.client.create(mutatingWebhookConfigurations, { metadata: { name: 'editors' }, webhooks });
  }

  create(data: Record<string, string> = { a: '1' }, options: { readonly dryRun?: boolean } = {}): Promise<ConfigMap> {
    return this.cluster.client.create(configMaps, { metadata: key, data }, options);
  }

  send({ resource = 'configmaps', name = '', query = '', ...sent }: Sent): Promise<TransportResponse> {
    const path = `/api/v1/namespaces/team/${resource}${name}`;
    return this.cluster.api
      .transportFor(adminIdentity)
      .send({ path, query: new URLSearchParams(query), headers: {}, ...sent });
  }
}

export function rule(changes: object): NonNullable<ValidatingWebhook['rules']>[number] {
  return { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], ...changes };
}

export function patched(...operations: readonly object[]): object {
  return { allowed: true, patchType: 'JSONPatch', patch: base64(JSON.stringify(operations)) };
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
