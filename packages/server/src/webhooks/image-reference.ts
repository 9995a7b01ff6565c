/** Names of images: https://github.com/distribution/reference. Pure. */

export interface ImageReference {
  /** As it is written, without tag and digest. */
  readonly name: string;
  /** With its registry. */
  readonly repository: string;
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
}

const maximumRepository = 255;
const hostForm = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/;
/** Nothing but a separator between two words: `..` would lead elsewhere in an address. */
const pathForm = /^[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*$/;
const tagForm = /^\w[\w.-]{0,127}$/;
const digestForm = /^sha256:[0-9a-f]{64}$/;
const dockerHub = 'docker.io';
const namesOfDockerHub: ReadonlySet<string> = new Set([dockerHub, 'index.docker.io', 'registry-1.docker.io']);

export function isTag(text: string): boolean {
  return tagForm.test(text);
}

export function isDigest(text: string): boolean {
  return digestForm.test(text);
}

/**
 * One name for what has several: `nginx` and `index.docker.io/library/nginx` are `docker.io/library/nginx`. Undefined for
 * what is no repository.
 */
export function normalizeRepository(text: string): string | undefined {
  if (text.length > maximumRepository) return undefined;
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash).toLowerCase();
  const isHost = /[.:]/.test(first) || first === 'localhost';
  const host = isHost ? first : dockerHub;
  const path = isHost ? text.slice(slash + 1) : text;
  if (!hostForm.test(host) || !pathForm.test(path)) return undefined;
  if (!namesOfDockerHub.has(host)) return `${host}/${path}`;
  return `${dockerHub}/${path.includes('/') ? path : `library/${path}`}`;
}

/** Undefined for what is no image. */
export function parseImage(text: string): ImageReference | undefined {
  const at = text.indexOf('@');
  const [named, digest] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  // A colon before the last slash is that of a port.
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  const name = colon < 0 ? named : named.slice(0, colon);
  const repository = normalizeRepository(name);
  if (repository === undefined) return undefined;
  if ((tag !== undefined && !isTag(tag)) || (digest !== undefined && !isDigest(digest))) return undefined;
  return { name, repository, tag, digest };
}
