import { useState } from 'react';
import type { Page } from '../api/answers.ts';
import { useDesk } from '../session/desk.ts';
import { mergePages, type Listed } from './merge-pages.ts';
import { useResource, type ResourceOptions } from './use-resource.ts';

export interface Pages<Item> {
  /** Undefined until the first page is there. */
  readonly items?: readonly Item[] | undefined;
  readonly problem?: unknown;
  /** Undefined: there is nothing older. */
  readonly readOn?: (() => Promise<void>) | undefined;
  readonly reload: () => void;
}

interface Older<Item> {
  readonly path: string;
  readonly seen: readonly Item[];
  readonly next?: string | undefined;
}

/** A long list, newest first: its head stays current, and what is older is read when somebody wants it. */
export function usePages<Item extends Listed>(path: string, options: ResourceOptions<Page<Item>> = {}): Pages<Item> {
  const { client } = useDesk();
  const head = useResource<Page<Item>>(path, options);
  const [read, setRead] = useState<Older<Item>>();
  const [failure, setFailure] = useState<unknown>();
  const older = read?.path === path ? read : undefined;
  const items = head.data && mergePages(head.data.items, older?.seen ?? []);
  const next = older === undefined ? head.data?.next : older.next;
  const readOn = async (): Promise<void> => {
    try {
      const page = await client.get<Page<Item>>(`${path}&cursor=${next ?? ''}`);
      setRead({ path, seen: mergePages(items ?? [], page.items), next: page.next });
      setFailure(undefined);
    } catch (error) {
      setFailure(error);
    }
  };
  return {
    items,
    problem: head.problem ?? failure,
    readOn: next === undefined ? undefined : readOn,
    reload: head.reload,
  };
}
