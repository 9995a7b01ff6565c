import type { Service, ServicePort } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import { services } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import type { Store } from '../store/store.ts';
import type { AdmissionPlugin, AdmissionRequest, Reservations } from './admission.ts';
import { invalidObject } from './api-errors.ts';
import { storePrefix } from './object-key.ts';

export interface ServiceRanges {
  /** CIDR of cluster IPs, such as `10.96.0.0/16`. The first address is the API server's. */
  readonly serviceCidr: string;
  readonly nodePorts: { readonly first: number; readonly last: number };
}

interface Claims {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
}

interface Assignment {
  /** What the Service holds already. */
  readonly before: Claims;
  readonly reservations: Reservations;
}

/**
 * Gives Services their cluster IPs and node ports. What is taken follows from the stored Services, and what a write
 * claims it gives back unless it is stored.
 */
export class ServiceAddresses implements AdmissionPlugin {
  readonly #base: number;
  readonly #size: number;
  readonly #nodePorts: ServiceRanges['nodePorts'];
  readonly #addresses = new Map<string, number>();
  readonly #ports = new Map<number, number>();
  #nextAddress = 10;
  #nextPort: number;

  /** `random`: as `Math.random`. Where ports are given from on: two clusters of one machine seldom give the same ones. */
  constructor(store: Store, ranges: ServiceRanges, random: () => number) {
    const [address = '', bits = '16'] = ranges.serviceCidr.split('/');
    this.#base = toNumber(address);
    this.#size = 2 ** (32 - Number(bits));
    this.#nodePorts = ranges.nodePorts;
    this.#nextPort = Math.floor(random() * (this.#nodePorts.last - this.#nodePorts.first + 1));
    for (const { value } of store.list(storePrefix(services, undefined))) this.#claim(claimsOf(JSON.parse(value)));
    store.watch(storePrefix(services, undefined), store.revision, ({ type, value, previous }) => {
      // Creations were claimed when they were admitted; updates claimed there what is new.
      if (previous === undefined) return;
      const before = claimsOf(JSON.parse(previous.value));
      const after = type === 'delete' ? { addresses: [], ports: [] } : claimsOf(JSON.parse(value));
      this.#drop({
        addresses: before.addresses.filter((each) => !after.addresses.includes(each)),
        ports: before.ports.filter((each) => !after.ports.includes(each)),
      });
    });
  }

  admit({ definition, object, old, reservations }: AdmissionRequest): KubeObject {
    if (definition.type !== services) return object;
    // What is refused takes nothing, and is refused for what is wrong with it.
    if (definition.validate(object, old).length > 0) return object;
    const before = old === undefined ? { addresses: [], ports: [] } : claimsOf(old);
    return this.#assign(object, { before, reservations });
  }

  #assign(service: Service, assignment: Assignment): Service {
    const { spec } = service;
    if (spec === undefined || spec.type === 'ExternalName') return service;
    const clusterIP = this.#assignAddress(service, assignment);
    const takesPorts = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
    const ports = takesPorts ? this.#assignPorts(service, assignment) : spec.ports;
    return {
      ...service,
      spec: { ...spec, clusterIP, clusterIPs: [clusterIP], ...(ports === undefined ? {} : { ports }) },
    };
  }

  /** What is one port by two protocols, as of DNS, is one port of the node too. */
  #assignPorts(service: Service, assignment: Assignment): readonly ServicePort[] | undefined {
    const { type, ports, allocateLoadBalancerNodePorts = true } = service.spec ?? {};
    const gives = type !== 'LoadBalancer' || allocateLoadBalancerNodePorts;
    const given = new Map<number, number>();
    return ports?.map((each, index) => {
      const { port, nodePort = 0 } = each;
      if (nodePort === 0 && !gives) return each;
      const common = given.get(port);
      if (common !== undefined && (nodePort === 0 || nodePort === common)) return { ...each, nodePort: common };
      const asked = nodePort === 0 ? askedFor(port, ports) : nodePort;
      const assigned = this.#assignPort(service, { ...assignment, port: asked, index });
      if (common === undefined) given.set(port, assigned);
      return { ...each, nodePort: assigned };
    });
  }

  #assignAddress(service: Service, { before, reservations }: Assignment): string {
    const asked = service.spec?.clusterIP ?? '';
    if (asked === 'None' || before.addresses.includes(asked)) return asked;
    if (asked !== '') {
      this.#checkAddress(service, asked);
      this.#reserve({ addresses: [asked], ports: [] }, reservations);
      return asked;
    }
    // The last address of the range is a broadcast address.
    for (let tried = 0; tried < this.#size - 11; tried++) {
      const offset = 10 + ((this.#nextAddress - 10 + tried) % (this.#size - 11));
      const candidate = toAddress(this.#base + offset);
      if (this.#addresses.has(candidate)) continue;
      this.#nextAddress = offset + 1;
      this.#reserve({ addresses: [candidate], ports: [] }, reservations);
      return candidate;
    }
    throw new StatusError('InternalError', 'failed to allocate a serviceIP: range is full');
  }

  #checkAddress(service: Service, address: string): void {
    const offset = toNumber(address) - this.#base;
    const message = !(offset > 0 && offset < this.#size)
      ? `failed to allocate IP ${address}: the provided IP (${address}) is not in the valid range. The range of valid IPs is ${toAddress(this.#base)}/${32 - Math.log2(this.#size)}`
      : this.#addresses.has(address)
        ? `failed to allocate IP ${address}: provided IP is already allocated`
        : undefined;
    if (message === undefined) return;
    throw invalidObject(services, service.metadata.name ?? '', [
      {
        reason: 'FieldValueInvalid',
        field: 'spec.clusterIPs',
        message: `Invalid value: ${JSON.stringify([address])}: ${message}`,
      },
    ]);
  }

  #assignPort(
    service: Service,
    { port, index, before, reservations }: Assignment & { readonly port: number | undefined; readonly index: number },
  ): number {
    if (port !== undefined && port !== 0) {
      if (before.ports.includes(port)) return port;
      this.#checkPort(service, port, index);
      this.#reserve({ addresses: [], ports: [port] }, reservations);
      return port;
    }
    for (const candidate of this.#portsInTurn()) {
      if (this.#ports.has(candidate)) continue;
      this.#nextPort += 1;
      this.#reserve({ addresses: [], ports: [candidate] }, reservations);
      return candidate;
    }
    throw new StatusError('InternalError', 'failed to allocate a nodePort: range is full');
  }

  /**
   * The first ones come last, as people choose them themselves.
   * https://kubernetes.io/docs/concepts/services-networking/service/#avoid-nodeport-collisions
   */
  *#portsInTurn(): Generator<number> {
    const { first, last } = this.#nodePorts;
    const size = last - first + 1;
    const chosen = Math.min(Math.max(16, Math.floor(size / 32)), 128, size - 1);
    const given = size - chosen;
    for (let tried = 0; tried < given; tried += 1) yield first + chosen + ((this.#nextPort + tried) % given);
    for (let port = first; port < first + chosen; port += 1) yield port;
  }

  #checkPort(service: Service, port: number, index: number): void {
    const { first, last } = this.#nodePorts;
    const message =
      port < first || port > last
        ? `provided port is not in the valid range. The range of valid ports is ${first}-${last}`
        : this.#ports.has(port)
          ? 'provided port is already allocated'
          : undefined;
    if (message === undefined) return;
    throw invalidObject(services, service.metadata.name ?? '', [
      {
        reason: 'FieldValueInvalid',
        field: `spec.ports[${index}].nodePort`,
        message: `Invalid value: ${port}: ${message}`,
      },
    ]);
  }

  #reserve(claims: Claims, reservations: Reservations): void {
    this.#claim(claims);
    reservations.onAbandon(() => this.#drop(claims));
  }

  /** Counted, because a change may be claimed before the deletion that frees the same is told. */
  #claim({ addresses, ports }: Claims): void {
    for (const address of addresses) this.#addresses.set(address, (this.#addresses.get(address) ?? 0) + 1);
    for (const port of ports) this.#ports.set(port, (this.#ports.get(port) ?? 0) + 1);
  }

  #drop({ addresses, ports }: Claims): void {
    for (const address of addresses) dropCount(this.#addresses, address);
    for (const port of ports) dropCount(this.#ports, port);
  }
}

function dropCount<Key>(counts: Map<Key, number>, key: Key): void {
  const count = counts.get(key) ?? 0;
  if (count <= 1) counts.delete(key);
  else counts.set(key, count - 1);
}

function askedFor(port: number, ports: readonly ServicePort[]): number | undefined {
  return ports.find((each) => each.port === port && (each.nodePort ?? 0) !== 0)?.nodePort;
}

function claimsOf({ spec }: Service): Claims {
  const address = spec?.clusterIP ?? '';
  const ports = (spec?.ports ?? []).flatMap(({ nodePort = 0 }) => (nodePort === 0 ? [] : [nodePort]));
  return {
    addresses: address === '' || address === 'None' ? [] : [address],
    // Ports of two protocols may share one.
    ports: [...new Set(ports)],
  };
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
