import type { App } from '../http/build-app.ts';
import { referencePage, referenceScript, referenceStyle } from './reference-page.ts';

const parts = [
  { url: '/api', type: 'text/html; charset=utf-8', text: referencePage },
  { url: '/api/reference.css', type: 'text/css; charset=utf-8', text: referenceStyle },
  { url: '/api/reference.js', type: 'text/javascript; charset=utf-8', text: referenceScript },
];

/** What there is to call is no secret: the page tells nothing that the document does not. */
export function addReferenceRoutes(app: App): void {
  for (const { url, type, text } of parts)
    app.get(url, { config: { access: { type: 'public' } }, schema: { hide: true } }, async (_, reply) =>
      reply.type(type).send(text),
    );
}
