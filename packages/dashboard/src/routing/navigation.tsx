import type { AnchorHTMLAttributes, MouseEvent, ReactNode } from 'react';
import { useMemo, useSyncExternalStore } from 'react';
import { Store } from '../state/store.ts';
import { parsePlace, type Place } from './routes.ts';

function readAddress(): string {
  return `${location.pathname}${location.search}`;
}

const address = new Store(readAddress());
addEventListener('popstate', () => address.set(readAddress()));

export interface GoOptions {
  /** In place of where the visitor is: nothing to go back to. */
  readonly replace?: boolean;
}

export function go(path: string, { replace = false }: GoOptions = {}): void {
  if (replace) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
  if (!replace) scrollTo(0, 0);
  address.set(readAddress());
}

export interface Location {
  readonly place: Place;
  readonly path: string;
  readonly query: URLSearchParams;
}

export function useLocation(): Location {
  const current = useSyncExternalStore(address.subscribe, address.read);
  return useMemo(() => {
    const [path = '/', search = ''] = current.split('?');
    return { place: parsePlace(path), path, query: new URLSearchParams(search) };
  }, [current]);
}

export interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly to: string;
  readonly children?: ReactNode;
}

/** A link as every other one; a plain click stays on the page. */
export function Link({ to, onClick, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={to} onClick={follow} {...rest}>
      {children}
    </a>
  );
}
