export type OutputFormat = 'json' | 'yaml';

/** Options that say which cluster, as kubectl names them. */
export interface ConnectionOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
}

/** Options that every command takes. */
export interface GlobalOptions extends ConnectionOptions {
  readonly output?: OutputFormat | undefined;
}
