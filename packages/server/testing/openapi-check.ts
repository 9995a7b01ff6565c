/** Holds every answer against the OpenAPI document of the server that gave it. */
import * as Schema from 'typebox/schema';

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface GivenAnswer {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string;
  /** Its header. */
  readonly allow?: string | undefined;
  readonly text: string;
}

export type AnswerCheck = (answer: GivenAnswer) => void;

/**
 * Throws for an answer that the document does not describe. What the document has no path for is a 404, and a method that it
 * does not have at a path a 405 that names those that it has.
 */
export function createAnswerCheck({ paths }: OpenApiDocument): AnswerCheck {
  const patterns = Object.keys(paths)
    // `/a/stream` before `/a/{name}`.
    .toSorted((one, other) => one.split('{').length - other.split('{').length)
    .map((path) => ({ path, pattern: new RegExp(`^${path.replace(/\/$/, '').replaceAll(/\{[^}]+\}/g, '[^/]+')}/?$`) }));
  const compiled = new Map<object, ReturnType<typeof Schema.Compile>>();
  return (answer) => {
    const { method, path, status, contentType } = answer;
    // Pages, and what old clients look for at the root, are no part of it.
    if (!/^\/(api|compat|healthz)\b/.test(path)) return;
    const where = `${method} ${path} answered ${status}`;
    const found = patterns.find(({ path: known, pattern }) => pattern.test(path) && methodOf(known) !== undefined);
    const operation = found && methodOf(found.path);
    if (operation === undefined) return requireNone(where, answer);
    const response = operation.responses[status] ?? operation.responses[`${String(status).charAt(0)}XX`];
    if (response === undefined) throw new Error(`${where}, which the document does not know`);
    checkBody(where, response, answer);

    function requireNone(what: string, { contentType: type, allow = '' }: GivenAnswer): void {
      const others = patterns.filter(({ pattern }) => pattern.test(path)).flatMap(({ path: at }) => methodsAt(at));
      if (status !== (others.length === 0 ? 404 : 405))
        throw new Error(`${what}, and the document has no such operation`);
      if (!type.startsWith('application/problem+json')) throw new Error(`${what} as ${type}`);
      const allowed = new Set(allow.split(', '));
      const missing = others.filter((each) => !allowed.has(each));
      if (missing.length > 0)
        throw new Error(`${what} with Allow: ${allow}; the document has ${missing.join(', ')} too`);
    }

    function methodsAt(known: string): readonly string[] {
      return Object.keys(paths[known] ?? {}).map((each) => each.toUpperCase());
    }

    function methodOf(known: string): Operation | undefined {
      return paths[known]?.[method.toLowerCase()];
    }

    function checkBody(what: string, { content }: Response, { text }: GivenAnswer): void {
      if (text === '' || status === 304) return;
      const type = contentType.split(';')[0] ?? '';
      const described = content?.[type];
      if (described === undefined)
        throw new Error(`${what} as ${type}; the document knows ${Object.keys(content ?? {}).join(', ') || 'no body'}`);
      if (described.schema === undefined || !/[/+]json$/.test(type)) return;
      const validator = compiled.get(described.schema) ?? Schema.Compile(described.schema);
      compiled.set(described.schema, validator);
      const [isValid, errors] = validator.Errors(JSON.parse(text));
      if (!isValid)
        throw new Error(`${what}, not as the document says: ${JSON.stringify(errors)}\n${text.slice(0, 2_000)}`);
    }
  };
}
