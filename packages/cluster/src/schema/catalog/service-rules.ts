/** What Kubernetes asks of a Service beyond its type and ports. */
import { isIP } from 'node:net';
import type { Service, ServiceSpec } from '@slipway/kube/api.generated';
import { usualAffinitySeconds } from '../../network/service-table.ts';
import type { Fault } from '../definition.ts';
import { invalid, misnamed, required } from '../faults.ts';
import { dns1123Subdomain } from '../names.ts';
import { supported } from './pod-template.ts';

const maximumAffinitySeconds = 86_400;

/** Where a client comes back to its pod there is a time after which it does not any more. */
export function withAffinity(spec: ServiceSpec): ServiceSpec {
  const { sessionAffinityConfig, ...rest } = spec;
  if (spec.sessionAffinity !== 'ClientIP') return spec.sessionAffinity === 'None' ? rest : spec;
  const clientIP = { timeoutSeconds: usualAffinitySeconds, ...sessionAffinityConfig?.clientIP };
  return { ...spec, sessionAffinityConfig: { ...sessionAffinityConfig, clientIP } };
}

/** Whether somebody outside of the cluster may come to it. */
export function isOutside({ type = 'ClusterIP', externalIPs = [] }: ServiceSpec): boolean {
  return type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0);
}

/** What another type meant goes with it, unless it was asked for with the change. */
export function withoutTypesOwn(spec: ServiceSpec, old: Service): ServiceSpec {
  const { externalTrafficPolicy, ...rest } = spec;
  const isOld = externalTrafficPolicy === old.spec?.externalTrafficPolicy;
  return externalTrafficPolicy !== undefined && isOld && !isOutside(spec) ? rest : spec;
}

const anyAddress = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

export function checkAddresses({ clusterIP = '', externalIPs = [] }: ServiceSpec): readonly Fault[] {
  const isNone = clusterIP === '' || clusterIP === 'None';
  return [
    ...(isNone || isIP(clusterIP) > 0 ? [] : [invalid('spec.clusterIPs[0]', clusterIP, anyAddress)]),
    ...externalIPs.flatMap((address, index) =>
      isIP(address) > 0 ? [] : [invalid(`spec.externalIPs[${index}]`, address, anyAddress)],
    ),
  ];
}

const policies = ['Cluster', 'Local'];

export function checkTraffic(spec: ServiceSpec): readonly Fault[] {
  const { externalTrafficPolicy = '', internalTrafficPolicy, sessionAffinityConfig, type, externalName = '' } = spec;
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds ?? usualAffinitySeconds;
  return [
    ...checkExternalPolicy(spec, externalTrafficPolicy),
    ...supported(internalTrafficPolicy, policies, 'spec.internalTrafficPolicy'),
    ...(seconds > 0 && seconds <= maximumAffinitySeconds
      ? []
      : [
          invalid(
            'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
            seconds,
            `must be greater than 0 and less than ${maximumAffinitySeconds}`,
          ),
        ]),
    ...(type === 'ExternalName' ? checkExternalName(externalName.replace(/\.$/, '')) : []),
  ];
}

function checkExternalPolicy(spec: ServiceSpec, policy: string): readonly Fault[] {
  const field = 'spec.externalTrafficPolicy';
  if (isOutside(spec)) return policy === '' ? [required(field)] : supported(policy, policies, field);
  return policy === '' ? [] : [invalid(field, policy, 'may only be set for externally-accessible services')];
}

function checkExternalName(name: string): readonly Fault[] {
  if (name === '') return [required('spec.externalName')];
  return misnamed('spec.externalName', name, dns1123Subdomain);
}
