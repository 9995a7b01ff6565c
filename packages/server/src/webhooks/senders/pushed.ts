/** What all senders of a kind have in common. Pure. */
import { isDigest, isTag, normalizeRepository } from '../image-reference.ts';
import { Unreadable } from '../json-fields.ts';
import type { PushedImage } from '../webhook.ts';
import { ignore, type Reading } from './sender.ts';

interface Named {
  readonly repository: string;
  readonly tag: string;
  readonly digest?: string | undefined;
}

export function pushedImage({ repository, tag, digest }: Named): PushedImage {
  const normal = normalizeRepository(repository);
  if (normal === undefined) throw new Unreadable(`"${repository.slice(0, 100)}" is no repository of images`);
  if (!isTag(tag)) throw new Unreadable(`"${tag.slice(0, 100)}" is no tag`);
  if (digest !== undefined && !isDigest(digest))
    throw new Unreadable(`"${digest.slice(0, 100)}" is no digest of SHA-256`);
  return { type: 'image', repository: normal, tag, ...(digest === undefined ? {} : { digest }) };
}

interface Pushed {
  readonly repository: string;
  readonly ref: string;
  readonly commit: string;
  readonly at?: number | undefined;
}

const branchPrefix = 'refs/heads/';

export function pushedCommit({ repository, ref, commit, at }: Pushed): Reading {
  if (!ref.startsWith(branchPrefix)) return ignore(`${ref.slice(0, 100)} is no branch`, at);
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) throw new Unreadable(`"${commit.slice(0, 100)}" is no commit`);
  const branch = ref.slice(branchPrefix.length);
  if (/^0+$/.test(commit)) return ignore(`branch ${branch.slice(0, 100)} was deleted`, at);
  return { events: [{ type: 'commit', repository, branch, commit }], at };
}
