/** Ingresses of ingress-nginx, as its documentation of annotations says. */
import type { Ingress, IngressRule } from '@slipway/kube/api.generated';
import { canaryAnnotations, ingressNginx } from '../../src/routers/ingress-nginx.ts';
import { isHostCovered, isUnderPath, type ModelRequest, type TrafficModel } from './traffic-model.ts';

export const canaryIngressModel: TrafficModel<Ingress> = {
  type: ingressNginx.type,
  route: (objects, request, random) => {
    const isCanary = (ingress: Ingress): boolean => noteOf(ingress, canaryAnnotations.canary) === 'true';
    const main = objects
      .filter((each) => !isCanary(each))
      .map((each) => targetOf(each, request))
      .find(isFound);
    const beside = objects.find((each) => isCanary(each) && targetOf(each, request) !== undefined);
    // One canary Ingress counts for each rule, and none that leads where the main one does.
    const canary = beside === undefined ? undefined : targetOf(beside, request);
    const isTaken =
      main !== undefined && beside !== undefined && canary !== main && isForCanary(beside, request, random);
    return { service: isTaken ? canary : main };
  },
  statusOf: () => undefined,
};

function isFound(service: string | undefined): service is string {
  return service !== undefined;
}

function noteOf({ metadata }: Ingress, name: string): string | undefined {
  return metadata.annotations?.[name];
}

/** The longest path that fits, by whole elements. */
function targetOf({ spec }: Ingress, request: ModelRequest): string | undefined {
  const paths = (spec?.rules ?? [])
    .filter(({ host }: IngressRule) => host === undefined || isHostCovered(request.host, host))
    .flatMap(({ http }) => http?.paths ?? [])
    .filter(({ path = '/' }) => isUnderPath(request.path, path))
    .toSorted((a, b) => (b.path ?? '/').length - (a.path ?? '/').length);
  return paths[0]?.backend.service?.name;
}

/** Header, then cookie, then weight; what does not decide is left to the next. */
function isForCanary(ingress: Ingress, { headers }: ModelRequest, random: () => number): boolean {
  const header = noteOf(ingress, canaryAnnotations.header);
  const verdict =
    (header === undefined ? undefined : byHeader(ingress, headers[header.toLowerCase()])) ??
    byWord(cookieOf(headers['cookie'] ?? '', noteOf(ingress, canaryAnnotations.cookie)));
  return verdict ?? random() * 100 < Number(noteOf(ingress, canaryAnnotations.weight) ?? '0');
}

function byHeader(ingress: Ingress, actual: string | undefined): boolean | undefined {
  const value = noteOf(ingress, canaryAnnotations.headerValue);
  const pattern = noteOf(ingress, canaryAnnotations.headerPattern);
  if (value !== undefined) return actual === value ? true : undefined;
  if (pattern !== undefined) return actual !== undefined && new RegExp(pattern).test(actual) ? true : undefined;
  return byWord(actual);
}

function byWord(word: string | undefined): boolean | undefined {
  return word === 'always' ? true : word === 'never' ? false : undefined;
}

function cookieOf(header: string, name: string | undefined): string | undefined {
  const pairs = header.split(/; */).map((pair) => pair.split('='));
  return pairs.find(([key]) => key === name)?.[1];
}
