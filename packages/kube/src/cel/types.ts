/** What a variable of an expression holds: how JSON is read, and what the checker of an expression knows of it. */
export type CelType =
  | { readonly kind: 'string' | 'int' | 'double' | 'bool' | 'bytes' | 'timestamp' | 'duration' | 'dyn' }
  | {
      readonly kind: 'list';
      readonly items: CelType;
      readonly isSet?: boolean | undefined;
      /** Most items that it can have. */
      readonly maximum?: number | undefined;
    }
  | {
      readonly kind: 'map';
      readonly values: CelType;
      /** Most keys that it can have. */
      readonly maximum?: number | undefined;
    }
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, CelField> }
  /** A value that may be missing: `oldSelf` where a rule asks for that. */
  | { readonly kind: 'optional'; readonly of: CelType };

/** A field of an object; in the map it stands under the name by which expressions call it. */
export interface CelField {
  /** In JSON. */
  readonly name: string;
  readonly type: CelType;
}

export type ObjectType = Extract<CelType, { readonly kind: 'object' }>;

/** An expression that cannot be compiled; the message shows the place. */
export class CelCompileError extends Error {
  override readonly name = 'CelCompileError';
}

/** An expression that has no value for what it was given. */
export class CelEvaluationError extends Error {
  override readonly name: string = 'CelEvaluationError';
}

/** An evaluation that was given up because it took too much. */
export class CelLimitError extends CelEvaluationError {
  override readonly name = 'CelLimitError';
}
