import Type from 'typebox';
import { KubernetesSchema, Name, Nothing, problems } from '../api/schemas.ts';
import { requireAllowed } from '../http/access.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import type { Principal } from '../identity/principal.ts';
import { deploy, undeploy } from './deploy.ts';
import { IdParams, presentDescriptor, requireDescriptor } from './descriptor-routes.ts';
import type { DescriptorRecord } from './descriptor-store.ts';
import {
  findDeployment,
  listDeployments,
  removeDeployment,
  type DeploymentKey,
  type DeploymentRecord,
} from './deployment-store.ts';
import { sweepEnvironments } from './environment.ts';
import { isUnderWay, readDeployment, readDeploymentLog, readDeployments, type Deployment } from './read-deployment.ts';

const tags = ['amdatu'];
const view = { access: { type: 'namespace', permission: 'view', from: 'query' } } as const;
const operate = { access: { type: 'namespace', permission: 'operate', from: 'query' } } as const;
const NamespaceQuery = Type.Object({ namespace: Name });
const AppName = Type.String({ minLength: 1, maxLength: 63 });
const maximumListed = 1_000;

/** Deployments, as the API of the Amdatu deployer has them. `prefix` is before each path. */
export function addDeploymentRoutes(app: App, prefix: string, context: ServerContext): void {
  const path = `${prefix}/deployments`;
  addReading(app, path, context);
  addParts(app, path, context);
  addDeploying(app, path, context);
  addUndeploying(app, path, context);
}

function addReading(app: App, path: string, context: ServerContext): void {
  app.get(
    `${path}/`,
    {
      config: view,
      schema: {
        tags,
        summary: 'Deployments of a namespace, or of one application in it, newest first',
        querystring: Type.Object({
          namespace: Name,
          appname: Type.Optional(AppName),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maximumListed, default: maximumListed })),
        }),
        response: { 200: Type.Array(KubernetesSchema), ...problems },
      },
    },
    async ({ query: { namespace, appname: appName, limit = maximumListed } }) => {
      const records = await listDeployments(context.database, { namespace, appName, limit });
      const found = await readDeployments(records, context);
      return found.filter((deployment) => !isForgotten(deployment)).map(present);
    },
  );

  app.get(
    `${path}/:id/`,
    {
      config: view,
      schema: {
        tags,
        summary: 'One deployment; its status says how far it is',
        params: IdParams,
        querystring: NamespaceQuery,
        response: { 200: KubernetesSchema, ...problems },
      },
    },
    async ({ params, query }) => present(await requireDeployment({ ...params, ...query }, context)),
  );
}

function addParts(app: App, path: string, context: ServerContext): void {
  app.get(
    `${path}/:id/logs`,
    {
      config: view,
      schema: {
        tags,
        summary: 'The log so far, a line each: time and text',
        params: IdParams,
        querystring: NamespaceQuery,
        response: { 200: { content: { 'text/plain': { schema: Type.String() } } }, ...problems },
      },
    },
    async ({ params, query }, reply) => {
      const deployment = await requireDeployment({ ...params, ...query }, context);
      const { lines } = await readDeploymentLog(deployment, context);
      return reply.type('text/plain; charset=utf-8').send(lines.map((line) => `${line}\n`).join(''));
    },
  );

  app.get(
    `${path}/:id/healthcheckdata`,
    {
      config: view,
      schema: {
        tags,
        summary: 'What each pod answered to its health check',
        params: IdParams,
        querystring: NamespaceQuery,
        response: { 200: Type.Array(Type.Object({ podName: Type.String(), value: Type.String() })), ...problems },
      },
    },
    async ({ params, query }) => {
      const { release } = await requireDeployment({ ...params, ...query }, context);
      return (release?.status?.health ?? []).map(({ pod, answer }) => ({ podName: pod, value: answer }));
    },
  );
}

function addDeploying(app: App, path: string, context: ServerContext): void {
  const locationOf = ({ id, namespace }: DeploymentRecord): string =>
    `${path}/${id}/?namespace=${encodeURIComponent(namespace)}`;

  app.post(
    `${path}/`,
    {
      config: operate,
      schema: {
        tags,
        summary: 'Deploy what a descriptor describes',
        querystring: Type.Object({ namespace: Name, descriptorId: IdParams.properties.id }),
        response: { 202: Nothing, ...problems },
      },
    },
    async ({ query: { namespace, descriptorId: id }, principal }, reply) => {
      const descriptor = await requireDescriptor({ namespace, id }, context.database);
      const record = await deploy(descriptor, askedBy(principal, descriptor), context);
      return reply.code(202).header('location', locationOf(record)).send(undefined);
    },
  );

  app.put(
    `${path}/:id/`,
    {
      config: operate,
      schema: {
        tags,
        summary: 'Deploy again what this deployment has a copy of',
        params: IdParams,
        querystring: NamespaceQuery,
        response: { 202: Nothing, ...problems },
      },
    },
    async ({ params, query, principal }, reply) => {
      const { descriptor } = (await requireDeployment({ ...params, ...query }, context)).record;
      const record = await deploy(descriptor, askedBy(principal, descriptor), context);
      return reply.code(202).header('location', locationOf(record)).send(undefined);
    },
  );
}

function addUndeploying(app: App, path: string, context: ServerContext): void {
  const { database } = context;

  app.delete(
    `${path}/:id/`,
    {
      config: operate,
      schema: {
        tags,
        summary: 'Undeploy; with `deleteDeployment` the record goes too',
        description: 'What serves is the application itself, which takes the role admin to remove.',
        params: IdParams,
        querystring: Type.Object({
          namespace: Name,
          deleteDeployment: Type.Optional(Type.Boolean({ default: false })),
        }),
        response: { 202: Nothing, ...problems },
      },
    },
    async ({ params, query, principal }, reply) => {
      const deployment = await requireDeployment({ ...params, ...query }, context);
      await takeBack(deployment, { principal, isForgotten: query.deleteDeployment === true }, context);
      return reply.code(202).send();
    },
  );

  app.delete(
    `${path}/`,
    {
      config: operate,
      schema: {
        tags,
        summary:
          'Remove the records of deployments that failed or are undeployed; with `undeploy` all of them, undeployed',
        querystring: Type.Object({
          namespace: Name,
          appname: AppName,
          undeploy: Type.Optional(Type.Boolean({ default: false })),
        }),
        response: { 202: Nothing, 204: Nothing, ...problems },
      },
    },
    async ({ query: { namespace, appname: appName, undeploy: isAll }, principal }, reply) => {
      const records = await listDeployments(database, { namespace, appName, limit: maximumListed });
      for (const deployment of await readDeployments(records, context)) {
        if (isOver(deployment)) await removeDeployment(database, deployment.record);
        else if (isAll === true) await takeBack(deployment, { principal, isForgotten: true }, context);
      }
      await sweepEnvironments(context, namespace);
      return reply.code(isAll === true ? 202 : 204).send();
    },
  );
}

interface TakingBack {
  readonly principal: Principal;
  readonly isForgotten: boolean;
}

/** What serves goes with its application; a release under way is aborted, unless there is nothing but it. */
async function takeBack(
  deployment: Deployment,
  { principal, isForgotten: isGiven }: TakingBack,
  context: ServerContext,
): Promise<void> {
  const { record, outcome } = deployment;
  const { namespace, appName: name } = record;
  const application = context.view.applications.get({ namespace, name });
  const isOurs = application !== undefined && application.metadata.uid === record.application;
  const isAll = outcome.status === 'DEPLOYED' || (isUnderWay(deployment) && application?.status?.serving === undefined);
  const of = isOurs && isAll ? 'application' : 'version';
  if (of === 'application') await requireAllowed(principal, 'admin', namespace);
  const asked = { by: principal.name, of, isForgotten: isGiven, isUnderWay: isUnderWay(deployment) } as const;
  await undeploy(record, asked, context);
}

function isOver({ outcome: { status } }: Deployment): boolean {
  return status === 'FAILURE' || status === 'UNDEPLOYED';
}

/** It was to be removed when it is undeployed, and is. */
function isForgotten(deployment: Deployment): boolean {
  return deployment.record.undeployment?.isForgotten === true && isOver(deployment);
}

export async function requireDeployment(key: DeploymentKey, context: ServerContext): Promise<Deployment> {
  const record = await findDeployment(context.database, key);
  const deployment = record === undefined ? undefined : await readDeployment(record, context);
  if (deployment !== undefined && !isForgotten(deployment)) return deployment;
  if (deployment !== undefined) await removeDeployment(context.database, key);
  throw new Problem(404, `there is no deployment ${key.id} in namespace ${key.namespace}`);
}

function askedBy(principal: Principal, { descriptor, ignored }: DescriptorRecord) {
  const notes = [
    ...(ignored.length === 0 ? [] : [`fields that mean nothing here were left out: ${ignored.join(', ')}`]),
    ...(descriptor.useStickySessions
      ? ['useStickySessions holds inside the cluster, by client address; at the gateway any pod may answer']
      : []),
  ];
  return { requestedBy: principal.name, notes };
}

function present({ record, outcome }: Deployment): object {
  const { id, created, version, descriptor, undeployment } = record;
  const lastModified = outcome.at ?? undeployment?.at ?? created;
  return { id, created, lastModified, version, status: outcome.status, descriptor: presentDescriptor(descriptor) };
}
