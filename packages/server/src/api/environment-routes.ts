import { isFinished } from '@slipway/delivery/api/release';
import { namespaces } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import Type from 'typebox';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { coveredNamespaces, roles, type Principal, type Role } from '../identity/principal.ts';
import { problems } from './schemas.ts';

const EnvironmentSchema = Type.Object({
  namespace: Type.String(),
  permissions: Type.Array(Type.Enum([...roles]), { description: 'What the caller may do in it.' }),
  applications: Type.Integer(),
  underWay: Type.Integer({ description: 'Releases that have not ended.' }),
  unready: Type.Integer({ description: 'Applications with fewer ready pods than they should have.' }),
});

/** An environment is a namespace: where applications run beside each other, and for which people have roles. */
export function addEnvironmentRoutes(app: App, context: ServerContext): void {
  app.get(
    '/api/v1/environments',
    {
      config: { access: { type: 'login' } },
      schema: {
        tags: ['environments'],
        summary: 'Namespaces that the caller may see, by name, with what runs in each',
        response: { 200: Type.Object({ items: Type.Array(EnvironmentSchema) }), ...problems },
      },
    },
    async ({ principal }) => {
      const seen = await coveredNamespaces(principal, 'view', await listNamespaces(context));
      return {
        items: await Promise.all(seen.map((namespace) => describe(namespace, principal, context))),
      };
    },
  );
}

async function listNamespaces({ client, view, namespace }: ServerContext): Promise<readonly string[]> {
  if (namespace !== undefined) return [namespace];
  const used = view.applications.list().map(({ metadata }) => metadata.namespace ?? '');
  return [...new Set([...used, ...(await listAll())])].toSorted();

  async function listAll(): Promise<readonly string[]> {
    try {
      const { items } = await client.list(namespaces, { metadataOnly: true });
      return items.map(({ metadata }) => metadata.name ?? '');
    } catch (error) {
      if (isStatusReason(error, 'Forbidden')) return [];
      throw error;
    }
  }
}

async function describe(namespace: string, principal: Principal, { view }: ServerContext) {
  const applications = view.applications.list(namespace);
  const releases = view.releases.list(namespace);
  const permissions: Role[] = [];
  for (const role of roles) if (await principal.may(role, namespace)) permissions.push(role);
  return {
    namespace,
    permissions,
    applications: applications.length,
    underWay: releases.filter(({ status }) => !isFinished(status?.phase ?? 'Pending')).length,
    unready: applications.filter(({ spec, status }) => (status?.readyReplicas ?? 0) < (spec.replicas ?? 1)).length,
  };
}
