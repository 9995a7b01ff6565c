import { formatExposition, type Metric } from '@slipway/kube/exposition';
import Type from 'typebox';
import type { Sql } from '../database/database.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { problems } from './schemas.ts';

/** What the servers of this database have to do, and could not: the same whichever of them is asked. */
export function addMetricsRoutes(app: App, { database }: ServerContext): void {
  app.get(
    '/metrics',
    {
      config: { access: { type: 'server', permission: 'view' } },
      schema: {
        tags: ['server'],
        summary: 'What waits to be told, was given up and left out, for Prometheus',
        response: {
          200: { description: 'Metrics.', content: { 'text/plain': { schema: Type.String() } } },
          ...problems,
        },
      },
    },
    async (_, reply) => {
      const { contentType, text } = await formatExposition(await readMetrics(database));
      return reply.type(contentType).send(text);
    },
  );
}

async function readMetrics(sql: Sql): Promise<readonly Metric[]> {
  const counts = await sql.query(
    `SELECT channels.name AS channel, deliveries.state AS state, count(*) AS count
     FROM deliveries JOIN channels ON channels.id = deliveries.channel_id
     WHERE deliveries.state <> 'delivered' GROUP BY channels.name, deliveries.state ORDER BY channels.name, deliveries.state`,
  );
  const channels = await sql.query('SELECT name, left_out FROM channels ORDER BY name');
  return [
    {
      name: 'slipway_server_notifications',
      help: 'Notifications that wait to be sent (pending) or were given up (dead), by channel.',
      type: 'gauge',
      samples: counts.map(({ channel, state, count }) => ({
        labels: { channel: String(channel), state: String(state) },
        value: Number(count),
      })),
    },
    {
      name: 'slipway_server_notifications_left_out',
      help: 'Notifications that there was no room for since the channel was saved.',
      type: 'gauge',
      samples: channels.map(({ name, left_out: leftOut }) => ({
        labels: { channel: String(name) },
        value: Number(leftOut),
      })),
    },
  ];
}
