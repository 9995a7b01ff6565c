import type { KubeObject, ResourceType } from '@slipway/kube/object';

export const verbs = ['promote', 'resume', 'pause', 'abort', 'retry', 'rollback', 'undo'] as const;
export type Verb = (typeof verbs)[number];

/** What a person asks of a release. Immutable; its name is the idempotency key. The controller copies it with its outcome to the Release and prunes it. */
export interface ReleaseCommand extends KubeObject {
  readonly spec: ReleaseCommandSpec;
}

export interface ReleaseCommandSpec {
  readonly application: string;
  readonly verb: Verb;
  /** Of `rollback`: the version to return to; absent: the previous stable one. */
  readonly version?: string | undefined;
  readonly reason?: string | undefined;
  /** Shown as claimed. */
  readonly requestedBy?: string | undefined;
}

/** Whoever may create a command may write any name into it: nobody but a server that knows its callers vouches for one. */
export function describeAsker(requestedBy: string | undefined): string {
  return requestedBy === undefined ? 'a person' : `${requestedBy} (as claimed)`;
}

/** What became of a command, as it stays with what it was for. */
export interface CommandOutcome {
  readonly name: string;
  readonly verb: string;
  readonly requestedBy?: string | undefined;
  readonly at: string;
  /** `undone`: accepted, and taken back by a later `undo`. */
  readonly outcome: 'accepted' | 'refused' | 'undone';
  readonly message: string;
}

export const releaseCommands: ResourceType<ReleaseCommand> = {
  group: 'slipway.dev',
  version: 'v1alpha1',
  kind: 'ReleaseCommand',
  plural: 'releasecommands',
  namespaced: true,
};

export interface CommandRequest {
  readonly namespace: string;
  /** The command's own name: a second create under it is AlreadyExists. Absent: `generateName`. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly reason?: string | undefined;
  readonly requestedBy?: string | undefined;
}

export function createCommand(verb: Verb, application: string, request: CommandRequest): ReleaseCommand {
  const { namespace, name, ...asked } = request;
  return {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'ReleaseCommand',
    metadata: {
      namespace,
      ...(name === undefined ? { generateName: `${application}-${verb}-` } : { name }),
      labels: { 'slipway.dev/application': application },
    },
    spec: { application, verb, ...asked },
  };
}
