/** What Kubernetes asks of where a probe or a hook goes. */
import type { LifecycleHandler, Probe } from '@slipway/kube/api.generated';
import type { Fault } from '../definition.ts';
import { invalid, notSupported } from '../faults.ts';
import { portName, portNumber } from './port-rules.ts';

type Handler = Pick<LifecycleHandler, 'httpGet' | 'tcpSocket'> & Pick<Probe, 'grpc'>;

export function checkDestination({ httpGet, tcpSocket, grpc }: Handler, path: string): readonly Fault[] {
  const { scheme, httpHeaders = [] } = httpGet ?? {};
  return [
    ...(httpGet === undefined ? [] : checkPort(httpGet.port, `${path}.httpGet.port`)),
    ...(scheme === undefined || schemes.includes(scheme)
      ? []
      : [notSupported(`${path}.httpGet.scheme`, scheme, schemes)]),
    ...httpHeaders.flatMap(({ name = '' }: { readonly name?: string }) =>
      /^[-A-Za-z0-9]+$/.test(name) ? [] : [invalid(`${path}.httpGet.httpHeaders`, name, headerRule)],
    ),
    ...(tcpSocket === undefined ? [] : checkPort(tcpSocket.port, `${path}.tcpSocket.port`)),
    ...(grpc === undefined ? [] : portNumber(grpc.port, `${path}.grpc.port`)),
  ];
}

const schemes = ['HTTP', 'HTTPS'];

const headerRule =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

function checkPort(port: number | string | undefined, field: string): readonly Fault[] {
  return typeof port === 'string' ? portName(port, field) : portNumber(port ?? 0, field);
}
