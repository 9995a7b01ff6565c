import type { Clock } from '@slipway/kube/clock';
import type { ServiceTarget } from './service-table.ts';

/** More clients than one machine has; those that were silent the longest are forgotten first. */
const rememberedClients = 10_000;

interface Choice {
  readonly target: string;
  readonly at: number;
}

/** Whose turn it is among the targets of a service, and where a client was sent before. */
export class ClientAffinity {
  private readonly clock: Clock;
  private readonly choices = new Map<string, Choice>();
  private next = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** All targets in the order in which they are to be tried. `seconds`: how long a client belongs to one; undefined: never. */
  order(targets: readonly ServiceTarget[], client: string, seconds: number | undefined): readonly ServiceTarget[] {
    const start = this.next % Math.max(1, targets.length);
    this.next = start + 1;
    const inTurn = [...targets.slice(start), ...targets.slice(0, start)];
    const choice = seconds === undefined ? undefined : this.choices.get(client);
    if (choice === undefined || seconds === undefined) return inTurn;
    if (this.clock.monotonic() - choice.at >= seconds * 1_000) return inTurn;
    const own = inTurn.filter((target) => nameOf(target) === choice.target);
    return [...own, ...inTurn.filter((target) => nameOf(target) !== choice.target)];
  }

  /** What the client was sent to; every time counts anew. */
  remember(client: string, target: ServiceTarget): void {
    this.choices.delete(client);
    this.choices.set(client, { target: nameOf(target), at: this.clock.monotonic() });
    const [oldest] = this.choices.keys();
    if (this.choices.size > rememberedClients && oldest !== undefined) this.choices.delete(oldest);
  }
}

export function nameOf(target: ServiceTarget): string {
  return target.kind === 'socket' ? target.path : `${target.address}:${target.port}`;
}
