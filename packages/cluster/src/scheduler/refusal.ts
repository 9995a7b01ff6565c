/** Why a node cannot take a pod, in the words of Kubernetes, which people search for. */
export interface Refusal {
  readonly reasons: readonly string[];
  /** Whether it could, if other pods left it. */
  readonly isResolvable: boolean;
}
