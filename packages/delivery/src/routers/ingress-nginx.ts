/**
 * Ingresses with the canary annotations of ingress-nginx: one that leads everybody somewhere, and one beside it that takes a
 * share out. https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary
 */
import type { Ingress, IngressBackend, IngressRule } from '@slipway/kube/api.generated';
import { ingresses } from '@slipway/kube/resources';
import type { Split, SplitBackend, SplitMatch, SplitRule } from '@slipway/kube/split';
import { escapePattern } from './conditions-as-patterns.ts';
import { knownServices, mergeList, ownHead, ruleObjectNames, ruleObjects, type RuleObject } from './own-objects.ts';
import { accepted, sharesOf, type Existing, type Router, type RuleInForce } from './router.ts';

const prefix = 'nginx.ingress.kubernetes.io';

export const canaryAnnotations = {
  canary: `${prefix}/canary`,
  weight: `${prefix}/canary-weight`,
  header: `${prefix}/canary-by-header`,
  headerValue: `${prefix}/canary-by-header-value`,
  headerPattern: `${prefix}/canary-by-header-pattern`,
  cookie: `${prefix}/canary-by-cookie`,
} as const;

const redirectAnnotation = `${prefix}/from-to-www-redirect`;
/** Of the IngressClass, where nobody has named another one in the Ingress. */
const defaultClass = 'nginx';

export const ingressNginx: Router<Ingress> = {
  name: 'ingressNginx',
  confirmation: 'timed',
  type: ingresses,
  product: 'ingress-nginx',
  objectNames: (split) => ruleObjectNames(split).flatMap((name) => [name, canaryName(name)]),
  render: (split, existing) => ruleObjects(split).flatMap((object) => renderPair(split, object, existing)),
  readBack,
  // The controller writes addresses into the status, and nothing about what it has read.
  acceptanceOf: () => accepted,
  withoutOurs,
};

function canaryName(name: string): string {
  return `${name}-canary`;
}

/**
 * The main Ingress first: whichever of the two is read before the other, every request goes to a version of this split or of
 * the last one, and both have ready pods until this one is confirmed.
 */
function renderPair(split: Split, object: RuleObject, existing: Existing<Ingress>): readonly Ingress[] {
  const { rule, name } = object;
  const main = mainBackend(rule, existing.get(name));
  if (main === undefined) return [];
  const canary = rule.backends.find(({ service }) => service !== main.service);
  const ingress = renderIngress(split, object, { backend: main, existing: existing.get(name), notes: redirect(rule) });
  if (canary === undefined) return [ingress];
  const beside = { ...object, name: canaryName(name) };
  const notes = canaryNotes(rule, canary);
  return [ingress, renderIngress(split, beside, { backend: canary, existing: existing.get(beside.name), notes })];
}

/** Whoever has everything; as long as requests are divided, the one that it is, so that nobody is moved by the way. */
function mainBackend({ backends }: SplitRule, existing: Ingress | undefined): SplitBackend | undefined {
  const known = knownServices(existing);
  const current = (existing?.spec?.rules ?? []).flatMap(servicesOf).find((service) => known.has(service));
  return (
    backends.find(({ weight }) => weight === 100) ?? backends.find(({ service }) => service === current) ?? backends[0]
  );
}

function redirect({ redirectWww }: SplitRule): Readonly<Record<string, string>> {
  return redirectWww === true ? { [redirectAnnotation]: 'true' } : {};
}

/** "Canary rules are evaluated in order of precedence": by header, by cookie, by weight. */
function canaryNotes({ matches = [] }: SplitRule, { service, weight }: SplitBackend): Readonly<Record<string, string>> {
  const match = matches.find((each) => each.service === service);
  return {
    [canaryAnnotations.canary]: 'true',
    [canaryAnnotations.weight]: String(weight),
    ...(match === undefined ? {} : conditionNotes(match)),
  };
}

function conditionNotes({
  headers: [header] = [],
  cookies: [cookie] = [],
}: SplitMatch): Readonly<Record<string, string>> {
  if (header === undefined) return cookie === undefined ? {} : { [canaryAnnotations.cookie]: cookie.name };
  const { name, exact, prefix: begin } = header;
  const value =
    exact === undefined
      ? { [canaryAnnotations.headerPattern]: begin === undefined ? '^.*$' : `^${escapePattern(begin)}` }
      : { [canaryAnnotations.headerValue]: exact };
  return { [canaryAnnotations.header]: name, ...value };
}

interface Rendering {
  readonly backend: SplitBackend;
  readonly existing: Ingress | undefined;
  readonly notes: Readonly<Record<string, string>>;
}

function renderIngress(split: Split, object: RuleObject, { backend, existing, notes }: Rendering): Ingress {
  const { rule } = object;
  const own = ownRules(rule, backend);
  const known = knownServices(existing, rule);
  const rules = mergeList({
    own,
    existing: existing?.spec?.rules ?? [],
    isOwn: (each) => servicesOf(each).some((service) => known.has(service)),
    join: (each, before) =>
      withPaths(
        each,
        before.find(({ host }) => host === each.host),
        known,
      ),
  });
  const tls = rule.tls === undefined ? undefined : [{ hosts: [...rule.hosts], secretName: rule.tls.secretName }];
  const ingressClassName = existing?.spec?.ingressClassName ?? defaultClass;
  const head = ownHead({ type: ingresses, split, object, content: { own, tls, notes } });
  const annotations = { ...head.metadata.annotations, ...notes };
  return { ...head, metadata: { ...head.metadata, annotations }, spec: { ingressClassName, rules: [...rules], tls } };
}

function ownRules({ hosts, paths }: SplitRule, { service: name, port }: SplitBackend): readonly IngressRule[] {
  const backend: IngressBackend = { service: { name, port: { number: Number(port) } } };
  const all = (paths.length === 0 ? ['/'] : paths).map((path) => ({ path, pathType: 'Prefix', backend }));
  return hosts.length === 0 ? [{ http: { paths: all } }] : hosts.map((host) => ({ host, http: { paths: all } }));
}

function servicesOf({ http }: IngressRule): readonly string[] {
  return (http?.paths ?? []).flatMap(({ backend }) => backend.service?.name ?? []);
}

/** Paths that others added under a host of ours stay. */
function withPaths(own: IngressRule, existing: IngressRule | undefined, known: ReadonlySet<string>): IngressRule {
  const foreign = existing === undefined ? [] : foreignPaths(existing, known);
  return { ...own, http: { paths: [...(own.http?.paths ?? []), ...foreign] } };
}

function foreignPaths({ http }: IngressRule, known: ReadonlySet<string>): NonNullable<IngressRule['http']>['paths'] {
  return (http?.paths ?? []).filter(({ backend }) => !known.has(backend.service?.name ?? ''));
}

/** "The weight is an integer from 0 to 100": of the requests, those that go by the canary Ingress. */
function readBack(split: Split, existing: Existing<Ingress>): readonly RuleInForce[] {
  return ruleObjects(split).map(({ name, rule }) => {
    const serviceIn = (ingress: Ingress | undefined): string | undefined => {
      const known = knownServices(ingress, rule);
      return (ingress?.spec?.rules ?? []).flatMap(servicesOf).find((service) => known.has(service));
    };
    const beside = existing.get(canaryName(name));
    const [main, canary] = [serviceIn(existing.get(name)), serviceIn(beside)];
    const annotation = beside?.metadata.annotations?.[canaryAnnotations.weight] ?? '0';
    const weight = canary === undefined || canary === main ? 0 : Number(annotation);
    const shares: (readonly [string, number])[] = [
      ...(main === undefined ? [] : [[main, 100 - weight] as const]),
      ...(canary === undefined ? [] : [[canary, weight] as const]),
    ];
    return { weights: sharesOf(shares) };
  });
}

function withoutOurs(ingress: Ingress): Ingress | undefined {
  const known = knownServices(ingress);
  const rules = (ingress.spec?.rules ?? []).flatMap((rule) => {
    const paths = foreignPaths(rule, known);
    return paths.length === 0 ? [] : [{ ...rule, http: { paths } }];
  });
  return rules.length === 0 ? undefined : { ...ingress, spec: { ...ingress.spec, rules } };
}
