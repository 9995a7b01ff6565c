/** Shapes that several routes share. */
import Type from 'typebox';
import { roles, type Grant } from '../identity/principal.ts';

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const namePattern = '[a-z0-9]([-a-z0-9.]*[a-z0-9])?';
export const Name = Type.String({ minLength: 1, maxLength: 253, pattern: `^${namePattern}$` });
/** `namespace/name` */
export const NamespacedName = Type.String({ minLength: 3, maxLength: 507, pattern: `^${namePattern}/${namePattern}$` });
/** What a version is called: as the kind takes it. */
export const Version = Type.String({ minLength: 1, maxLength: 63, pattern: '^[A-Za-z0-9][!-~]*$' });
/** The largest number that every database takes. */
export const maximumInteger = 2_147_483_647;
export const NamespaceParams = Type.Object({ namespace: Name });
export const ObjectParams = Type.Object({ namespace: Name, name: Name });

/** Of a webhook or a delivery: what the server has drawn. */
export const WebhookId = Type.String({ minLength: 24, maxLength: 24, pattern: '^[\\w-]+$' });

export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
  },
  { description: 'What went wrong, as RFC 9457 tells it.' },
);

const Tags = Type.Optional(Type.String({ maxLength: 4_000, description: 'Entity tags of answers before, or `*`.' }));

/** https://www.rfc-editor.org/rfc/rfc9110#section-13.1 */
export const ReadingHeaders = Type.Object({ 'if-none-match': Tags });
export const WritingHeaders = Type.Object({ 'if-match': Tags });
export const CreatingHeaders = Type.Object({ 'if-match': Tags, 'if-none-match': Tags });

/** Every answer that is no success. */
const problem = { content: { 'application/problem+json': { schema: ProblemSchema } }, description: 'What went wrong.' };
export const problems = { '4xx': problem, '5xx': problem };

/** Of a route that a browser is led to. */
const pageOrProblem = { ...problem, content: { ...problem.content, 'text/html': { schema: Type.String() } } };
export const pagedProblems = { '4xx': pageOrProblem, '5xx': pageOrProblem };

/** An answer without a body. */
export const Nothing = Type.Unsafe<undefined>({ type: 'null', description: 'No body.' });

/** An object of Kubernetes, or a part of one, as it is there. */
export const KubernetesSchema = Type.Object({}, { additionalProperties: true });

const maximumGrants = 100;

export const GrantSchema = Type.Object(
  {
    role: Type.Enum([...roles]),
    namespaces: Type.Array(Type.Union([Type.Literal('*'), Name]), { minItems: 1, maxItems: maximumGrants }),
  },
  { additionalProperties: false },
);
export const GrantsSchema = Type.Array(GrantSchema, { minItems: 1, maxItems: maximumGrants });

export function presentGrants(grants: readonly Grant[]) {
  return grants.map(({ role, namespaces }) => ({ role, namespaces: [...namespaces] }));
}

/** Of an answer that says all by its status. */
export const NoBody = Type.Unsafe<undefined>({ type: 'null' });
