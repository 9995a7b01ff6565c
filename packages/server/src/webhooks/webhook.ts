/** What other systems tell the server, and what it does with it. Pure data. */

export const senderNames = ['dockerHub', 'github', 'gitlab', 'gitea', 'harbor', 'quay', 'distribution'] as const;
export type SenderName = (typeof senderNames)[number];

export interface PushedImage {
  readonly type: 'image';
  /** With its registry, as `normalizeRepository` writes it: `docker.io/library/nginx`. */
  readonly repository: string;
  readonly tag: string;
  /** `sha256:…`; where the sender does not say it, the registry is asked. */
  readonly digest?: string | undefined;
}

export interface PushedCommit {
  readonly type: 'commit';
  /** The address that the sender names for a clone by HTTP; nobody is asked there. */
  readonly repository: string;
  readonly branch: string;
  /** The whole hash, in small letters. */
  readonly commit: string;
}

export type WebhookEvent = PushedImage | PushedCommit;

/** Which of the tags that are pushed become releases; the server takes one that names exactly one way. */
export interface ImagePolicy {
  /** Versions of this range that are newer than what is asked for. */
  readonly semver?: string | undefined;
  /** Tags of this form: `*` is any text, `?` any one character. */
  readonly pattern?: string | undefined;
  /** Whatever this tag leads to, by its digest. */
  readonly digestOf?: string | undefined;
}

export interface ImageRule {
  /** Such as `ghcr.io/acme/shop`; Applications with a container of it are meant. */
  readonly repository: string;
  readonly policy: ImagePolicy;
  readonly namespaces: readonly string[];
  /** Of these names alone; absent: all. */
  readonly applications?: readonly string[] | undefined;
  /** Networks that its registry may be in although they are private, where that is asked for a digest. */
  readonly allowAddresses?: readonly string[] | undefined;
}

export interface ManifestSource {
  /** `https://…`, where the manifests are fetched. */
  readonly repository: string;
  readonly branch: string;
  /** Inside of the repository; `.` is its root. */
  readonly directory: string;
  /** In which objects may be written. */
  readonly namespaces: readonly string[];
  /** Takes over fields that somebody else has written. */
  readonly force?: boolean | undefined;
  /** Removes what it has applied and is no longer in the directory. */
  readonly prune?: boolean | undefined;
  /** Networks that the repository may be in although they are private, such as `10.1.0.0/16`. */
  readonly allowAddresses?: readonly string[] | undefined;
}

export type WebhookTarget = { readonly images: readonly ImageRule[] } | { readonly manifests: ManifestSource };

export interface Webhook {
  readonly id: string;
  readonly name: string;
  readonly sender: SenderName;
  readonly target: WebhookTarget;
  /** For its repository or its registries, whom alone they are shown to. */
  readonly hasCredentials: boolean;
  readonly createdAt: string;
  readonly createdBy: string;
  /** When its secret was replaced. */
  readonly rotatedAt?: string | undefined;
}

/** As it stands in audit and with releases. */
export function askerOf({ name }: Pick<Webhook, 'name'>): string {
  return `webhook ${name}`;
}
