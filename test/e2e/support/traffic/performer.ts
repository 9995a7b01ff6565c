import type { ApplicationSpec } from '@slipway/delivery/api/application';
import type { DeliveryCluster } from '../delivery-cluster.ts';
import { specOf, type Play } from './plays.ts';
import { applicationOn, type ReleasedApplication } from './released-application.ts';
import type { Traffic } from './traffic.ts';

/** One Application of a strategy, and what a person does with it while all gateways carry its traffic. */
export class Performer {
  readonly play: Play;
  readonly application: ReleasedApplication;
  /** One for each gateway. */
  traffics: readonly Traffic[] = [];
  serving = 'v1';
  #lastNumber = 1;

  private constructor(play: Play, application: ReleasedApplication) {
    this.play = play;
    this.application = application;
  }

  /** Resolves when a first version serves. */
  static async on(cluster: DeliveryCluster, play: Play): Promise<Performer> {
    const application = await applicationOn(cluster, play.strategy.type.toLowerCase(), specOf(play));
    const performer = new Performer(play, application);
    await application.ask(performer.serving);
    await application.reaches({ version: performer.serving, phases: ['Succeeded'] });
    return performer;
  }

  get name(): string {
    return this.application.name;
  }

  /** Asks for the next version; from here on both may answer. */
  async begin(spec: Partial<ApplicationSpec> = {}): Promise<string> {
    this.#lastNumber += 1;
    const version = `v${this.#lastNumber}`;
    await this.allow(this.serving, version);
    await this.application.ask(version, spec);
    return version;
  }

  /** Passes the stations after the one before `from` until it has come to the one at `to`, where it stays. */
  async goTo(version: string, to: number, from = 0): Promise<void> {
    const { stations } = this.play;
    for (const station of stations.slice(from, to + 1)) {
      const before = stations[stations.indexOf(station) - 1];
      if (before?.leave !== undefined) await this.application.command(before.leave);
      await station.reached(this.application, version);
    }
  }

  /** From when it has gone back, the version that was left may answer nothing. */
  async abort(version: string): Promise<void> {
    await this.application.command('abort');
    await this.application.reaches({ version, phases: ['RolledBack'] });
    await this.allow(this.serving);
  }

  /** From when all traffic has moved, the version before may answer nothing. */
  async complete(version: string, attempt = 0): Promise<void> {
    await this.application.reaches({ version, phases: ['Guarding', 'Succeeded'], attempt });
    await this.allow(version);
    this.serving = version;
    await this.application.reaches({ version, phases: ['Succeeded'], attempt });
  }

  async allow(...versions: readonly string[]): Promise<void> {
    await Promise.all(this.traffics.map(({ load }) => load.allow(versions)));
  }
}
