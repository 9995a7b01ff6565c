/** What a check is about: the version that is released and the one that it is compared with. */
import type { PlaceholderValues } from './query-template.ts';

export interface MeasuredVersion {
  readonly version: string;
  /** Of this version alone. */
  readonly service: string;
}

export interface Subject {
  readonly namespace: string;
  readonly application: string;
  readonly candidate: MeasuredVersion;
  readonly stable: MeasuredVersion | undefined;
}

export function placeholderValues(subject: Subject, measured: MeasuredVersion): PlaceholderValues {
  const { namespace, application, stable } = subject;
  return { namespace, application, stable: stable?.version, version: measured.version, service: measured.service };
}
