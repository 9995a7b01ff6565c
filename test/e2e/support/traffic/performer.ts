import type { ApplicationSpec } from '@slipway/delivery/api/application';
import type { DeliveryCluster } from '../delivery-cluster.ts';
import { specOf, type Play } from './plays.ts';
import { applicationOn, type ReleasedApplication } from './released-application.ts';
import type { Traffic } from './traffic.ts';
import { startVisitor, type Visitor } from './visitor.ts';

/** Longer than anybody does anything in it. */
export const longGuard = { guardSeconds: 600 };

/** One Application of a strategy, and what a person does with it while all gateways carry its traffic. */
export class Performer {
  readonly play: Play;
  readonly application: ReleasedApplication;
  readonly #cluster: DeliveryCluster;
  /** One for each gateway. */
  traffics: readonly Traffic[] = [];
  serving = 'v1';
  #lastNumber = 1;

  private constructor(cluster: DeliveryCluster, play: Play, application: ReleasedApplication) {
    this.#cluster = cluster;
    this.play = play;
    this.application = application;
  }

  /** Resolves when a first version serves. */
  static async on(cluster: DeliveryCluster, play: Play): Promise<Performer> {
    const application = await applicationOn(cluster, play.strategy.type.toLowerCase(), specOf(play));
    const performer = new Performer(cluster, play, application);
    await application.ask(performer.serving);
    await application.reaches({ version: performer.serving, phases: ['Succeeded'] });
    return performer;
  }

  /** Users who keep the cookies that they are given, one at each gateway; where the strategy has sessions. */
  async welcomeUsers(): Promise<readonly Visitor[]> {
    if (this.play.strategy.type !== 'rainbow') return [];
    const { host } = this.application;
    const users = [...this.#cluster.gateways.values()].map((target) => startVisitor({ target, host }));
    await Promise.all(users.map((user) => user.answers(1)));
    return users;
  }

  /** For so long a user of `welcomeUsers` may be away. */
  get idleMilliseconds(): number {
    return (this.play.strategy.rainbow?.idleSeconds ?? 0) * 1_000;
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

  /** Begins a release and goes to where it stands, with both versions. */
  async beginAndStand(): Promise<string> {
    const { stations, standing } = this.play;
    const version = await this.begin(this.#standsInGuard ? longGuard : {});
    await this.goTo(version, standing);
    const stay = stations[standing]?.stay;
    if (stay !== undefined) await this.application.command(stay.say);
    return version;
  }

  /** From where it stands to its end: forward, or back where only the guard is left. */
  async leaveStanding(version: string): Promise<void> {
    const { stations, standing } = this.play;
    if (this.#standsInGuard) return this.abort(version);
    const stay = stations[standing]?.stay;
    if (stay !== undefined) await this.application.command(stay.leave);
    await this.goTo(version, stations.length - 1, standing + 1);
    return this.complete(version);
  }

  get #standsInGuard(): boolean {
    return this.play.standing === this.play.stations.length - 1;
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
