import type { Application } from '@slipway/delivery/api/application';

export const applicationName = 'statics';
export const host = 'statics.localhost';
const port = 8080;

/** The example as it is released in the demo: three replicas, asked for their health before anybody is sent to them. */
export function demoApplication(version: string, namespace: string): Application {
  return {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Application',
    metadata: { name: applicationName, namespace },
    spec: {
      version,
      replicas: 3,
      template: {
        metadata: { labels: { app: applicationName } },
        spec: {
          containers: [
            {
              name: applicationName,
              image: `statics:${version}`,
              ports: [{ name: 'http', containerPort: port }],
              readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
              livenessProbe: { httpGet: { path: '/livez', port: 'http' } },
            },
          ],
        },
      },
      service: { ports: [{ name: 'http', port, targetPort: 'http' }] },
      route: { hosts: [host] },
      healthCheck: { path: '/health', port, type: 'probe', timeoutSeconds: 3 },
      strategy: { type: 'blueGreen' },
      guardSeconds: 2,
      drainSeconds: 1,
      keepFailedSeconds: 1,
    },
  };
}
