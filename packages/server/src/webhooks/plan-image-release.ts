/** What an Application has to ask for, now that an image was pushed. Pure. */
import type { Application, ApplicationSpec } from '@slipway/delivery/api/application';
import type { Container } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import { judgeImage } from './image-policy.ts';
import { parseImage, type ImageReference } from './image-reference.ts';
import type { ImageRule, PushedImage } from './webhook.ts';

export type ImagePlan =
  | {
      readonly type: 'release';
      readonly spec: ApplicationSpec;
      readonly image: string;
      readonly version?: string | undefined;
    }
  /** It asks for it already. */
  | { readonly type: 'unchanged'; readonly image: string }
  | { readonly type: 'passedOver'; readonly reason: string }
  /** The registry has to be asked what the tag leads to. */
  | { readonly type: 'needsDigest' }
  /** The image is none of this Application's. */
  | { readonly type: 'unconcerned' };

export interface ImageWish {
  readonly rule: ImageRule;
  readonly pushed: PushedImage;
  /** Somebody asks for it again, whatever is asked for now. */
  readonly mayGoBack?: boolean;
}

export function planImageRelease({ spec }: Application, { rule, pushed, mayGoBack = false }: ImageWish): ImagePlan {
  const current = imagesOf(spec, pushed.repository);
  if (current.length === 0) return { type: 'unconcerned' };
  const version = givenVersion(spec);
  const asked = [...current.flatMap(({ tag }) => tag ?? []), ...(version === undefined ? [] : [version])];
  const judgement = judgeImage(rule.policy, pushed, mayGoBack ? [] : asked);
  if (judgement.verdict === 'passedOver') return { type: 'passedOver', reason: judgement.reason };
  if (judgement.verdict === 'needsDigest') return { type: 'needsDigest' };
  const image = `${pushed.repository}${judgement.suffix}`;
  const changed = withImage(spec, pushed.repository, judgement.suffix);
  // Its version may be somebody's own name for the same image.
  if (isSameJson(changed, spec)) return { type: 'unchanged', image };
  if (version === undefined) return { type: 'release', spec: changed, image };
  return { type: 'release', spec: { ...changed, version: judgement.version }, image, version: judgement.version };
}

/** Undefined where versions are counted: they go on being counted. */
function givenVersion({ version }: ApplicationSpec): string | undefined {
  return version === '#' ? undefined : version;
}

function imagesOf({ template }: ApplicationSpec, repository: string): readonly ImageReference[] {
  const containers = [...(template?.spec?.containers ?? []), ...(template?.spec?.initContainers ?? [])];
  return containers.flatMap(({ image = '' }) => {
    const parsed = parseImage(image);
    return parsed?.repository === repository ? [parsed] : [];
  });
}

/** The name stays as it is written: a mirror or a cluster of one machine may know it by that alone. */
function withImage(spec: ApplicationSpec, repository: string, suffix: string): ApplicationSpec {
  const { template } = spec;
  if (template?.spec === undefined) return spec;
  const { containers, initContainers } = template.spec;
  const replace = <T extends Pick<Container, 'image'>>(all: readonly T[]): T[] =>
    all.map((container) => {
      const parsed = parseImage(container.image ?? '');
      return parsed?.repository === repository ? { ...container, image: `${parsed.name}${suffix}` } : container;
    });
  return {
    ...spec,
    template: {
      ...template,
      spec: {
        ...template.spec,
        containers: replace(containers),
        ...(initContainers === undefined ? {} : { initContainers: replace(initContainers) }),
      },
    },
  };
}
