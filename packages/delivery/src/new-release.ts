import type { Application } from './api/application.ts';
import type { Release } from './api/release.ts';
import type { Asked } from './asked.ts';
import { annotations, labels } from './names.ts';

/** The record of one attempt: a copy of what was asked, with the defaults that hold for it. */
export function newRelease(
  application: Application,
  { version, asked, name }: { readonly version: string; readonly asked: Asked; readonly name: string },
): Release {
  const { spec, metadata } = application;
  return {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Release',
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: { [labels.application]: metadata.name ?? '' },
      annotations: { [annotations.ownerUid]: metadata.uid ?? '' },
    },
    spec: {
      application: metadata.name ?? '',
      applicationUid: metadata.uid ?? '',
      version,
      identity: asked.identity,
      ...(Object.keys(asked.frozen).length === 0 ? {} : { frozen: asked.frozen }),
      template: spec.template ?? {},
      ...(spec.service === undefined ? {} : { service: spec.service }),
      ...(spec.environmentFrom === undefined ? {} : { environmentFrom: spec.environmentFrom }),
      ...(spec.healthCheck === undefined ? {} : { healthCheck: spec.healthCheck }),
      strategy: spec.strategy ?? { type: 'rolling' },
      guardSeconds: spec.guardSeconds ?? 300,
      progressDeadlineSeconds: spec.progressDeadlineSeconds ?? 600,
      drainSeconds: spec.drainSeconds ?? 30,
      keepFailedSeconds: spec.keepFailedSeconds ?? 30,
    },
  };
}
