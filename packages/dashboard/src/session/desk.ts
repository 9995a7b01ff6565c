/** What every page works with, once somebody has logged in. */
import { createContext, use, useSyncExternalStore } from 'react';
import type { ApplicationSummary, SessionAnswer } from '../api/answers.ts';
import type { ApiClient } from '../api/client.ts';
import type { Fleet } from '../state/application-frames.ts';
import type { FleetStore } from '../state/fleet-store.ts';

export interface Desk {
  readonly client: ApiClient;
  readonly session: SessionAnswer;
  readonly fleet: FleetStore;
  readonly logOut: () => void;
}

const DeskContext = createContext<Desk | undefined>(undefined);
export const DeskProvider = DeskContext.Provider;

export function useDesk(): Desk {
  const desk = use(DeskContext);
  if (desk === undefined) throw new Error('a page is shown outside of a login');
  return desk;
}

export function useFleet(): Fleet {
  const { fleet } = useDesk().fleet;
  return useSyncExternalStore(fleet.subscribe, fleet.read);
}

/** As the stream told it last; undefined where there is no such one. */
export function useSummary(namespace: string, name: string): ApplicationSummary | undefined {
  const { fleet } = useDesk().fleet;
  return useSyncExternalStore(fleet.subscribe, () => fleet.read().applications.get(`${namespace}/${name}`));
}
