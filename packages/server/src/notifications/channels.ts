/** Channels as records of the server. */
import type { Sql } from '../database/database.ts';
import type { Sealer } from '../secrets/sealer.ts';
import { channelValues, mapSecrets, parseChannel, type Channel } from './channel.ts';

/** Each event is held against all of them. */
export const maximumChannels = 100;

/** Who wants what, without what is secret. */
export async function listWants(sql: Sql): Promise<ReadonlyArray<Pick<Channel, 'id' | 'name' | 'enabled' | 'filter'>>> {
  return (await sql.query('SELECT * FROM channels')).map(parseChannel);
}

export async function listChannels(sql: Sql, sealer: Sealer): Promise<readonly Channel[]> {
  return (await sql.query('SELECT * FROM channels ORDER BY name')).map((row) => open(parseChannel(row), sealer));
}

export async function findChannel(sql: Sql, id: string, sealer: Sealer): Promise<Channel | undefined> {
  const [row] = await sql.query('SELECT * FROM channels WHERE id = $1', [id]);
  return row === undefined ? undefined : open(parseChannel(row), sealer);
}

/** Rejects with fault `duplicate` where the name is taken. */
export async function insertChannel(sql: Sql, channel: Channel, sealer: Sealer): Promise<void> {
  await sql.query(
    'INSERT INTO channels (id, name, spec, created_at, created_by) VALUES ($1, $2, $3, $4, $5)',
    channelValues(seal(channel, sealer)),
  );
}

/** What it was not told of before is over with it. Rejects with fault `duplicate` where the name is taken. */
export async function replaceChannel(sql: Sql, channel: Channel, sealer: Sealer): Promise<void> {
  const [id = null, name = null, spec = null] = channelValues(seal(channel, sealer));
  await sql.query(
    'UPDATE channels SET name = $2, spec = $3, left_out = 0, left_out_since = NULL, left_out_at = NULL WHERE id = $1',
    [id, name, spec],
  );
}

function seal(channel: Channel, sealer: Sealer): Channel {
  return mapSecrets(channel, (secret, place) => sealer.seal(secret, place));
}

function open(channel: Channel, sealer: Sealer): Channel {
  return mapSecrets(channel, (secret, place) => sealer.open(secret, place));
}

/** With what was still to be sent. False where there was none. */
export async function deleteChannel(sql: Sql, id: string): Promise<boolean> {
  return (await sql.query('DELETE FROM channels WHERE id = $1 RETURNING id', [id])).length > 0;
}
