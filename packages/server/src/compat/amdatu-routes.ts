import Type from 'typebox';
import { Name } from '../api/schemas.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import type { Run } from '../streams/run-stream.ts';
import { requireUpgrade, streamResponse } from '../streams/upgrade.ts';
import { addDeploymentRoutes, requireDeployment } from './deployment-routes.ts';
import { findDeployment, type DeploymentKey } from './deployment-store.ts';
import { streamDeployment, type DeploymentLog } from './deployment-stream.ts';
import { addDescriptorRoutes, IdParams } from './descriptor-routes.ts';
import { isUnderWay, readDeployment, readDeploymentLog, type LogPosition } from './read-deployment.ts';

/** Where the API of the Amdatu deployer is found; at the root too, where its clients know no other place. */
export function compatPrefixes(isAtRoot: boolean): readonly string[] {
  return ['/compat/amdatu', ...(isAtRoot ? [''] : [])];
}

/** The API of the Amdatu deployer: a descriptor is an Application before it is asked for, a deployment is a Release. */
export function addAmdatuRoutes(app: App, context: ServerContext, prefixes: readonly string[]): void {
  for (const prefix of prefixes) {
    addDescriptorRoutes(app, prefix, context);
    addDeploymentRoutes(app, prefix, context);
  }
}

export function addAmdatuStreams(app: App, context: ServerContext, prefixes: readonly string[], run: Run): void {
  for (const prefix of prefixes)
    app.route({
      method: 'GET',
      url: `${prefix}/stream/deployments/:id/logs`,
      config: { access: { type: 'namespace', permission: 'view', from: 'query' } },
      schema: {
        tags: ['amdatu'],
        summary: 'WebSocket: the log of a deployment so far, then what is added, until it has ended',
        params: IdParams,
        querystring: Type.Object({ namespace: Name }),
        response: streamResponse,
      },
      preHandler: async ({ params, query }) => {
        await requireDeployment({ ...params, ...query }, context);
      },
      handler: requireUpgrade,
      wsHandler: (socket, request) => {
        const key = { ...request.params, ...request.query };
        const { database, clock } = context;
        const read = (from: LogPosition): Promise<DeploymentLog | undefined> => readLog(key, from, context);
        run(request, socket, (paced) => streamDeployment(paced, { database, clock, read }));
      },
    });
}

async function readLog(
  key: DeploymentKey,
  from: LogPosition,
  context: ServerContext,
): Promise<DeploymentLog | undefined> {
  const record = await findDeployment(context.database, key);
  if (record === undefined) return undefined;
  const deployment = await readDeployment(record, context);
  const { lines, position } = await readDeploymentLog(deployment, context, from);
  return { lines, position, isOver: !isUnderWay(deployment), uid: deployment.record.release?.uid };
}
