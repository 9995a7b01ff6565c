import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as messages from '../../../testing/webhook-messages.ts';
import { Unreadable } from '../json-fields.ts';
import type { Headers } from '../verify.ts';
import { senderNames, type SenderName } from '../webhook.ts';
import { senders } from './senders.ts';

const { digest, commit, pushedAt, sendAs } = messages;
const secret = 'x'.repeat(43);
const image = (repository: string) => ({ type: 'image', repository, tag: '1.4.0' });
const pushed = { type: 'commit', repository: 'https://git.example.org/acme/manifests.git', branch: 'main', commit };

const documented: ReadonlyArray<{ name: string; sender: SenderName; payload: object; event: object; at?: number }> = [
  {
    name: 'Docker Hub',
    sender: 'dockerHub',
    payload: messages.dockerHubPush(),
    event: image('docker.io/acme/shop'),
    at: pushedAt,
  },
  { name: 'Quay', sender: 'quay', payload: messages.quayPush(), event: image('quay.io/acme/shop') },
  {
    name: 'Harbor',
    sender: 'harbor',
    payload: messages.harborPush(),
    event: { ...image('harbor.example.org/acme/shop'), digest },
    at: pushedAt,
  },
  {
    name: 'Harbor as CloudEvents',
    sender: 'harbor',
    payload: messages.harborCloudEvent(),
    event: { ...image('harbor.example.org/acme/shop'), digest },
    at: pushedAt,
  },
  {
    name: 'a distribution',
    sender: 'distribution',
    payload: messages.distributionPush(),
    event: { ...image('registry.example.org:5000/acme/shop'), digest },
    at: pushedAt,
  },
  {
    name: 'GitHub packages',
    sender: 'github',
    payload: messages.githubPackage(),
    event: { ...image('ghcr.io/acme/shop'), digest },
    at: pushedAt,
  },
  {
    name: "GitLab's registry",
    sender: 'gitlab',
    payload: messages.distributionPush(),
    event: { ...image('registry.example.org:5000/acme/shop'), digest },
    at: pushedAt,
  },
  { name: 'GitHub', sender: 'github', payload: messages.githubPush(), event: pushed, at: pushedAt },
  { name: 'GitLab', sender: 'gitlab', payload: messages.gitlabPush(), event: pushed },
  { name: 'Gitea', sender: 'gitea', payload: messages.giteaPush(), event: pushed },
];

const read = (sender: SenderName, payload: unknown, headers: Headers = {}) => senders[sender].read(payload, headers);

describe('a message', () => {
  it.each(documented)('of $name says what was pushed', ({ sender, payload, event, at }) => {
    const { headers } = sendAs(sender, payload, secret);
    const reading = read(sender, payload, headers);
    expect(reading.events).toEqual([event]);
    expect(reading.at).toBe(at);
  });

  it.each(documented)('of $name is genuine with the secret, and with nothing else', ({ sender, payload }) => {
    const { headers, body, pathSecret } = sendAs(sender, payload, secret);
    const { isGenuine } = senders[sender];
    const message = { headers, body: Buffer.from(body), pathSecret };
    expect(isGenuine(message, secret)).toBe(true);
    expect(isGenuine(message, `${secret.slice(1)}y`)).toBe(false);
    expect(isGenuine({ headers: {}, body: message.body }, secret)).toBe(false);
    const emptied = Object.fromEntries(Object.keys(headers).map((name) => [name, '']));
    expect(isGenuine({ headers: emptied, body: message.body, pathSecret: '' }, secret)).toBe(false);
  });

  it.each(['github', 'gitea'] as const)('of %s is not genuine when a byte of it is another one', (sender) => {
    const { headers, body } = sendAs(sender, messages.githubPush(), secret);
    expect(senders[sender].isGenuine({ headers, body: Buffer.from(body.replace('main', 'mail')) }, secret)).toBe(false);
  });

  it('of GitHub is not genuine by its older signature', () => {
    const { headers, body } = sendAs('github', messages.githubPush(), secret);
    const older = { 'x-hub-signature': headers['x-hub-signature-256']?.replace('sha256', 'sha1') };
    expect(senders.github.isGenuine({ headers: older, body: Buffer.from(body) }, secret)).toBe(false);
  });
});

describe('nothing is to be done', () => {
  const github = (event: string) => ({ 'x-github-event': event });
  it.each([
    { name: 'for a ping', sender: 'github', payload: { zen: 'x' }, headers: github('ping'), why: 'ping' },
    {
      name: 'for a tag of git',
      sender: 'gitlab',
      payload: messages.gitlabPush({ ref: 'refs/tags/v1' }),
      headers: {},
      why: 'no branch',
    },
    { name: 'for an issue of GitLab', sender: 'gitlab', payload: { object_kind: 'issue' }, headers: {}, why: 'issue' },
    {
      name: 'for a branch that was deleted',
      sender: 'github',
      payload: messages.githubPush({ commit: '0'.repeat(40) }),
      headers: github('push'),
      why: 'deleted',
    },
    {
      name: 'for a pull',
      sender: 'harbor',
      payload: { ...messages.harborPush(), type: 'PULL_ARTIFACT' },
      headers: {},
      why: 'no push',
    },
    {
      name: 'for a layer',
      sender: 'distribution',
      payload: { events: [{ action: 'push', target: { repository: 'a' } }] },
      headers: {},
      why: 'no tag',
    },
    { name: 'for no event at all', sender: 'distribution', payload: { events: [] }, headers: {}, why: 'no tag' },
    {
      name: 'for a package that is no container',
      sender: 'github',
      payload: { action: 'published', package: { package_type: 'npm' } },
      headers: github('package'),
      why: 'no container',
    },
    {
      name: 'for no updated tag',
      sender: 'quay',
      payload: { ...messages.quayPush(), updated_tags: [] },
      headers: {},
      why: 'no tag',
    },
  ] as const)('$name', ({ sender, payload, headers, why }) => {
    const reading = read(sender, payload, headers);
    expect(reading.events).toEqual([]);
    expect(reading.ignored).toContain(why);
  });
});

/** Every field of it in turn is missing, or is something else. */
function* spoil(value: unknown): Generator {
  for (const other of [undefined, null, 7, '', 'x'.repeat(3_000), '../..', [], [[]], {}, { __proto__: null }])
    yield other;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, field] of Object.entries(value))
    for (const spoilt of spoil(field)) yield Array.isArray(value) ? [spoilt] : { ...value, [name]: spoilt };
}

function describeReading(read: () => readonly object[]): unknown {
  try {
    return read().every((event) => 'type' in event) ? 'read' : 'read as something else';
  } catch (error) {
    return error instanceof Unreadable ? 'refused' : error;
  }
}

describe('a message of another form', () => {
  it.each(documented)(
    'than that of $name is read, or refused with words, and never as something else',
    ({ sender, payload, event }) => {
      const { headers } = sendAs(sender, payload, secret);
      const outcomes = [...spoil(payload)].map((spoilt) => describeReading(() => read(sender, spoilt, headers).events));
      expect(outcomes.filter((outcome) => outcome !== 'refused' && outcome !== 'read')).toEqual([]);
      expect(read(sender, payload, headers).events).toEqual([event]);
    },
  );

  it.each([
    {
      name: 'a repository with a way out',
      sender: 'dockerHub',
      payload: { ...messages.dockerHubPush(), repository: { repo_name: '../../etc' } },
    },
    { name: 'a tag with an option', sender: 'quay', payload: messages.quayPush({ tag: '--upload-pack=x' }) },
    {
      name: 'a commit that is an option',
      sender: 'github',
      payload: messages.githubPush({ commit: '--upload-pack=touch x' }),
    },
    { name: 'a commit in capitals', sender: 'gitea', payload: messages.giteaPush({ commit: 'AB'.repeat(20) }) },
    {
      name: 'more tags than anybody pushes',
      sender: 'quay',
      payload: { ...messages.quayPush(), updated_tags: Array.from({ length: 101 }, () => 'a') },
    },
    {
      name: 'another registry in its address',
      sender: 'harbor',
      payload: {
        ...messages.harborPush(),
        event_data: { repository: { repo_full_name: 'a/b' }, resources: [{ tag: 'x', resource_url: 'h/other:x' }] },
      },
    },
  ] as const)('is refused: $name', ({ sender, payload }) => {
    const { headers } = sendAs(sender, payload, secret);
    expect(() => read(sender, payload, headers)).toThrow(Unreadable);
  });
});

it('names every sender', () => {
  expect(Object.keys(senders)).toEqual([...senderNames]);
});

describe('GitLab, where it signs', () => {
  // As GitLab's own: 32 bytes, given to it as `whsec_` and base64.
  const key = Buffer.from('0123456789abcdef0123456789abcdef');
  const own = key.toString('base64url');
  const body = Buffer.from(JSON.stringify(messages.gitlabPush()));
  const sign = (id: string, time: string, text: Buffer) =>
    `v1,${createHmac('sha256', key).update(`${id}.${time}.`).update(text).digest('base64')}`;
  const headers = {
    'webhook-id': 'message-1',
    'webhook-timestamp': '1767225600',
    'webhook-signature': sign('message-1', '1767225600', body),
  };
  const isGenuine = (given: Headers, text = body) => senders.gitlab.isGenuine({ headers: given, body: text }, own);

  // GitLab signs `{webhook-id}.{timestamp}.{body}` and holds its messages against the library of Standard Webhooks
  // (https://gitlab.com/gitlab-org/gitlab/-/merge_requests/230944). The vector is that of its libraries:
  // https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries
  it('is believed by the vector that Standard Webhooks publishes', () => {
    const published = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const signed = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const message = { headers: signed, body: Buffer.from('{"test": 2432232314}') };
    expect(senders.gitlab.signingToken?.(published)).toBe(`whsec_${published}`);
    expect(senders.gitlab.isGenuine(message, published)).toBe(true);
    expect(senders.gitlab.isGenuine({ ...message, body: Buffer.from('{"test":2432232314}') }, published)).toBe(false);
  });

  // https://docs.gitlab.com/user/project/integrations/webhooks/: sent as it is, in a header of its own.
  it('that does not sign sends the secret itself, and is believed by nothing like it', () => {
    const says = (token: string) => isGenuine({ 'x-gitlab-token': token });
    expect([own, `${own} `, own.slice(1), `v1,${own}`, ''].map(says)).toEqual([true, false, false, false, false]);
  });

  it('is believed by its signature, of which there may be several', () => {
    expect(senders.gitlab.signingToken?.(own)).toBe(`whsec_${key.toString('base64')}`);
    expect(isGenuine(headers)).toBe(true);
    expect(isGenuine({ ...headers, 'webhook-signature': `v1,b3RoZXI= ${headers['webhook-signature']}` })).toBe(true);
    expect(read('gitlab', messages.gitlabPush(), headers).at).toBe(Date.parse('2026-01-01T00:00:00Z'));
  });

  it.each([
    ['another body', headers, Buffer.from('{}')],
    ['another time', { ...headers, 'webhook-timestamp': '1767225601' }, body],
    ['another message', { ...headers, 'webhook-id': 'message-2' }, body],
    ['no id', { ...headers, 'webhook-id': undefined }, body],
    ['a wrong signature beside the secret', { ...headers, 'webhook-signature': 'v1,', 'x-gitlab-token': own }, body],
  ])('is not believed with %s', (_, given, text) => {
    expect(isGenuine(given, text)).toBe(false);
  });
});
