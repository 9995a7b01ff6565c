import type { Volume } from '@slipway/kube/api.generated';
import { delay, type Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { keyOf } from '@slipway/kube/object';
import { sizeLimitOf } from '../volumes/pod-volumes.ts';
import type { PodRecord } from './pod-record.ts';

export interface VolumeLimitsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** All pods of the node, as they are now. */
  readonly records: () => readonly PodRecord[];
  /** Bytes that a volume of a pod takes. */
  readonly usageOf: (podUid: string, volume: string) => Promise<number>;
  readonly onExceeded: (podUid: string, message: string) => void;
}

/** As often as the kubelet's eviction manager. */
const lookEvery = 10_000;

/** Finds pods whose emptyDir volumes have grown beyond their sizeLimit. One volume at a time: this is never urgent. */
export class VolumeLimits {
  readonly #options: VolumeLimitsOptions;

  constructor(options: VolumeLimitsOptions) {
    this.#options = options;
  }

  /** Until the signal aborts. */
  async run(): Promise<void> {
    const { clock, signal, records } = this.#options;
    while (!signal.aborted) {
      await delay(clock, lookEvery, signal).catch(() => undefined);
      for (const record of records()) {
        if (!signal.aborted) await this.#check(record);
      }
    }
  }

  async #check(record: PodRecord): Promise<void> {
    const { usageOf, onExceeded, logger } = this.#options;
    const podUid = record.pod.metadata.uid ?? '';
    try {
      for (const { volume, bytes, text } of listVolumeLimits(record)) {
        if ((await usageOf(podUid, volume)) <= bytes) continue;
        // The blank at the end is the kubelet's: it joins several such sentences.
        onExceeded(podUid, `Usage of EmptyDir volume "${volume}" exceeds the limit "${text}". `);
        return;
      }
    } catch (error) {
      logger.warn('The size of a volume could not be measured', { ...keyOf(record.pod), kind: 'Pod', error });
    }
  }
}

interface VolumeLimit {
  readonly volume: string;
  readonly bytes: number;
  /** As the spec has it. */
  readonly text: string;
}

function listVolumeLimits({ pod, volumes, termination }: PodRecord): readonly VolumeLimit[] {
  if (volumes.kind !== 'ready' || termination !== undefined) return [];
  return (pod.spec?.volumes ?? []).flatMap(limitOf);
}

function limitOf({ name, emptyDir }: Volume): readonly VolumeLimit[] {
  const bytes = emptyDir === undefined ? undefined : sizeLimitOf(emptyDir);
  return bytes === undefined ? [] : [{ volume: name, bytes, text: String(emptyDir?.sizeLimit) }];
}
