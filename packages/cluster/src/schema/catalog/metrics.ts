/** What pods and nodes use, measured when somebody asks: `kubectl top`. */
import type { NodeMetrics, PodMetrics } from '@slipway/kube/api.generated';
import { addQuantities } from '@slipway/kube/quantity';
import { define, type Column } from '../entry.ts';
import { dns1123Subdomain } from '../names.ts';

const group = 'metrics.k8s.io';
const version = 'v1beta1';

type Usage = NodeMetrics['usage'];

function columnsOf<T extends PodMetrics | NodeMetrics>(usageOf: (object: T) => Usage): ReadonlyArray<Column<T>> {
  return [
    { name: 'Name', cell: ({ metadata }) => metadata.name ?? '' },
    { name: 'cpu', cell: (object) => String(usageOf(object)['cpu'] ?? '0') },
    { name: 'memory', cell: (object) => String(usageOf(object)['memory'] ?? '0') },
    { name: 'Window', cell: (object) => object.window },
  ];
}

function sumOf({ containers }: PodMetrics): Usage {
  const sum = (resource: string): string | number =>
    containers.reduce<string | number>((total, { usage }) => addQuantities(total, usage[resource] ?? '0'), '0');
  return { cpu: sum('cpu'), memory: sum('memory') };
}

export const nodeMetrics = define<NodeMetrics>({
  type: { group, version, kind: 'NodeMetrics', plural: 'nodes', namespaced: false },
  schemaType: 'io.k8s.metrics.pkg.apis.metrics.v1beta1.NodeMetrics',
  nameRule: dns1123Subdomain,
  isMeasured: true,
  bareColumns: true,
  columns: columnsOf(({ usage }) => usage),
});

export const podMetrics = define<PodMetrics>({
  type: { group, version, kind: 'PodMetrics', plural: 'pods', namespaced: true },
  schemaType: 'io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics',
  nameRule: dns1123Subdomain,
  isMeasured: true,
  bareColumns: true,
  columns: columnsOf(sumOf),
});
