/** Errors as RFC 9457 tells them: https://www.rfc-editor.org/rfc/rfc9457 */
import { StatusError } from '@slipway/kube/status-error';
import { isDatabaseFault } from '../database/database.ts';
import { IssuerUnavailable } from '../identity/oidc/ask-issuer.ts';

export interface FieldFault {
  /** A path such as `spec.template.spec.containers[0].image`, or a JSON pointer into the request. */
  readonly field: string;
  readonly message: string;
}

export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Every fault that was found, each with its field. */
  readonly errors?: readonly FieldFault[] | undefined;
}

interface ProblemOptions {
  readonly errors?: readonly FieldFault[] | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly forPeople?: string | undefined;
  readonly cause?: unknown;
}

/** An answer that is not what was asked for. `detail` says what was wrong and what to do. */
export class Problem extends Error {
  readonly status: number;
  readonly errors: readonly FieldFault[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** What a page says instead of the detail, which is for who writes a program. */
  readonly forPeople: string | undefined;

  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.status = status;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
    this.forPeople = options.forPeople;
  }

  toDetails(): ProblemDetails {
    return {
      type: 'about:blank',
      title: titles[this.status] ?? 'Error',
      status: this.status,
      detail: this.message,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    };
  }
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  426: 'Upgrade Required',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** What the framework throws for a request that it cannot read, and for one that its schema refuses. */
interface FrameworkError {
  readonly statusCode?: number;
  readonly message: string;
  readonly validationContext?: string;
  readonly validation?: ReadonlyArray<{
    readonly instancePath: string;
    readonly message?: string;
    readonly params?: Readonly<Record<string, unknown>>;
  }>;
}

/** Undefined for a fault of ours, of which a caller learns nothing but that there is one. */
export function findProblem(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof StatusError) return problemOfStatus(error);
  if (isDatabaseFault(error, 'full'))
    return new Problem(503, 'the disk of the database is full: nothing can be changed until there is room on it', {
      headers: { 'retry-after': '30' },
      cause: error,
    });
  if (isDatabaseFault(error, 'damaged'))
    return new Problem(503, 'the database of the server is damaged: it has to be restored from a copy', {
      cause: error,
    });
  if (isDatabaseFault(error, 'unavailable'))
    return new Problem(503, 'the database of the server does not answer; try again in a moment', {
      headers: { 'retry-after': '2' },
      cause: error,
    });
  if (error instanceof IssuerUnavailable)
    return new Problem(503, `who you are cannot be told just now: ${error.message}`, {
      headers: { 'retry-after': '5' },
      cause: error,
    });
  return problemOfRequest(error as FrameworkError);
}

function problemOfRequest(error: FrameworkError): Problem | undefined {
  const { validation, validationContext = 'request', statusCode = 500, message } = error;
  if (validation !== undefined) {
    const errors = validation.map((fault) => describeFault(validationContext, fault));
    const detail = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
    return new Problem(400, `the request is not what was expected: ${detail}`, { errors, cause: error });
  }
  if (statusCode === 415) return new Problem(415, 'the body is not of a type that is read here: send application/json');
  return statusCode >= 400 && statusCode < 500 ? new Problem(statusCode, message, { cause: error }) : undefined;
}

function describeFault(
  context: string,
  { instancePath, message = 'is not valid', params = {} }: NonNullable<FrameworkError['validation']>[number],
): FieldFault {
  const extra = Object.values(params).filter((value) => typeof value === 'string' || Array.isArray(value));
  const named = extra.length === 0 ? '' : ` (${extra.flat().map(String).join(', ')})`;
  return { field: `${context}${instancePath}`, message: `${message}${named}` };
}

/** Each with the field that it is in; empty for the whole, which Kubernetes calls `<nil>`. */
export function faultsOf({ details }: StatusError): readonly FieldFault[] {
  return (details?.causes ?? []).map(({ field = '', message }) => ({ field: field === '<nil>' ? '' : field, message }));
}

/** What the cluster answered, as the answer to whoever asked us. */
function problemOfStatus(error: StatusError): Problem {
  const errors = error.details?.causes === undefined ? undefined : faultsOf(error);
  switch (error.reason) {
    case 'NotFound':
    case 'AlreadyExists':
    case 'Conflict':
    case 'Invalid':
    case 'RequestEntityTooLarge':
    case 'Gone':
    case 'Expired':
    case 'BadRequest':
      return new Problem(error.code, error.message, { errors, cause: error });
    case 'TooManyRequests':
    case 'ServiceUnavailable':
    case 'Timeout': {
      const after = String(error.details?.retryAfterSeconds ?? 2);
      const detail = `the cluster does not take it just now: ${error.message}`;
      return new Problem(503, detail, { headers: { 'retry-after': after }, cause: error });
    }
    case 'Forbidden':
    case 'Unauthorized':
      // The server's own rights are meant; those of the caller were looked at before.
      return new Problem(502, `the cluster refuses it to this server: ${error.message}`, { cause: error });
    default:
      return new Problem(502, `the cluster answered with an error: ${error.message}`, { cause: error });
  }
}
