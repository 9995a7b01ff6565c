/** The name of an image, in full, as Docker understands a short one. */
export interface ImageReference {
  /** `docker.io/library/statics`. */
  readonly repository: string;
  readonly tag: string;
  readonly digest: string | undefined;
}

const defaultRegistry = 'docker.io';
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const registry = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\\.[a-zA-Z0-9-]+)*(?::[0-9]+)?';
const referencePattern = new RegExp(
  `^(?<name>(?:${registry}/)?${component}(?:/${component})*)(?::(?<tag>\\w[\\w.-]{0,127}))?(?:@(?<digest>sha256:[a-f0-9]{64}))?$`,
);

/** Undefined when the text is no name of an image. `statics` is `docker.io/library/statics:latest`. */
export function parseReference(text: string): ImageReference | undefined {
  const { name, tag = 'latest', digest } = referencePattern.exec(text)?.groups ?? {};
  return name === undefined || name.length > 255 ? undefined : { repository: completeName(name), tag, digest };
}

export function formatReference({ repository, tag }: ImageReference): string {
  return `${repository}:${tag}`;
}

/** The first part is a registry if it could be a host: it has a dot or a port, or is `localhost`. */
function completeName(name: string): string {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  if (first === 'localhost' || /[.:]/.test(first)) {
    const rest = name.slice(slash + 1);
    return first === defaultRegistry && !rest.includes('/') ? `${defaultRegistry}/library/${rest}` : name;
  }
  return slash < 0 ? `${defaultRegistry}/library/${name}` : `${defaultRegistry}/${name}`;
}
