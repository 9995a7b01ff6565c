import type { KubeObject } from '@slipway/kube/object';
import { summarizeApplication, type ApplicationSummary } from './application-summary.ts';
import type { ClusterView } from './cluster-view.ts';

export interface ApplicationChange {
  /** Counted from 1 for the life of this server. */
  readonly revision: number;
  /** `namespace/name` */
  readonly key: string;
}

/** Changes that are remembered, for readers that come back. */
const maximumRemembered = 10_000;

/** All applications as one stream of changes: which one changed at which revision, and how it is now. */
export class ApplicationChanges {
  readonly #view: ClusterView;
  readonly #listeners = new Set<() => void>();
  readonly #remembered: ApplicationChange[] = [];
  readonly #stops: ReadonlyArray<() => void>;
  #revision = 0;

  constructor(view: ClusterView) {
    this.#view = view;
    this.#stops = [
      view.applications.onChange(({ key }) => this.#note(key)),
      view.releases.onChange(({ old, current }) => {
        const release = current ?? old;
        if (release !== undefined) this.#note(`${namespaceOf(release)}/${release.spec.application}`);
      }),
      // What gateways say of it is no news here.
      view.splits.onChange(({ old, current }) => {
        const split = current ?? old;
        if (split !== undefined && old?.metadata.generation !== current?.metadata.generation)
          this.#note(`${namespaceOf(split)}/${split.spec.application}`);
      }),
    ];
  }

  get revision(): number {
    return this.#revision;
  }

  /** Keys that have changed since, each once; undefined where that is too long ago to be known. */
  since(revision: number): readonly string[] | undefined {
    const oldest = this.#remembered[0]?.revision ?? this.#revision + 1;
    // Written so that what is no number is not known either.
    if (!(revision >= oldest - 1 && revision <= this.#revision)) return undefined;
    const keys = this.#remembered.slice(revision - oldest + 1).map(({ key }) => key);
    return [...new Set(keys)];
  }

  list(): readonly ApplicationSummary[] {
    return this.#view.applications.list().map((application) => {
      const key = `${namespaceOf(application)}/${application.metadata.name ?? ''}`;
      return summarizeApplication(application, this.#view.releases.byIndex('application', key));
    });
  }

  /** Undefined where there is none any more. */
  get(key: string): ApplicationSummary | undefined {
    const [namespace = '', name = ''] = key.split('/');
    const application = this.#view.applications.get({ namespace, name });
    return application && summarizeApplication(application, this.#view.releases.byIndex('application', key));
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #note(key: string): void {
    this.#revision += 1;
    this.#remembered.push({ revision: this.#revision, key });
    if (this.#remembered.length > maximumRemembered) this.#remembered.splice(0, maximumRemembered / 10);
    for (const listener of this.#listeners) listener();
  }
}

function namespaceOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? '';
}
