/** The measurements that are being taken: each once, a bounded number at a time, and none after the end of the leadership. */
import type { Logger } from '@slipway/kube/logger';
import { nextNumber, type TakenMeasurement } from './check-state.ts';
import { takeMeasurement, type MeasurementTask, type MeasuringPorts } from './take-measurement.ts';

/** More wait for the next look. */
const maximumRunning = 32;

export interface MeasurementOrder extends Omit<MeasurementTask, 'signal'> {
  /** Of the run: with the number it says which measurement this is. */
  readonly key: string;
  readonly onTaken: (taken: TakenMeasurement) => void;
}

export interface MeasurementsOptions {
  readonly portsOf: (namespace: string) => MeasuringPorts | Promise<MeasuringPorts>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export class Measurements {
  readonly #options: MeasurementsOptions;
  readonly #running = new Set<string>();

  constructor(options: MeasurementsOptions) {
    this.#options = options;
  }

  /** False: there are too many at this moment; the next look asks again. */
  begin(order: MeasurementOrder): boolean {
    const key = keyOf(order);
    if (this.#running.has(key)) return true;
    if (this.#running.size >= maximumRunning || this.#options.signal.aborted) return false;
    this.#running.add(key);
    void this.#take(order).finally(() => this.#running.delete(key));
    return true;
  }

  async #take(order: MeasurementOrder): Promise<void> {
    const { portsOf, signal, logger } = this.#options;
    try {
      const ports = await portsOf(order.subject.namespace);
      const taken = await takeMeasurement({ ...order, signal }, ports);
      if (!signal.aborted) order.onTaken(taken);
    } catch (error) {
      const { namespace, application: name } = order.subject;
      logger.error('a measurement broke off', { namespace, name, check: order.check.name, error });
    }
  }
}

function keyOf({ key, state }: MeasurementOrder): string {
  return `${key}\n${nextNumber(state)}`;
}
