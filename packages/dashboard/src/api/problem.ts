/** Why the server did not do what it was asked, as RFC 9457 tells it. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

export class ApiProblem extends Error {
  /** HTTP status; 0: nobody answered. */
  readonly status: number;
  readonly faults: readonly FieldFault[];

  constructor(status: number, detail: string, faults: readonly FieldFault[] = []) {
    super(detail);
    this.name = 'ApiProblem';
    this.status = status;
    this.faults = faults;
  }
}

/** What was asked for is not there. */
export function isMissing(problem: unknown): boolean {
  return problem instanceof ApiProblem && problem.status === 404;
}

/** Nothing is wrong with what was asked: the same may be answered in a moment. */
export function isPassing(problem: unknown): boolean {
  return problem instanceof ApiProblem && (problem.status === 0 || problem.status === 429 || problem.status >= 500);
}

/** After so long it is asked again by itself. */
export const againMilliseconds = 3_000;

export function describeProblem(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Of an answer that is no success. What stands before the server may answer in words of its own. */
export function parseProblem(status: number, text: string): ApiProblem {
  const details = parseObject(text);
  const { detail, errors } = details;
  const faults = Array.isArray(errors) ? errors.filter(isFault) : [];
  return new ApiProblem(status, typeof detail === 'string' ? detail : `the server answered ${status}`, faults);
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
