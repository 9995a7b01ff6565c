import type { Node, Pod } from '@slipway/kube/api.generated';
import { NodeInfo } from './node-info.ts';
import { calculateDemand, type PodDemand } from './pod-demand.ts';

/** What the scheduler knows: every node with its pods, those included that it has placed and the cache does not show yet. */
export class ClusterView {
  readonly #byName = new Map<string, NodeInfo>();
  readonly #nodeOfPod = new Map<string, string>();
  #existing: readonly NodeInfo[] | undefined;

  /** Those that exist, and not only pods speak of. */
  get nodes(): readonly NodeInfo[] {
    this.#existing ??= [...this.#byName.values()].filter(({ node }) => node !== undefined);
    return this.#existing;
  }

  setNode(name: string, node: Node | undefined): void {
    const info = this.#infoOf(name);
    if ((info.node === undefined) !== (node === undefined)) this.#existing = undefined;
    info.setNode(node);
    this.#forgetEmpty(info);
  }

  /** Places the pod where its spec says. */
  setPod(pod: Pod): void {
    this.place(calculateDemand(pod), pod.spec?.nodeName ?? '');
  }

  /** Also in advance of the API server's word. */
  place(demand: PodDemand, nodeName: string): void {
    if (this.#nodeOfPod.get(demand.uid) !== nodeName) this.removePod(demand.uid);
    this.#nodeOfPod.set(demand.uid, nodeName);
    this.#infoOf(nodeName).addPod(demand);
  }

  removePod(uid: string): void {
    const name = this.#nodeOfPod.get(uid);
    if (name === undefined) return;
    this.#nodeOfPod.delete(uid);
    const info = this.#infoOf(name);
    info.removePod(uid);
    this.#forgetEmpty(info);
  }

  #infoOf(name: string): NodeInfo {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const info = new NodeInfo(name);
    this.#byName.set(name, info);
    return info;
  }

  #forgetEmpty(info: NodeInfo): void {
    if (info.node === undefined && info.podCount === 0) this.#byName.delete(info.name);
  }
}
