/**
 * What `node:https` alone does with the certificate and the bodies of an API server: it reads a body, keeps nothing, and
 * answers what it was given. Argument: a file of `{ key, cert, answers }`, answers by method. Prints its port.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const { key, cert, answers }: { key: string; cert: string; answers: Record<string, string> } = JSON.parse(
  readFileSync(process.argv[2] ?? '', 'utf8'),
);
const bodies = new Map(Object.entries(answers).map(([method, body]) => [method, Buffer.from(body)]));

const server = createServer({ key, cert }, (request, response) => {
  request.resume();
  request.on('end', () => {
    const { method = '', url = '' } = request;
    const body = bodies.get(url.endsWith('/configmaps') && method === 'GET' ? 'LIST' : method) ?? Buffer.alloc(0);
    response.writeHead(method === 'POST' ? 201 : 200, {
      'content-type': 'application/json',
      'content-length': body.length,
    });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : ''}\n`);
});
