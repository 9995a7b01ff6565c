/**
 * What products send at a push: every field and header that they document, also those that nobody here reads, and what of it
 * shows that it is genuine. `repository` of an image is what a policy calls it.
 */
import { createHash, createHmac } from 'node:crypto';
import type { SenderName } from '../src/webhooks/webhook.ts';

export interface DocumentedMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The secret is the end of the address. */
  readonly isSecretInAddress?: boolean;
}

interface ImagePush {
  readonly tag: string;
  /** Milliseconds. */
  readonly at: number;
  readonly secret: string;
}

export interface ImageProduct {
  readonly name: string;
  readonly sender: SenderName;
  readonly repository: string;
  readonly push: (pushed: ImagePush) => DocumentedMessage;
}

interface CommitPush {
  /** As it is cloned by HTTP. */
  readonly repository: string;
  readonly commit: string;
  readonly at: number;
  readonly secret: string;
}

export interface CommitProduct {
  readonly name: string;
  readonly sender: SenderName;
  readonly push: (pushed: CommitPush) => DocumentedMessage;
}

const digestOf = (tag: string): string => `sha256:${createHash('sha256').update(tag).digest('hex')}`;
const json = { 'content-type': 'application/json' };
/** Another one for each message, the same for the same one. */
const uuidOf = (text: string): string =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5');

interface Registry {
  readonly host: string;
  readonly repository: string;
  readonly mediaType: string;
}

/** Of distribution, and of what is built on it: with nanoseconds and a time zone, as Go writes times. */
function envelope({ host, repository, mediaType }: Registry, { tag, at }: ImagePush): string {
  const digest = digestOf(tag);
  const layer = digestOf(`layer of ${tag}`);
  const event = (target: object, action: string, method: string): object => ({
    id: uuidOf(`${host} ${JSON.stringify(target)}`),
    timestamp: new Date(at + 3_600_000).toISOString().replace(/Z$/, '973972+01:00'),
    action,
    target,
    request: {
      id: uuidOf(`request ${tag}`),
      addr: '192.168.64.11:42961',
      host,
      method,
      useragent: 'docker/28.3.2 go/go1.24.5',
    },
    actor: { name: 'ann' },
    source: { addr: 'xtal.local:5000', instanceID: 'a53db899-3b4b-4a62-a067-8dd013beaca4' },
  });
  const manifest = {
    mediaType,
    size: 708,
    digest,
    length: 708,
    repository,
    url: `https://${host}/v2/${repository}/manifests/${digest}`,
    tag,
    references: [{ mediaType: 'application/vnd.oci.image.config.v1+json', digest: layer, size: 1_512 }],
  };
  const blob = {
    mediaType: 'application/octet-stream',
    size: 32_654,
    digest: layer,
    length: 32_654,
    repository,
    url: `https://${host}/v2/${repository}/blobs/${layer}`,
  };
  return JSON.stringify({
    events: [event(blob, 'push', 'PUT'), event(manifest, 'push', 'PUT'), event(manifest, 'pull', 'GET')],
  });
}

const eventsType = {
  'content-type': 'application/vnd.docker.distribution.events.v2+json',
  'user-agent': 'Go-http-client/1.1',
};

const harborData = ({ tag }: ImagePush): object => ({
  resources: [{ digest: digestOf(tag), tag, resource_url: `harbor.example.org/acme/shop:${tag}` }],
  repository: {
    date_created: 1_586_922_308,
    name: 'shop',
    namespace: 'acme',
    repo_full_name: 'acme/shop',
    repo_type: 'private',
  },
});

export const imageProducts: readonly ImageProduct[] = [
  {
    name: 'Docker Hub',
    sender: 'dockerHub',
    repository: 'docker.io/acme/shop',
    push: ({ tag, at }) => ({
      isSecretInAddress: true,
      headers: { ...json, 'user-agent': 'DockerHub/1.0' },
      body: JSON.stringify({
        callback_url: 'https://registry.hub.docker.com/u/acme/shop/hook/2141b5bi5i5b02bec211i4eeih0242eg11000a/',
        push_data: { media_type: '', pushed_at: Math.floor(at / 1_000), pusher: 'ann', tag },
        repository: {
          comment_count: 0,
          date_created: 1_417_494_799,
          description: '',
          dockerfile: '# BUILD\u0009docker build -t acme/shop .\nFROM scratch\n',
          full_description: 'The shop',
          is_official: false,
          is_private: true,
          is_trusted: true,
          name: 'shop',
          namespace: 'acme',
          owner: 'acme',
          repo_name: 'acme/shop',
          repo_url: 'https://registry.hub.docker.com/u/acme/shop/',
          star_count: 0,
          status: 'Active',
        },
      }),
    }),
  },
  {
    name: 'Quay',
    sender: 'quay',
    repository: 'quay.io/acme/shop',
    push: ({ tag }) => ({
      isSecretInAddress: true,
      headers: json,
      body: JSON.stringify({
        name: 'shop',
        repository: 'acme/shop',
        namespace: 'acme',
        docker_url: 'quay.io/acme/shop',
        homepage: 'https://quay.io/repository/acme/shop',
        updated_tags: [tag],
      }),
    }),
  },
  {
    name: 'Harbor',
    sender: 'harbor',
    repository: 'harbor.example.org/acme/shop',
    push: (pushed) => ({
      headers: { ...json, authorization: pushed.secret, 'user-agent': 'Go-http-client/1.1' },
      body: JSON.stringify({
        type: 'PUSH_ARTIFACT',
        occur_at: Math.floor(pushed.at / 1_000),
        operator: 'ann',
        event_data: harborData(pushed),
      }),
    }),
  },
  {
    name: 'Harbor as CloudEvents',
    sender: 'harbor',
    repository: 'harbor.example.org/acme/shop',
    push: (pushed) => ({
      headers: { ...json, authorization: `Bearer ${pushed.secret}` },
      body: JSON.stringify({
        specversion: '1.0',
        id: uuidOf(pushed.tag),
        source: '/projects/2/webhook/policies/15',
        type: 'harbor.artifact.pushed',
        datacontenttype: 'application/json',
        time: new Date(pushed.at).toISOString().replace(/\.\d+Z$/, 'Z'),
        data: harborData(pushed),
        operator: 'ann',
        requestid: uuidOf(`request ${pushed.tag}`),
      }),
    }),
  },
  {
    name: 'a distribution',
    sender: 'distribution',
    repository: 'registry.example.org:5000/acme/shop',
    push: (pushed) => {
      const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
      const registry = { host: 'registry.example.org:5000', repository: 'acme/shop', mediaType };
      return { headers: { ...eventsType, authorization: `Bearer ${pushed.secret}` }, body: envelope(registry, pushed) };
    },
  },
  {
    name: "GitLab's registry",
    sender: 'gitlab',
    repository: 'registry.gitlab.example.org/acme/group/shop',
    push: (pushed) => {
      const mediaType = 'application/vnd.oci.image.index.v1+json';
      const registry = { host: 'registry.gitlab.example.org', repository: 'acme/group/shop', mediaType };
      return { headers: { ...eventsType, authorization: pushed.secret }, body: envelope(registry, pushed) };
    },
  },
];

const changed = (commit: string, at: number) => ({
  id: commit,
  message: 'Change what runs\n',
  timestamp: new Date(at).toISOString(),
  url: `https://git.example.org/acme/manifests/commit/${commit}`,
  author: { name: 'Ann', email: 'ann@example.org', username: 'ann' },
  added: [],
  removed: [],
  modified: ['deploy/a.yaml'],
});

export const commitProducts: readonly CommitProduct[] = [
  {
    name: 'GitLab',
    sender: 'gitlab',
    push: ({ repository, commit, at, secret }) => {
      const project = {
        id: 15,
        name: 'Manifests',
        description: '',
        web_url: 'https://git.example.org/acme/manifests',
        avatar_url: null,
        git_ssh_url: 'git@git.example.org:acme/manifests.git',
        git_http_url: repository,
        namespace: 'Acme',
        visibility_level: 0,
        path_with_namespace: 'acme/manifests',
        default_branch: 'main',
        ci_config_path: null,
        homepage: 'https://git.example.org/acme/manifests',
        url: 'git@git.example.org:acme/manifests.git',
        ssh_url: 'git@git.example.org:acme/manifests.git',
        http_url: repository,
      };
      const { author, ...about } = changed(commit, at);
      const body = {
        object_kind: 'push',
        event_name: 'push',
        before: '95790bf891e76fee5e1747ab589903a6a1f80f22',
        after: commit,
        ref: 'refs/heads/main',
        ref_protected: true,
        checkout_sha: commit,
        message: null,
        user_id: 4,
        user_name: 'Ann',
        user_username: 'ann',
        user_email: '',
        user_avatar: 'https://git.example.org/uploads/user/avatar/4/1.png',
        project_id: 15,
        project,
        commits: [{ ...about, title: 'Change what runs', author: { name: author.name, email: author.email } }],
        total_commits_count: 1,
        push_options: {},
        repository: {
          name: project.name,
          url: project.url,
          description: '',
          homepage: project.homepage,
          git_http_url: repository,
          git_ssh_url: project.git_ssh_url,
          visibility_level: 0,
        },
      };
      const headers = {
        ...json,
        'user-agent': 'GitLab/18.5.0-ee',
        'x-gitlab-event': 'Push Hook',
        'x-gitlab-instance': 'https://git.example.org',
        'x-gitlab-webhook-uuid': uuidOf('the webhook'),
        'x-gitlab-event-uuid': uuidOf(`event ${commit}`),
        'idempotency-key': uuidOf(`delivery ${commit}`),
        'x-gitlab-token': secret,
      };
      return { headers, body: JSON.stringify(body) };
    },
  },
  {
    name: 'Gitea',
    sender: 'gitea',
    push: ({ repository, commit, at, secret }) => {
      const person = {
        id: 1,
        login: 'ann',
        full_name: 'Ann',
        email: 'ann@example.org',
        avatar_url: '',
        username: 'ann',
      };
      const head = { ...changed(commit, at), committer: { name: 'Ann', email: 'ann@example.org', username: 'ann' } };
      const body = JSON.stringify(
        {
          ref: 'refs/heads/main',
          before: '28e1879d029cb852e4844d9c718537df08844e03',
          after: commit,
          compare_url: 'https://git.example.org/acme/manifests/compare/28e1879d029c...main',
          commits: [head],
          total_commits: 1,
          head_commit: head,
          repository: {
            id: 140,
            owner: person,
            name: 'manifests',
            full_name: 'acme/manifests',
            description: '',
            private: true,
            fork: false,
            html_url: 'https://git.example.org/acme/manifests',
            ssh_url: 'ssh://git@git.example.org:2222/acme/manifests.git',
            clone_url: repository,
            website: '',
            stars_count: 0,
            forks_count: 1,
            watchers_count: 1,
            open_issues_count: 7,
            default_branch: 'main',
            created_at: '2017-02-26T04:29:06-05:00',
            updated_at: '2017-03-13T13:51:58-04:00',
          },
          pusher: person,
          sender: person,
        },
        null,
        2,
      );
      const signature = createHmac('sha256', secret).update(body).digest('hex');
      const named = (prefix: string) => ({ [`${prefix}-delivery`]: uuidOf(commit), [`${prefix}-event`]: 'push' });
      const headers = {
        ...json,
        ...named('x-gitea'),
        ...named('x-gogs'),
        ...named('x-github'),
        'x-gitea-event-type': 'push',
        'x-gitea-signature': signature,
        'x-gogs-signature': signature,
        'x-hub-signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
        'x-hub-signature-256': `sha256=${signature}`,
      };
      return { headers, body };
    },
  },
];
