/** exec, attach and port-forward: the API server decides who may, and passes the connection on to the pod's node. */
import type { Pod } from '@slipway/kube/api.generated';
import { isFlagSet } from '@slipway/kube/query-flag';
import { StatusError } from '@slipway/kube/status-error';
import type { TransportRequest } from '@slipway/kube/transport';
import { unknownPath } from './api-errors.ts';
import { chooseContainer } from './choose-container.ts';
import type { UpgradeAnswer } from './node-connector.ts';
import type { ResourcePath } from './request-path.ts';
import type { ResourceRequest } from './resource-request.ts';
import { warningHeaders } from './warning-header.ts';

/** Where the streams of a request end. */
export interface StreamTarget {
  readonly node: string;
  /** With the query. */
  readonly path: string;
}

const areas: Readonly<Record<string, string>> = { exec: 'exec', attach: 'attach', portforward: 'portForward' };

/** Whether a path is one whose connections become streams. */
export function hasStreams({ plural, subresource, name }: ResourcePath): boolean {
  return plural === 'pods' && name !== '' && Object.hasOwn(areas, subresource);
}

/** Throws what the request is refused with. */
export function streamTarget({ method, query }: TransportRequest, at: ResourceRequest): StreamTarget {
  const { definition, path } = at;
  const area = definition.connect.includes(path.subresource) ? areas[path.subresource] : undefined;
  if (area === undefined) throw unknownPath();
  if (method !== 'GET' && method !== 'POST')
    throw new StatusError('MethodNotAllowed', `streams are asked for by GET or POST, not ${method}`);
  const pod: Pod = at.resources.get({ definition, namespace: path.namespace, name: path.name });
  requireRunning(pod, path);
  const parts = [area, path.namespace ?? '', path.name, ...(area === 'portForward' ? [] : [containerOf(pod, query)])];
  const passed = new URLSearchParams(query);
  passed.delete('container');
  return { node: pod.spec?.nodeName ?? '', path: `/${parts.map(encodeURIComponent).join('/')}?${passed.toString()}` };
}

function containerOf(pod: Pod, query: URLSearchParams): string {
  if (!['stdin', 'stdout', 'stderr'].some((name) => isFlagSet(query, name)))
    throw new StatusError('BadRequest', 'you must specify at least one of stdin, stdout, stderr');
  return chooseContainer(pod, query.get('container') ?? '');
}

function requireRunning(pod: Pod, { name, subresource }: ResourcePath): void {
  const phase = pod.status?.phase ?? '';
  if (subresource !== 'portforward' && (phase === 'Succeeded' || phase === 'Failed'))
    throw new StatusError('BadRequest', `cannot exec into a container in a completed pod; current phase is ${phase}`);
  if ((pod.spec?.nodeName ?? '') === '')
    throw new StatusError('BadRequest', `pod ${name} does not have a host assigned`);
}

export function withWarnings(answer: UpgradeAnswer, warnings: readonly string[]): UpgradeAnswer {
  const headers = warningHeaders(warnings);
  if (answer.kind === 'streams')
    return { ...answer, rawHeaders: [...answer.rawHeaders, ...Object.entries(headers).flat()] };
  const { response } = answer;
  return { ...answer, response: { ...response, headers: { ...response.headers, ...headers } } };
}

export function upgradeRefused(node: string): StatusError {
  return new StatusError('BadRequest', `node "${node}" runs nothing that one could connect to`);
}

/** For a request whose connection is none that could become streams. */
export function upgradeRequired(): StatusError {
  return new StatusError('BadRequest', 'Upgrade request required: ask by WebSocket or SPDY/3.1');
}
