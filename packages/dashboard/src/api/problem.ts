/** Why the server did not do what it was asked, as RFC 9457 tells it. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

export interface ProblemWords {
  readonly faults?: readonly FieldFault[];
  readonly retryAfterMilliseconds?: number | undefined;
}

export class ApiProblem extends Error {
  /** HTTP status; 0: nobody answered. */
  readonly status: number;
  readonly faults: readonly FieldFault[];
  /** Not before is it to be asked again, as the server says. */
  readonly retryAfterMilliseconds: number | undefined;

  constructor(status: number, detail: string, { faults = [], retryAfterMilliseconds }: ProblemWords = {}) {
    super(detail);
    this.name = 'ApiProblem';
    this.status = status;
    this.faults = faults;
    this.retryAfterMilliseconds = retryAfterMilliseconds;
  }
}

/** What was asked for is not there. */
export function isMissing(problem: unknown): boolean {
  return problem instanceof ApiProblem && problem.status === 404;
}

/** Nothing is wrong with what was asked: the same may be answered in a moment. */
export function isPassing(problem: unknown): boolean {
  return problem instanceof ApiProblem && (passing.includes(problem.status) || problem.status >= 500);
}

/** Nobody answered, it took too long, or there were too many. */
const passing: readonly number[] = [0, 408, 429];

export function describeProblem(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Of an answer that is no success. What stands before the server may answer in words of its own. */
export function parseProblem(status: number, text: string, retryAfterMilliseconds?: number): ApiProblem {
  const details = parseObject(text);
  const { detail, errors } = details;
  const faults = Array.isArray(errors) ? errors.filter(isFault) : [];
  const words = typeof detail === 'string' ? detail : `the server answered ${status}`;
  return new ApiProblem(status, words, { faults, retryAfterMilliseconds });
}

/** Seconds, or a time, which counts from that of the answer: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
export function parseRetryAfter(headers: Headers): number | undefined {
  const given = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(given)) return Number(given) * 1_000;
  const milliseconds = Date.parse(given) - Date.parse(headers.get('date') ?? '');
  return Number.isNaN(milliseconds) ? undefined : Math.max(milliseconds, 0);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function isFault(value: unknown): value is FieldFault {
  return (
    typeof value === 'object' &&
    value !== null &&
    'field' in value &&
    typeof value.field === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  );
}
