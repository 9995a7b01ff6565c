import Type from 'typebox';
import { notFound } from '../api/write-application.ts';
import { maximumInteger, Name, ObjectParams } from '../api/schemas.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { decodePositions, maximumPositionLength } from './pod-log-position.ts';
import { streamPodLogs } from './pod-log-stream.ts';
import type { Run } from './run-stream.ts';
import { requireUpgrade, streamResponse } from './upgrade.ts';

const QuerySchema = Type.Object(
  {
    pod: Type.Optional(Name),
    container: Type.Optional(Name),
    follow: Type.Optional(Type.Boolean({ default: true, description: 'Go on with what is written from now on.' })),
    tail: Type.Optional(
      Type.Integer({ minimum: 0, maximum: maximumInteger, description: 'Lines of each container to begin with.' }),
    ),
    after: Type.Optional(
      Type.String({
        maxLength: maximumPositionLength,
        pattern: '^[\\w-]*$',
        description: 'From the last frame of an earlier stream: goes on from there.',
      }),
    ),
  },
  { additionalProperties: false },
);

export function addPodLogStream(app: App, { client, clock, view }: ServerContext, run: Run): void {
  app.route({
    method: 'GET',
    url: '/api/v1/namespaces/:namespace/applications/:name/logs/stream',
    config: { access: { type: 'namespace', permission: 'view' } },
    schema: {
      tags: ['streams'],
      summary: 'WebSocket: what the containers of an application write, of all its pods, each line with its time',
      description:
        'Frames are `{type: "lines", items: [{pod, container, version, at, text, cut}], after}`, where `cut` says that the line is longer than the 16,384 characters that are sent; `{type: "leftOut", containers}`, how many there is no room for beyond 100; and at last `{type: "end"}`. A position counts for the same `pod` and `container`.',
      params: ObjectParams,
      querystring: QuerySchema,
      response: streamResponse,
    },
    preValidation: async (request) => {
      const { namespace, name } = request.params as { readonly namespace: string; readonly name: string };
      if (view.applications.get({ namespace, name }) === undefined) throw notFound({ namespace, name });
    },
    preHandler: async ({ query }) => {
      if (decodePositions((query as { readonly after?: string }).after ?? '') === undefined)
        throw new Problem(
          400,
          'the position is none that a stream gave: take `after` of its last frame, or leave it out',
        );
    },
    handler: requireUpgrade,
    wsHandler: (socket, request) => {
      const { params, query } = request;
      const { follow = true, after = '', ...choice } = query;
      run(request, socket, (paced) =>
        streamPodLogs(paced, {
          ...choice,
          client,
          clock,
          pods: view.pods,
          namespace: params.namespace,
          application: params.name,
          after: decodePositions(after) ?? new Map(),
          follow,
        }),
      );
    },
  });
}
