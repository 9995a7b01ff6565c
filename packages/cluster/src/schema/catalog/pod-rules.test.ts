import type { Container, PodSpec } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { variableNameRule } from '../variable-name.ts';
import { checkPod } from './pod-rules.ts';

const web = { name: 'web', image: 'web:1' };

function said(spec: Partial<PodSpec>): readonly string[] {
  return checkPod({ containers: [web], ...spec }, 'spec').map(({ field, message }) => `${field}: ${message}`);
}

const probe = { exec: { command: ['true'] } };
const at = 'spec.containers[0]';
const oneOf = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';

describe('a container', () => {
  it.each<Partial<Container>>([
    { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: 1024 } } },
    { resources: { limits: { 'example.org/gpu': '1' }, requests: { 'example.org/gpu': 1 } } },
    { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } }] },
    { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] },
    { env: [{ name: 'Logging:Level.1 $' }], envFrom: [{ prefix: '1-', configMapRef: { name: 'a' } }] },
    { lifecycle: { preStop: { sleep: { seconds: 30 } }, postStart: { exec: { command: ['true'] } } } },
    { livenessProbe: { ...probe, terminationGracePeriodSeconds: 1 }, readinessProbe: probe },
    { securityContext: { runAsUser: 0, runAsGroup: 2 ** 31 - 1 } },
    { ports: [{ containerPort: 80, hostPort: 8080 }] },
  ])('%j is taken', (container) => {
    expect(said({ containers: [{ ...web, ...container }], terminationGracePeriodSeconds: 30 })).toEqual([]);
  });

  it.each<[Partial<Container>, readonly string[]]>([
    [
      { resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } },
      [`${at}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`],
    ],
    [
      { resources: { limits: { 'example.org/gpu': '2' }, requests: { 'example.org/gpu': '1' } } },
      [`${at}.resources.requests: Invalid value: "1": must be equal to example.org/gpu limit of 2`],
    ],
    [
      { resources: { limits: { memory: '-1' } } },
      [`${at}.resources.limits[memory]: Invalid value: "-1": must be greater than or equal to 0`],
    ],
    [
      { resources: { requests: { cpus: '1' } } },
      [
        `${at}.resources.requests[cpus]: Invalid value: "cpus": must be a standard resource type or fully qualified`,
        `${at}.resources.requests[cpus]: Invalid value: "cpus": must be a standard resource for containers`,
      ],
    ],
    [
      { envFrom: [{}, { configMapRef: {} }, { configMapRef: { name: 'a' }, secretRef: { name: 'b' } }] },
      [
        `${at}.envFrom[0]: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``,
        `${at}.envFrom[1].configMapRef.name: Required value`,
        `${at}.envFrom[2]: Invalid value: "": may not have more than one field specified at a time`,
      ],
    ],
    [
      { volumeMounts: [{ name: 'a', mountPath: '/v', mountPropagation: 'Bidirectional' }] },
      [
        `${at}.volumeMounts[0].mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
      ],
    ],
    [
      { envFrom: [{ prefix: '=', configMapRef: { name: 'a' } }] },
      [`${at}.envFrom[0].prefix: Invalid value: "=": ${variableNameRule}`],
    ],
    [{ env: [{ name: 'A', valueFrom: {} }] }, [`${at}.env[0].valueFrom: Invalid value: "": ${oneOf}`]],
    [
      { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.nope' } } }] },
      [
        `${at}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "status.nope": error converting fieldPath: field label not supported: status.nope`,
      ],
    ],
    [
      {
        volumeMounts: [
          { name: 'a', mountPath: '/v' },
          { name: 'b', mountPath: '/v' },
        ],
      },
      [`${at}.volumeMounts[1].mountPath: Invalid value: "/v": must be unique`],
    ],
    [
      { volumeMounts: [{ name: 'a', mountPath: '/v', recursiveReadOnly: 'Enabled' }] },
      [`${at}.volumeMounts[0].recursiveReadOnly: Forbidden: may only be specified when readOnly is true`],
    ],
    [{ volumeMounts: [{ name: 'a', mountPath: '/v', readOnly: true, recursiveReadOnly: 'Enabled' }] }, []],
    [{ lifecycle: { preStop: {} } }, [`${at}.lifecycle.preStop: Required value: must specify a handler type`]],
    [
      { lifecycle: { preStop: { sleep: { seconds: 100 } } } },
      [
        `${at}.lifecycle.preStop.sleep: Invalid value: 100: must be non-negative and less than terminationGracePeriodSeconds (30)`,
      ],
    ],
    [{ lifecycle: { postStart: { exec: {} } } }, [`${at}.lifecycle.postStart.exec.command: Required value`]],
    [{ livenessProbe: { exec: { command: [] } } }, [`${at}.livenessProbe.exec.command: Required value`]],
    [
      { readinessProbe: { ...probe, terminationGracePeriodSeconds: 1 } },
      [`${at}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes`],
    ],
    [
      { startupProbe: { ...probe, terminationGracePeriodSeconds: 0 } },
      [`${at}.startupProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0`],
    ],
    [
      { securityContext: { runAsUser: -1 } },
      [`${at}.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive`],
    ],
  ])('%j is refused', (container, faults) => {
    expect(said({ containers: [{ ...web, ...container }], terminationGracePeriodSeconds: 30 })).toEqual(faults);
  });
});

describe('a pod', () => {
  it.each<[Partial<PodSpec>, readonly string[]]>([
    [
      { initContainers: [{ ...web, readinessProbe: probe, lifecycle: { preStop: { sleep: { seconds: 1 } } } }] },
      ['readinessProbe', 'lifecycle'].map(
        (name) =>
          `spec.initContainers[0].${name}: Forbidden: may not be set for init containers without restartPolicy=Always`,
      ),
    ],
    [{ initContainers: [{ ...web, restartPolicy: 'Always', readinessProbe: probe }] }, []],
    [
      { hostNetwork: true, containers: [{ ...web, ports: [{ containerPort: 80, hostPort: 8080 }] }] },
      [`${at}.ports[0].containerPort: Invalid value: 80: must match \`hostPort\` when \`hostNetwork\` is true`],
    ],
    [{ hostNetwork: true, containers: [{ ...web, ports: [{ containerPort: 80 }] }] }, []],
    [
      { shareProcessNamespace: true, hostPID: true },
      [
        'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
      ],
    ],
    [
      { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] },
      [
        'spec.tolerations[0].operator: Invalid value: core.Toleration{Key:"a", Operator:"Exists", Value:"b", Effect:"", TolerationSeconds:(*int64)(nil)}: value must be empty when `operator` is \'Exists\'',
      ],
    ],
    [
      { tolerations: [{ value: 'b' }] },
      [
        'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ],
    ],
    [
      { tolerations: [{ key: 'a', effect: 'NoSchedule', tolerationSeconds: 1 }] },
      [
        'spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
      ],
    ],
    [
      { tolerations: [{ operator: 'Exists' }, { key: 'a', value: 'b', effect: 'NoExecute', tolerationSeconds: 1 }] },
      [],
    ],
    [
      { securityContext: { fsGroup: -1, supplementalGroups: [1, -2] } },
      [
        'spec.securityContext.fsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive',
        'spec.securityContext.supplementalGroups[1]: Invalid value: -2: must be between 0 and 2147483647, inclusive',
      ],
    ],
    [{ hostname: 'web-0', subdomain: 'web', nodeName: 'node.example.org' }, []],
  ])('%j', (spec, faults) => {
    expect(said(spec)).toEqual(faults);
  });

  it.each(['hostname', 'subdomain', 'nodeName'])('is not named badly by its %s', (field) => {
    expect(said({ [field]: 'No Name' })).toEqual([
      expect.stringMatching(new RegExp(`^spec.${field}: Invalid value: "No Name": a lowercase RFC 1123`)),
    ]);
  });
});
