import type { Container, PodSpec } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { defaultPodSpec } from './pod-defaults.ts';
import { pod } from './pod.ts';
import { defaultTemplate } from './workload.ts';

const web: Container = { name: 'web', image: 'web:1' };

function defaulted(spec: Partial<PodSpec>): PodSpec {
  return defaultPodSpec({ containers: [web], ...spec });
}

type VolumeSource = Omit<NonNullable<PodSpec['volumes']>[number], 'name'>;

function volume(source: VolumeSource): unknown {
  return defaulted({ volumes: [{ name: 'v', ...source }] }).volumes?.[0];
}

function container(fields: Partial<Container>): Container | undefined {
  return defaulted({ containers: [{ ...web, ...fields }] }).containers[0];
}

describe('defaults of a pod', () => {
  it('are those of Kubernetes', () => {
    expect(defaulted({})).toEqual({
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      schedulerName: 'default-scheduler',
      containers: [
        {
          ...web,
          imagePullPolicy: 'IfNotPresent',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
    });
  });

  it('have variables of Services in pods, and templates do not say so', () => {
    const spec = { containers: [web] };
    const alone = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec };
    expect(pod.applyDefaults(alone)).toMatchObject({ spec: { enableServiceLinks: true } });
    expect(defaultTemplate({ spec }).spec).not.toHaveProperty('enableServiceLinks');
  });

  it.each<{ readonly source: VolumeSource; readonly expected: object }>([
    { source: {}, expected: { emptyDir: {} } },
    { source: { secret: { secretName: 's' } }, expected: { secret: { secretName: 's', defaultMode: 0o644 } } },
    { source: { hostPath: { path: '/x' } }, expected: { hostPath: { path: '/x', type: '' } } },
    {
      source: { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
      expected: {
        downwardAPI: {
          defaultMode: 0o644,
          items: [{ path: 'name', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } }],
        },
      },
    },
    {
      source: { downwardAPI: { items: [{ path: 'cpu', resourceFieldRef: { resource: 'limits.cpu' } }] } },
      expected: {
        downwardAPI: {
          defaultMode: 0o644,
          items: [{ path: 'cpu', resourceFieldRef: { resource: 'limits.cpu', divisor: '0' } }],
        },
      },
    },
    {
      source: { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      expected: {
        projected: {
          defaultMode: 0o644,
          sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3_600 } }],
        },
      },
    },
    {
      source: { ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } },
      expected: {
        ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' } } },
      },
    },
  ])('of the volume $source', ({ source, expected }) => {
    expect(volume(source)).toEqual({ name: 'v', ...expected });
  });

  it('say where probes and hooks over HTTP ask', () => {
    const httpGet = { port: 80 };
    const full = { port: 80, path: '/', scheme: 'HTTP' };
    expect(container({ lifecycle: { preStop: { httpGet } }, livenessProbe: { httpGet } })).toMatchObject({
      lifecycle: { preStop: { httpGet: full } },
      livenessProbe: { httpGet: full, periodSeconds: 10 },
    });
    expect(container({ startupProbe: { grpc: { port: 9 } } })).toMatchObject({
      startupProbe: { grpc: { port: 9, service: '' } },
    });
  });

  it('give a container of a pod in the network of its machine the ports of the machine', () => {
    const ports = [{ containerPort: 80 }, { containerPort: 81, hostPort: 0 }, { containerPort: 82, hostPort: 82 }];
    const spec = { hostNetwork: true, containers: [{ ...web, ports }] };
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec };
    const portsOf = (applied: object): unknown => {
      const { containers } = ('spec' in applied ? applied.spec : undefined) as PodSpec;
      return containers[0]?.ports?.map(({ hostPort }) => hostPort);
    };
    expect(portsOf(pod.applyDefaults(object))).toEqual([80, 81, 82]);
    const elsewhere = { ...object, spec: { ...spec, hostNetwork: false } };
    expect(portsOf(pod.applyDefaults(elsewhere))).toEqual([undefined, 0, 82]);
    expect(portsOf(defaultTemplate({ spec }))).toEqual([undefined, 0, 82]);
  });
});
