import { age } from '@slipway/cluster/schema/columns';
import type { ClusterReport, Holder } from '../connection/cluster-report.ts';
import { colour } from './output.ts';

/** A cluster in words, for `slipway status`. */
export function describeReport(report: ClusterReport, now: number): readonly string[] {
  const { server, version, nodes, controller, gateways, applications, releaseGroups } = report;
  const holder = (each: Holder): string =>
    each.isSilent ? `${each.name} (${colour('red', `silent for ${age(each.renewedAt, now)}`)})` : each.name;
  return [
    `Cluster      ${colour('green', 'answers')}, Kubernetes ${version}`,
    `API server   ${server}`,
    `Nodes        ${nodes === undefined ? '(not for us to see)' : `${nodes.ready} of ${nodes.total} ready`}`,
    `Delivery     ${controller === undefined ? 'no controller leads; run one with: slipway controller' : `led by ${holder(controller)}`}`,
    `Gateways     ${gateways.map(holder).join(', ') || '(none)'}`,
    `Applications ${describePhases(applications)}`,
    // Most clusters have none.
    ...(releaseGroups === undefined || Object.keys(releaseGroups).length === 0
      ? []
      : [`Groups       ${describePhases(releaseGroups)}`]),
  ];
}

function describePhases(applications: ClusterReport['applications']): string {
  if (applications === undefined) return '(the kinds of Slipway are not installed, or not for us to see)';
  const counts = Object.entries(applications).map(([phase, count]) => `${count} ${phase}`);
  return counts.join(', ') || '(none)';
}
