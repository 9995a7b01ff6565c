/** Reasons of `metav1.Status`, each with the HTTP code that the API server answers it with. */
export const statusCodes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  /** An answer without a reason of its own; the code says what happened. */
  Unknown: 500,
} as const;

export type StatusReason = keyof typeof statusCodes;

/** One fault of one field, as `details.causes` carries it. `field` is a path such as `spec.template.spec.containers[0].image`. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string | undefined;
}

export interface StatusDetails {
  readonly name?: string | undefined;
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly uid?: string | undefined;
  readonly causes?: readonly StatusCause[] | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/** The JSON of a failed request. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: { readonly continue?: string | undefined };
  readonly status: 'Failure' | 'Success';
  readonly message?: string | undefined;
  readonly reason?: string | undefined;
  readonly details?: StatusDetails | undefined;
  readonly code?: number | undefined;
}

/**
 * A failure of the Kubernetes API. Branch on `reason`, never on the message. `code` is the HTTP status and follows from
 * the reason unless a server answered otherwise.
 */
export class StatusError extends Error {
  readonly reason: StatusReason;
  readonly code: number;
  readonly details: StatusDetails | undefined;
  /** Of an expired page of a list: goes on with the rest as it is now. */
  readonly continueToken: string | undefined;

  constructor(
    reason: StatusReason,
    message: string,
    options: {
      details?: StatusDetails | undefined;
      code?: number | undefined;
      continueToken?: string | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StatusError';
    this.reason = reason;
    this.code = options.code ?? statusCodes[reason];
    this.details = options.details;
    this.continueToken = options.continueToken;
  }

  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.continueToken === undefined ? {} : { continue: this.continueToken },
      status: 'Failure',
      message: this.message,
      // Kubernetes leaves out a reason that it does not know; kubectl prints any that is there.
      reason: this.reason === 'Unknown' ? undefined : this.reason,
      details: this.details,
      code: this.code,
    };
  }
}

export function isStatusReason(error: unknown, ...reasons: readonly StatusReason[]): error is StatusError {
  return error instanceof StatusError && reasons.includes(error.reason);
}

function isKnownReason(reason: string | undefined): reason is StatusReason {
  return reason !== undefined && Object.hasOwn(statusCodes, reason);
}

/** Translates a failed answer of any API server. `body` is what it sent, already parsed if it was JSON. */
export function statusErrorFrom(code: number, body: unknown): StatusError {
  const status = isStatus(body) ? body : undefined;
  const reason = isKnownReason(status?.reason) ? status.reason : reasonForCode(code);
  const message =
    status?.message ?? (typeof body === 'string' && body !== '' ? body : `the API server answered with code ${code}`);
  const continueToken = status?.metadata?.continue;
  return new StatusError(reason, message, { code, details: status?.details, continueToken });
}

function isStatus(body: unknown): body is Status {
  return typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
}

function reasonForCode(code: number): StatusReason {
  const byCode: Readonly<Record<number, StatusReason>> = {
    400: 'BadRequest',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    405: 'MethodNotAllowed',
    406: 'NotAcceptable',
    409: 'Conflict',
    410: 'Expired',
    413: 'RequestEntityTooLarge',
    415: 'UnsupportedMediaType',
    422: 'Invalid',
    429: 'TooManyRequests',
    503: 'ServiceUnavailable',
    504: 'Timeout',
  };
  return byCode[code] ?? 'Unknown';
}

/** What there is none of is undefined; every other failure stays one. */
export async function absentAsUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isStatusReason(error, 'NotFound')) return undefined;
    throw error;
  }
}
