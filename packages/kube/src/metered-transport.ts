import { attributesOf, type RequestAttributes } from './request-attributes.ts';
import type { Transport } from './transport.ts';

export interface RequestCount extends RequestAttributes {
  /** Of the answer; `none` where there was no answer. */
  readonly code: string;
  readonly count: number;
}

/** Requests to the API server since the start, by what they asked and how they were answered. */
export class RequestCounts {
  /** As many as there are kinds of requests: paths and names are not in the key. */
  readonly #counts = new Map<string, RequestCount>();

  note(attributes: RequestAttributes, code: string): void {
    const key = `${attributes.verb} ${attributes.group}/${attributes.resource} ${code}`;
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    this.#counts.set(key, { ...attributes, code, count });
  }

  all(): readonly RequestCount[] {
    return [...this.#counts.values()];
  }
}

/** A transport that counts what it carries. A watch counts when it begins. */
export function meterTransport(transport: Transport, counts: RequestCounts): Transport {
  return {
    send: async (request) => {
      const attributes = attributesOf(request);
      try {
        const response = await transport.send(request);
        counts.note(attributes, String(response.status));
        return response;
      } catch (error) {
        counts.note(attributes, 'none');
        throw error;
      }
    },
  };
}
