import type { Container, Pod, ResourceList, Service } from '@slipway/kube/api.generated';
import type { Logger } from '@slipway/kube/logger';
import { messageOf } from '@slipway/kube/message-of';
import type { PodLogs } from '../logs/pod-logs.ts';
import {
  ImageError,
  StartError,
  type ContainerRequest,
  type ImageInfo,
  type Runtime,
  type Sandbox,
} from '../runtime.ts';
import type { PodVolumes } from '../volumes/pod-volumes.ts';
import { calculateCommand } from './command.ts';
import { ConfigError } from './config-error.ts';
import type { ContainerFact } from './container-facts.ts';
import { calculateEnvironment, listEnvironmentReferences } from './environment.ts';
import { pullImage } from './image-pull.ts';
import type { Limiter } from './limiter.ts';
import type { PodEvents } from './pod-events.ts';
import { containerIdFor, type Target } from './pod-record.ts';
import type { ReferencedObjects } from './referenced-objects.ts';
import { type ClusterNames, hostnameOf } from './resolver-config.ts';
import { calculateSupplementalGroups, calculateUser, mergeSecurityContext } from './security-context.ts';
import { calculateServiceEnvironment } from './service-environment.ts';
import type { TerminationMessages } from './termination-message.ts';

export interface ContainerStarterOptions {
  readonly runtime: Runtime;
  readonly events: PodEvents;
  readonly logs: PodLogs;
  readonly messages: TerminationMessages;
  readonly logger: Logger;
  readonly volumes: PodVolumes;
  readonly objects: ReferencedObjects;
  /** Bounds how many containers start at once. */
  readonly starts: Limiter;
  readonly nodeName: string;
  readonly nodeIP: string;
  readonly names: ClusterNames;
  readonly allocatable: ResourceList;
  /** Those of a namespace, from a cache that is filled before the first start. */
  readonly services: (namespace: string) => readonly Service[];
}

export interface StartRequest {
  readonly pod: Pod;
  readonly container: Container;
  readonly attempt: number;
  readonly sandbox: Sandbox;
  readonly target: Target;
  /** Asked once before the process is made: the pod may have begun to end meanwhile. */
  isWanted(): boolean;
}

/** Starts one instance of a container: image, variables, mounts, log, process. What came of it is a fact; nothing is thrown. */
export class ContainerStarter {
  readonly #options: ContainerStarterOptions;

  constructor(options: ContainerStarterOptions) {
    this.#options = options;
  }

  async start(request: StartRequest): Promise<ContainerFact> {
    const { pod, container, attempt } = request;
    const instance = { podUid: pod.metadata.uid ?? '', name: container.name, attempt };
    try {
      const image = await pullImage(pod, container, this.#options);
      const prepared = await this.#prepare(request, image);
      return await this.#options.starts.run(async () => {
        if (!request.isWanted()) return { kind: 'startAbandoned', name: container.name };
        this.#warnOfPorts(request);
        const log = await this.#options.logs.open(instance);
        const onOutput: ContainerRequest['onOutput'] = (stream, chunk) => log.write(stream, chunk);
        const started = await this.#options.runtime.startContainer({ ...prepared, onOutput });
        return this.#started(request, image, started);
      });
    } catch (error) {
      await this.#options.logs.close(instance);
      return this.#failed(request, error);
    }
  }

  async #prepare(
    { pod, container, attempt, sandbox, target }: StartRequest,
    image: ImageInfo,
  ): Promise<Omit<ContainerRequest, 'onOutput'>> {
    if (target.kind === 'missing') throw new ConfigError(`unable to find target container ${target.name}`);
    const variables = await this.#environmentOf(pod, container, sandbox);
    const environment = {
      ...(container.tty === true ? { TERM: 'xterm' } : {}),
      ...image.environment,
      ...sandbox.environment,
      HOSTNAME: hostnameOf(pod, this.#options.names),
      ...variables,
    };
    const podUid = pod.metadata.uid ?? '';
    const { volumes, messages } = this.#options;
    const mounts = await volumes.mountsOf(pod, container, environment);
    const message = await messages.mountsOf(container, { podUid, name: container.name, attempt });
    return {
      podUid,
      containerId: containerIdFor(podUid, container.name, attempt),
      name: container.name,
      image: container.image ?? '',
      command: calculateCommand(container, image, { ...sandbox.environment, ...variables }),
      environment,
      workingDirectory: container.workingDir ?? (image.workingDirectory === '' ? '/' : image.workingDirectory),
      user: calculateUser(pod, container, image),
      supplementalGroups: calculateSupplementalGroups(pod),
      mounts: [...mounts, ...message],
      resources: container.resources ?? {},
      securityContext: mergeSecurityContext(pod, container),
      processesOf: target.kind === 'running' ? target.containerId : undefined,
      tty: container.tty ?? false,
      stdin: container.stdin ?? false,
      probed: container.readinessProbe !== undefined || container.startupProbe !== undefined,
    };
  }

  async #environmentOf(pod: Pod, container: Container, sandbox: Sandbox): Promise<Readonly<Record<string, string>>> {
    const { objects, nodeName, nodeIP, allocatable, events } = this.#options;
    const found = await objects.fetch(pod, listEnvironmentReferences(container));
    const hostIP = nodeIP === '' ? sandbox.hostIP : nodeIP;
    const { variables, skipped } = calculateEnvironment({
      facts: { pod, nodeName, podIP: sandbox.podIP, hostIP },
      container,
      allocatable,
      services: calculateServiceEnvironment(pod, this.#servicesFor(pod)),
      ...found,
    });
    if (skipped.length > 0) {
      const message = `Keys [${skipped.join(', ')}] from envFrom sources were skipped since they are considered invalid environment variable names.`;
      events.event(pod, {
        type: 'Warning',
        reason: 'InvalidEnvironmentVariableNames',
        message,
        container: container.name,
      });
    }
    return variables;
  }

  #servicesFor(pod: Pod): readonly Service[] {
    const namespace = pod.metadata.namespace ?? '';
    const own = this.#options.services(namespace);
    return namespace === 'default' ? own : [...this.#options.services('default'), ...own];
  }

  /** Said before its program fails at it, and once. */
  #warnOfPorts({ pod, container: { name, ports = [] }, attempt }: StartRequest): void {
    const { firstPort = 0 } = this.#options.runtime;
    const [lowest] = ports
      .map(({ containerPort }) => containerPort)
      .filter((port) => port < firstPort)
      .toSorted((a, b) => a - b);
    if (lowest === undefined || attempt > 0) return;
    const message = `Container ${name} names port ${lowest}: it shares the network of this machine, where only root may listen below ${firstPort}. Let it listen on another port, or run "sysctl -w net.ipv4.ip_unprivileged_port_start=${lowest}" as root and start the cluster anew`;
    this.#options.events.event(pod, { type: 'Warning', reason: 'PrivilegedPort', message, container: name });
  }

  #started(
    { pod, container }: StartRequest,
    image: ImageInfo,
    started: { containerId: string; startedAt: number },
  ): ContainerFact {
    const { name } = container;
    this.#sayCreated(pod, name);
    this.#options.events.event(pod, {
      type: 'Normal',
      reason: 'Started',
      message: `Started container ${name}`,
      container: name,
    });
    return { kind: 'containerStarted', name, ...started, image: container.image ?? '', imageId: image.id };
  }

  #sayCreated(pod: Pod, name: string): void {
    const message = `Created container: ${name}`;
    this.#options.events.event(pod, { type: 'Normal', reason: 'Created', message, container: name });
  }

  #failed({ pod, container, attempt }: StartRequest, error: unknown): ContainerFact {
    const { name } = container;
    if (error instanceof ImageError)
      return { kind: 'startBlocked', name, reason: error.reason, message: error.message };
    const message = messageOf(error);
    if (error instanceof StartError && error.reason === 'StartError') this.#sayCreated(pod, name);
    this.#options.events.event(pod, {
      type: 'Warning',
      reason: 'Failed',
      message: `Error: ${message}`,
      container: name,
    });
    if (error instanceof ConfigError)
      return { kind: 'startBlocked', name, reason: 'CreateContainerConfigError', message };
    if (!(error instanceof StartError)) {
      this.#options.logger.error('A container could not be started', {
        namespace: pod.metadata.namespace,
        name: pod.metadata.name,
        kind: 'Pod',
        container: name,
        error,
      });
      return { kind: 'startBlocked', name, reason: 'CreateContainerError', message };
    }
    if (error.reason !== 'StartError') return { kind: 'startBlocked', name, reason: error.reason, message };
    const containerId = containerIdFor(pod.metadata.uid ?? '', name, attempt);
    return { kind: 'startFailed', name, containerId, exitCode: error.exitCode, message };
  }
}
