/** `metrics.k8s.io`: what pods and nodes use, asked of the nodes. https://kubernetes.io/docs/tasks/debug/debug-cluster/resource-metrics-pipeline/ */
import type { ContainerMetrics, NodeMetrics, Pod, PodMetrics } from '@slipway/kube/api.generated';
import { apiVersionOf, type KubeObject } from '@slipway/kube/object';
import { nodes, pods } from '@slipway/kube/resources';
import { limitTime } from '@slipway/kube/time-limit';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import type { ContainerStats, PodStats, StatsSummary } from '../../node/kubelet-api/stats-summary.ts';
import { requireForm } from '../accepted-form.ts';
import { collection, one } from '../answer-forms.ts';
import { notFound, unknownPath } from '../api-errors.ts';
import { listPage } from '../list-page.ts';
import type { ResourceRequest } from '../resource-request.ts';

/** Whose metrics are wanted, among the objects that are stored. */
type MeasuredType = typeof nodes | typeof pods;

export async function answerMetrics(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  requireForm(request.headers['accept']);
  const type: MeasuredType = at.definition.type.kind === 'NodeMetrics' ? nodes : pods;
  const { signal = new AbortController().signal } = request;
  if (at.path.name === '') {
    const { objects, metadata } = listPage(at.resources, {
      definition: storedDefinition(at, type),
      namespace: at.path.namespace,
      query: unpaged(request.query),
    });
    return collection(await measure(objects, type, { at, signal }), request, at, {
      resourceVersion: metadata.resourceVersion,
    });
  }
  const stored = at.resources.find({
    definition: storedDefinition(at, type),
    namespace: at.path.namespace,
    name: at.path.name,
  });
  const [object] = stored === undefined ? [] : await measure([stored], type, { at, signal });
  if (object === undefined) throw notFound(named(at), at.path.name);
  return one({ object, request, at, status: 200, warnings: [] });
}

/** Metrics are told whole, as metrics-server does. */
function unpaged(query: URLSearchParams): URLSearchParams {
  const whole = new URLSearchParams(query);
  for (const name of ['limit', 'continue']) whole.delete(name);
  return whole;
}

function storedDefinition({ catalog }: ResourceRequest, type: MeasuredType) {
  const definition = catalog.find(type.group, type.version, type.plural);
  if (definition === undefined) throw unknownPath();
  return definition;
}

/** As metrics-server names what it has not. */
function named({ definition: { type } }: ResourceRequest) {
  return { ...type, plural: type.kind.toLowerCase() };
}

interface Asking {
  readonly at: ResourceRequest;
  readonly signal: AbortSignal;
}

/** For one node; thousands of pods take a part of that much. */
const maximumMilliseconds = 10_000;
const maximumBytes = 16 * 1024 * 1024;

/** Without those of which nothing is known: on a node that measures nothing, or does not answer, or not yet. */
async function measure(
  objects: readonly KubeObject[],
  type: MeasuredType,
  asking: Asking,
): Promise<readonly KubeObject[]> {
  const nodeOf = (object: KubeObject): string =>
    (type === nodes ? object.metadata.name : (object as Pod).spec?.nodeName) ?? '';
  const asked = new Set(objects.map(nodeOf).filter((name) => name !== ''));
  const answers = await Promise.allSettled([...asked].map(async (name) => [name, await ask(name, asking)] as const));
  const summaries = new Map(answers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
  return objects.flatMap((object) => {
    const summary = summaries.get(nodeOf(object));
    const found = summary === undefined ? undefined : metricsOf(object, type, summary);
    return found === undefined ? [] : [found];
  });
}

async function ask(node: string, { at: { nodes: connector, clock }, signal }: Asking): Promise<StatsSummary> {
  const message = `${node} has not told its metrics in time`;
  using limit = limitTime({ clock, milliseconds: maximumMilliseconds, signal, message });
  const asked = { method: 'GET', path: '/stats/summary', signal: limit.signal };
  const { body } = await connector.request(node, asked);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > maximumBytes) throw new Error(`${node} tells more than ${maximumBytes} bytes`);
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString()) as StatsSummary;
}

function metricsOf(
  { metadata }: KubeObject,
  type: MeasuredType,
  { measured, pods: stats }: StatsSummary,
): KubeObject | undefined {
  if (measured === undefined) return undefined;
  const { time, windowMilliseconds } = measured;
  const common = {
    apiVersion: apiVersionOf({ group: 'metrics.k8s.io', version: 'v1beta1' }),
    metadata: {
      name: metadata.name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
      creationTimestamp: time,
    },
    timestamp: time,
    window: `${windowMilliseconds / 1_000}s`,
  };
  if (type === nodes) {
    const usage = usageOf(stats.flatMap(({ containers }) => containers));
    const metrics: NodeMetrics = { kind: 'NodeMetrics', ...common, usage };
    return metrics;
  }
  const containers = containersOf(stats.find(({ podRef }) => podRef.uid === metadata.uid));
  const metrics: PodMetrics = { kind: 'PodMetrics', ...common, containers };
  return containers.length === 0 ? undefined : metrics;
}

function containersOf(stats: PodStats | undefined): readonly ContainerMetrics[] {
  return (stats?.containers ?? []).flatMap((container) =>
    container.cpu === undefined ? [] : [{ name: container.name, usage: usageOf([container]) }],
  );
}

function usageOf(containers: readonly ContainerStats[]): ContainerMetrics['usage'] {
  const nanoCores = containers.reduce((sum, { cpu }) => sum + (cpu?.usageNanoCores ?? 0), 0);
  const bytes = containers.reduce((sum, { memory }) => sum + (memory?.workingSetBytes ?? 0), 0);
  return { cpu: `${nanoCores}n`, memory: `${Math.ceil(bytes / 1_024)}Ki` };
}
