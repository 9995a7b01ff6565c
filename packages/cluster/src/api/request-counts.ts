/** How many requests of which kind were answered how, in the names of Kubernetes' `apiserver_request_total`. */
import type { Sample } from '@slipway/kube/exposition';
import type { TransportRequest } from '@slipway/kube/transport';
import type { Catalog, ResourceDefinition } from '../schema/definition.ts';
import { verbOf } from './request-attributes.ts';
import { parseResourcePath, type ResourcePath } from './request-path.ts';

type Asked = Pick<TransportRequest, 'method' | 'path' | 'query'>;

const labels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'code'] as const;

const verbs: Readonly<Record<string, string>> = { create: 'POST', update: 'PUT' };

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

const subresources: ReadonlySet<string> = new Set([
  '',
  'attach',
  'binding',
  'ephemeralcontainers',
  'eviction',
  'exec',
  'finalize',
  'log',
  'portforward',
  'proxy',
  'scale',
  'status',
  'token',
]);

/** Custom kinds come and go; what is counted must not grow with them for ever. */
const maximumSeries = 5_000;

/** What nothing is known of when it is counted: a request that is none. */
export const unknownRequest = 'other|||||';

export class RequestCounts {
  readonly #catalog: Pick<Catalog, 'find'>;
  /** By kind and status. */
  readonly #counts = new Map<string, Map<number, number>>();
  #series = 0;
  /** Of each resource there are a few: to make their texts anew takes longer than to find them, and so does to look those up. */
  readonly #kinds = new WeakMap<ResourceDefinition, RequestKind[]>();

  constructor(catalog: Pick<Catalog, 'find'>) {
    this.#catalog = catalog;
  }

  /** What a request is counted as; of whatever a client makes up there is one. */
  kindOf(request: Asked): string {
    if (!methods.has(request.method)) return unknownRequest;
    const path = parseResourcePath(request.path);
    const definition = path === undefined ? undefined : this.#catalog.find(path.group, path.version, path.plural);
    if (path === undefined || definition === undefined) return `${request.method}|||||`;
    const subresource = subresources.has(path.subresource) ? path.subresource : 'other';
    return this.#kindText(definition, { verb: verbOf(request, path), subresource, scope: scopeOf(path) });
  }

  #kindText(definition: ResourceDefinition, { verb, subresource, scope }: Omit<RequestKind, 'text'>): string {
    const kinds = this.#kinds.get(definition) ?? [];
    for (const known of kinds)
      if (known.verb === verb && known.subresource === subresource && known.scope === scope) return known.text;
    const { group, version, plural } = definition.type;
    const text = `${verbs[verb] ?? verb.toUpperCase()}|${group}|${version}|${plural}|${subresource}|${scope}`;
    this.#kinds.set(definition, [...kinds, { verb, subresource, scope, text }]);
    return text;
  }

  count(kind: string, status: number): void {
    const answers = this.#counts.get(kind);
    const before = answers?.get(status);
    if (before === undefined && this.#series >= maximumSeries) return;
    if (before === undefined) this.#series += 1;
    if (answers === undefined) this.#counts.set(kind, new Map([[status, 1]]));
    else answers.set(status, (before ?? 0) + 1);
  }

  samples(): readonly Sample[] {
    return [...this.#counts].flatMap(([kind, answers]) =>
      [...answers].map(([status, value]) => {
        const values = [...kind.split('|'), String(status)];
        return { labels: Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ''])), value };
      }),
    );
  }
}

interface RequestKind {
  readonly verb: string;
  readonly subresource: string;
  readonly scope: string;
  readonly text: string;
}

function scopeOf({ name, namespace }: ResourcePath): string {
  if (name !== '') return 'resource';
  return namespace === undefined ? 'cluster' : 'namespace';
}
