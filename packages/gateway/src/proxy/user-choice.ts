import type { RequestHead } from '../http1/request-head.ts';
import type { RouteRule, RouteSessions, RouteSticky } from '../routing/routing-table.ts';
import type { Candidate, Destination } from './backend.ts';
import { cookieOf, formatSetCookie } from './cookies.ts';
import { isFulfilled } from './criteria.ts';
import type { ClientFacts } from './messages.ts';
import { ownerOfPlace, parsePlace, type PlaceSequence } from './places.ts';
import { formatSession, newSessionId, readSession } from './session-cookie.ts';

/** What new users of a rule are given; outlives the tables. */
export interface Newcomers {
  readonly places: PlaceSequence;
  random(): number;
}

export interface UserChoiceOptions {
  readonly rule: RouteRule;
  /** Every backend that may serve and has a ready endpoint. */
  readonly candidates: readonly Candidate[];
  readonly newcomers: Newcomers;
  pickByWeight(): Candidate | undefined;
}

/** A candidate, and the place of the user by which it was found if that is a new one. */
interface Placed {
  readonly candidate: Candidate;
  readonly newPlace?: number | undefined;
}

/** Who takes a request where it matters who asks: what matches comes first, then the session, then the user's place. */
export class UserChoice {
  readonly #rule: RouteRule;
  readonly #newcomers: Newcomers;
  readonly #pickByWeight: () => Candidate | undefined;
  readonly #byService: ReadonlyMap<string, Candidate>;
  /** Of every backend of the rule, also of those that are not ready: their places wait for them. */
  readonly #services: readonly string[];
  readonly #weights: readonly number[];
  readonly #weighted: readonly Candidate[];

  constructor({ rule, candidates, newcomers, pickByWeight }: UserChoiceOptions) {
    this.#rule = rule;
    this.#newcomers = newcomers;
    this.#pickByWeight = pickByWeight;
    this.#byService = new Map(candidates.map((candidate) => [candidate.backend.service, candidate]));
    this.#services = rule.backends.map(({ service }) => service);
    this.#weights = rule.backends.map(({ weight }) => weight);
    this.#weighted = candidates.filter(({ weight }) => weight > 0);
  }

  /** Undefined: nobody who may take it has a ready endpoint. */
  pick(request: RequestHead, client: ClientFacts): Destination | undefined {
    const { sessions, sticky } = this.#rule;
    const matched = this.#match(request);
    if (matched !== undefined) return matched.leastLoaded(undefined);
    if (sessions !== undefined) return this.#pickBySession(sessions, request, client);
    return this.#describe(this.#place(sticky, request), sticky, client);
  }

  #match({ fields }: RequestHead): Candidate | undefined {
    for (const criteria of this.#rule.matches ?? []) {
      const candidate = this.#byService.get(criteria.service);
      if (candidate !== undefined && isFulfilled(criteria, fields)) return candidate;
    }
    return undefined;
  }

  #pickBySession(sessions: RouteSessions, request: RequestHead, client: ClientFacts): Destination | undefined {
    const sent = cookieOf(request.fields, sessions.cookie);
    const session = sent === undefined ? undefined : readSession(sessions, sent);
    const home = session && this.#byService.get(session.service);
    if (session !== undefined && home !== undefined) {
      const destination = home.leastLoaded(undefined);
      return destination && { ...destination, session: session.id };
    }
    const { sticky } = this.#rule;
    const placed = this.#place(sticky, request);
    const destination = this.#describe(placed, sticky, client);
    if (placed === undefined || destination === undefined) return undefined;
    const { backend } = placed.candidate;
    const id = session?.id ?? newSessionId(() => this.#newcomers.random());
    const value = formatSession(sessions, { id, service: backend.service });
    const cookie = formatSetCookie({ name: sessions.cookie, value, isSecure: client.protocol === 'https' });
    return { ...destination, session: id, setCookie: cookie + (destination.setCookie ?? '') };
  }

  #place(sticky: RouteSticky | undefined, { fields }: RequestHead): Placed | undefined {
    if (sticky === undefined) return placedAt(this.#pickByWeight(), undefined);
    if (this.#weighted.length === 0) return undefined;
    const known = parsePlace(cookieOf(fields, sticky.cookie) ?? '');
    const place = known ?? this.#newcomers.places.next();
    return placedAt(this.#ownerOf(place), known === undefined ? place : undefined);
  }

  /** Users of a backend without a ready endpoint are divided among the others, and come back to it. */
  #ownerOf(place: number): Candidate | undefined {
    const service = this.#services[ownerOfPlace(this.#weights, place)] ?? '';
    const others = this.#weighted.map(({ weight }) => weight);
    return this.#byService.get(service) ?? this.#weighted[ownerOfPlace(others, place)];
  }

  #describe(placed: Placed | undefined, sticky: RouteSticky | undefined, client: ClientFacts): Destination | undefined {
    const destination = placed?.candidate.leastLoaded(undefined);
    if (destination === undefined || placed?.newPlace === undefined || sticky === undefined) return destination;
    const setCookie = formatSetCookie({
      name: sticky.cookie,
      value: String(placed.newPlace),
      seconds: sticky.seconds,
      isSecure: client.protocol === 'https',
    });
    return { ...destination, setCookie };
  }
}

function placedAt(candidate: Candidate | undefined, newPlace: number | undefined): Placed | undefined {
  return candidate && { candidate, newPlace };
}
