/** A message of each sender, in the form that it documents. */
import { createHmac } from 'node:crypto';
import type { SenderName } from '../src/webhooks/webhook.ts';

export const digest = `sha256:${'ab'.repeat(32)}`;
export const commit = '1f'.repeat(20);
export const pushedAt = Date.parse('2026-01-01T00:00:00Z');

interface Given {
  readonly tag?: string;
  readonly at?: number;
  readonly commit?: string;
  readonly ref?: string;
  readonly repository?: string;
}

export const dockerHubPush = ({ tag = '1.4.0', at = pushedAt }: Given = {}) => ({
  callback_url: 'https://registry.hub.docker.com/u/acme/shop/hook/1/',
  push_data: { pushed_at: at / 1_000, pusher: 'ann', tag, images: [] },
  repository: {
    name: 'shop',
    namespace: 'acme',
    repo_name: 'acme/shop',
    repo_url: 'https://hub.docker.com/r/acme/shop',
  },
});

export const quayPush = ({ tag = '1.4.0' }: Given = {}) => ({
  name: 'shop',
  namespace: 'acme',
  repository: 'acme/shop',
  docker_url: 'quay.io/acme/shop',
  homepage: 'https://quay.io/repository/acme/shop',
  updated_tags: [tag],
});

const harborData = (tag: string) => ({
  resources: [{ digest, tag, resource_url: `harbor.example.org/acme/shop:${tag}` }],
  repository: { date_created: 1, name: 'shop', namespace: 'acme', repo_full_name: 'acme/shop', repo_type: 'private' },
});

export const harborPush = ({ tag = '1.4.0', at = pushedAt }: Given = {}) => ({
  type: 'PUSH_ARTIFACT',
  occur_at: at / 1_000,
  operator: 'ann',
  event_data: harborData(tag),
});

export const harborCloudEvent = ({ tag = '1.4.0', at = pushedAt }: Given = {}) => ({
  specversion: '1.0',
  id: '4b2f8a6e-0000-4000-8000-000000000001',
  source: '/projects/1/webhook/policies/1',
  type: 'harbor.artifact.pushed',
  datacontenttype: 'application/json',
  time: new Date(at).toISOString(),
  data: harborData(tag),
  operator: 'ann',
});

export const distributionPush = ({ tag = '1.4.0', at = pushedAt }: Given = {}) => ({
  events: [
    {
      id: '320678d8-0000-4000-8000-000000000001',
      timestamp: new Date(at).toISOString(),
      action: 'push',
      target: {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        size: 708,
        digest,
        repository: 'acme/shop',
        url: `https://registry.example.org:5000/v2/acme/shop/manifests/${digest}`,
        tag,
      },
      request: { id: '6df2', addr: '10.0.0.7:52144', host: 'registry.example.org:5000', method: 'PUT' },
      actor: { name: 'ann' },
    },
  ],
});

export const githubPackage = ({ tag = '1.4.0', at = pushedAt }: Given = {}) => ({
  action: 'published',
  registry_package: {
    id: 7,
    name: 'shop',
    namespace: 'Acme',
    ecosystem: 'CONTAINER',
    package_type: 'CONTAINER',
    updated_at: new Date(at).toISOString(),
    package_version: { id: 8, version: digest, container_metadata: { tag: { name: tag, digest }, labels: {} } },
  },
  sender: { login: 'ann' },
});

const defaultRepository = 'https://git.example.org/acme/manifests.git';

export const githubPush = ({
  ref = 'refs/heads/main',
  at = pushedAt,
  repository = defaultRepository,
  ...given
}: Given = {}) => ({
  ref,
  before: '0'.repeat(40),
  after: given.commit ?? commit,
  repository: { full_name: 'acme/manifests', clone_url: repository, pushed_at: at / 1_000 },
  commits: [],
});

export const gitlabPush = ({ ref = 'refs/heads/main', repository = defaultRepository, ...given }: Given = {}) => ({
  object_kind: 'push',
  event_name: 'push',
  ref,
  before: '0'.repeat(40),
  after: given.commit ?? commit,
  checkout_sha: given.commit ?? commit,
  project: { id: 1, path_with_namespace: 'acme/manifests', git_http_url: repository },
  commits: [],
});

export const giteaPush = ({ ref = 'refs/heads/main', repository = defaultRepository, ...given }: Given = {}) => ({
  ref,
  before: '0'.repeat(40),
  after: given.commit ?? commit,
  repository: { full_name: 'acme/manifests', clone_url: repository },
  commits: [],
  pusher: { login: 'ann' },
});

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Behind the id in the address. */
  readonly pathSecret?: string;
}

let sent = 0;

/** As the sender would send it, whole with what shows that it is its own. */
export function sendAs(sender: SenderName, payload: unknown, secret: string): Sent {
  const body = JSON.stringify(payload);
  const json = { 'content-type': 'application/json' };
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  sent += 1;
  const delivery = `00000000-0000-4000-8000-${String(sent).padStart(12, '0')}`;
  switch (sender) {
    case 'dockerHub':
    case 'quay':
      return { headers: json, body, pathSecret: secret };
    case 'harbor':
      return { headers: { ...json, authorization: secret }, body };
    case 'distribution': {
      const type = 'application/vnd.docker.distribution.events.v2+json';
      return { headers: { 'content-type': type, authorization: `Bearer ${secret}` }, body };
    }
    case 'github': {
      const has = (name: string): boolean => typeof payload === 'object' && payload !== null && name in payload;
      const event = has('registry_package') ? 'registry_package' : has('package') ? 'package' : 'push';
      const signed = { 'x-hub-signature-256': `sha256=${signature}`, 'x-github-event': event };
      return { headers: { ...json, ...signed, 'x-github-delivery': delivery }, body };
    }
    case 'gitlab':
      return { headers: { ...json, 'x-gitlab-token': secret, 'x-gitlab-event-uuid': delivery }, body };
    case 'gitea': {
      const signed = { 'x-gitea-signature': signature, 'x-gitea-event': 'push', 'x-gitea-delivery': delivery };
      return { headers: { ...json, ...signed }, body };
    }
  }
}
