import websocket from '@fastify/websocket';
import Type from 'typebox';
import { findRelease } from '../history/find-release.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { maximumInteger, ObjectParams } from '../api/schemas.ts';
import { ApplicationChanges } from '../view/application-changes.ts';
import { streamApplications } from './application-stream.ts';
import { streamLog } from './log-stream.ts';
import { closeCodes, lastWordsMilliseconds } from './paced-socket.ts';
import { addPodLogStream } from './pod-log-routes.ts';
import { createRunner, type Run } from './run-stream.ts';
import { requireUpgrade, streamResponse } from './upgrade.ts';

/** What readers send is of no use, and bounded. */
const maximumPayload = 1_024;
const epochBytes = 9;

/** `more` adds streams of other APIs, which run as these do. */
export async function addStreamRoutes(
  app: App,
  context: ServerContext,
  more: (streams: App, run: Run) => void,
): Promise<void> {
  // Its types do not know the last one yet: no sooner than we do, it ends what does not answer a close.
  const options = { maxPayload: maximumPayload, perMessageDeflate: false, closeTimeout: lastWordsMilliseconds };
  await app.register(websocket, {
    options,
    preClose: async () => {
      for (const reader of app.websocketServer.clients)
        reader.close(closeCodes.goingAway, 'the server stops: go on at another one, or in a moment');
      app.websocketServer.close();
    },
  });
  // Nobody else does: the HTTP server gave the connection away when it was asked to become a WebSocket.
  app.addHook('onResponse', async ({ headers, raw }) => {
    if (headers.upgrade !== undefined) raw.socket.destroySoon();
  });
  const changes = new ApplicationChanges(context.view);
  app.addHook('onClose', async () => changes.stop());
  const run = createRunner(context);
  app.register(async (streams: App) => {
    addLogStream(streams, context, run);
    addApplicationStream(streams, { changes, context, run });
    addPodLogStream(streams, context, run);
    more(streams, run);
  });
}

function addLogStream(app: App, context: ServerContext, run: Run): void {
  app.route({
    method: 'GET',
    url: '/api/v1/namespaces/:namespace/releases/:name/log/stream',
    config: { access: { type: 'namespace', permission: 'view' } },
    schema: {
      tags: ['streams'],
      summary: 'WebSocket: the log of a release from any line on, then live, and at last its outcome',
      params: ObjectParams,
      querystring: Type.Object({
        after: Type.Optional(Type.Integer({ minimum: 0, maximum: maximumInteger, default: 0 })),
      }),
      response: streamResponse,
    },
    preValidation: async (request) => {
      const { namespace, name } = request.params as { readonly namespace: string; readonly name: string };
      if ((await findRelease(context, { namespace, name })) === undefined)
        throw new Problem(404, `there is no release ${name} in namespace ${namespace}`);
    },
    handler: requireUpgrade,
    wsHandler: (socket, request) => {
      const { params, query } = request;
      run(request, socket, async (paced) => {
        const record = await findRelease(context, params);
        if (record === undefined) return paced.close(closeCodes.refused, 'the release is not known any more');
        await streamLog(paced, { database: context.database, uid: record.uid, after: query.after ?? 0 });
      });
    },
  });
}

interface ApplicationStreamMeans {
  readonly changes: ApplicationChanges;
  readonly context: ServerContext;
  readonly run: Run;
}

function addApplicationStream(app: App, { changes, context, run }: ApplicationStreamMeans): void {
  const epoch = context.random(epochBytes);
  const { clock } = context;
  app.route({
    method: 'GET',
    url: '/api/v1/applications/stream',
    config: { access: { type: 'login' } },
    schema: {
      tags: ['streams'],
      summary: 'WebSocket: all applications that the caller may see, and each one again when it changes',
      description:
        'Frames are JSON. `snapshot` (`first`, `last`, `items`, and `after` with the last one) tells how all are; `changes` ' +
        '(`changed`, `removed`, `after`) how those are that have changed. Every 20 seconds at least comes a frame, with nothing ' +
        'in it where nothing has changed: a stream that is silent for 30 seconds is lost, and goes on elsewhere with `after`.',
      querystring: Type.Object({
        after: Type.Optional(
          Type.String({
            maxLength: 100,
            description: 'From the last frame of an earlier stream: goes on from there.',
          }),
        ),
      }),
      response: streamResponse,
    },
    handler: requireUpgrade,
    wsHandler: (socket, request) => {
      const { principal, query } = request;
      run(request, socket, (paced) =>
        streamApplications(paced, { clock, changes, principal, after: query.after, epoch }),
      );
    },
  });
}
