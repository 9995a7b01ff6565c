import { createServer, type Server } from 'node:net';
import { addressAt, parseCidr } from './ipv4.ts';

/** No range of ports that machines hand out by themselves begins here, and ordinary users may listen on it. */
const claimPort = 30_999;

/**
 * Without namespaces nothing but sockets says which loopback addresses a cluster uses: it listens on the last one of its
 * block for as long as it lives. Rejects when another cluster does.
 */
export function claimBlock(block: string): Promise<Server> {
  const cidr = parseCidr(block);
  if (cidr === undefined) {
    return Promise.reject(new Error(`"${block}" is not a range of addresses`));
  }
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new Error(`the addresses ${block} are in use by another cluster: ${error.message}`, { cause: error })),
    );
    server.listen(claimPort, addressAt(cidr, -2), () => resolve(server));
  });
}

export async function canClaimBlock(block: string): Promise<boolean> {
  try {
    const server = await claimBlock(block);
    await new Promise<void>((resolve) => server.close(() => resolve()));
    return true;
  } catch {
    return false;
  }
}
