/** The webhooks of a deployment server as text. Pure. */
import { table } from './output.ts';

export interface WebhookAnswer {
  readonly id: string;
  readonly name: string;
  readonly sender: string;
  /** Servers of before do not say. */
  readonly hasCredentials?: boolean;
  readonly target: {
    readonly images?: ReadonlyArray<{
      readonly repository: string;
      readonly policy: Readonly<Record<string, string>>;
      readonly namespaces: readonly string[];
    }>;
    readonly manifests?: {
      readonly repository: string;
      readonly branch: string;
      readonly directory: string;
      readonly namespaces: readonly string[];
    };
  };
}

export interface DeliveryAnswer {
  readonly id: string;
  readonly receivedAt: string;
  readonly requestedBy: string;
  readonly state: string;
  readonly message?: string;
  readonly events: ReadonlyArray<Readonly<Record<string, string>>>;
  readonly results: ReadonlyArray<{
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly outcome: string;
    readonly release?: string;
    readonly message?: string;
  }>;
}

export function describeWebhooks(webhooks: readonly WebhookAnswer[]): string {
  if (webhooks.length === 0) return 'There are no webhooks.';
  const rows = webhooks.flatMap(({ id, name, sender, hasCredentials, target }) =>
    rulesOf(target).map(([rule, namespaces], index) =>
      index === 0
        ? [name, id, sender, describeCredentials(hasCredentials), rule, namespaces]
        : ['', '', '', '', rule, namespaces],
    ),
  );
  return table(['NAME', 'ID', 'SENDER', 'CREDENTIALS', 'RULE', 'NAMESPACES'], rows);
}

function describeCredentials(hasCredentials: boolean | undefined): string {
  return hasCredentials === undefined ? 'unknown' : hasCredentials ? 'yes' : 'no';
}

/** At least one, so that a webhook without any is seen. */
function rulesOf({ images = [], manifests }: WebhookAnswer['target']): ReadonlyArray<readonly [string, string]> {
  if (manifests !== undefined) {
    const { repository, branch, directory, namespaces } = manifests;
    return [[`${repository} ${branch} ${directory}`, namespaces.join(', ')]];
  }
  if (images.length === 0) return [['none', '']];
  return images.map(({ repository, policy, namespaces }) => {
    const [[kind, value] = ['', '']] = Object.entries(policy);
    return [`${repository} ${kind} ${value}`, namespaces.join(', ')];
  });
}

export function describeDeliveries(deliveries: readonly DeliveryAnswer[], now: number): string {
  if (deliveries.length === 0) return 'Nothing has come yet.';
  const rows = deliveries.map(({ id, receivedAt, state, events, message = '' }) => [
    id,
    `${ageOf(now - Date.parse(receivedAt))} ago`,
    state,
    events.map(describeEvent).join(', '),
    message,
  ]);
  return table(['ID', 'CAME', 'STATE', 'OF', 'OUTCOME'], rows);
}

function describeEvent({
  type,
  repository = '',
  tag = '',
  branch = '',
  commit = '',
}: Readonly<Record<string, string>>): string {
  return type === 'image' ? `${repository}:${tag}` : `${repository} ${branch} ${commit.slice(0, 12)}`;
}

function ageOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

export function describeDelivery({ state, receivedAt, requestedBy, message, events, results }: DeliveryAnswer): string {
  const lines = [
    `${state}, came at ${receivedAt}, asked by ${requestedBy}`,
    ...events.map((event) => `of ${describeEvent(event)}`),
    ...(message === undefined ? [] : [message]),
    ...results.map(
      ({ kind, namespace, name, outcome, release, message: why }) =>
        `  ${kind} ${namespace}/${name}: ${outcome}${release === undefined ? '' : `, release ${release}`}${why === undefined ? '' : `, ${why}`}`,
    ),
  ];
  return lines.join('\n');
}
