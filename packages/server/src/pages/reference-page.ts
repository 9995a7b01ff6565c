/** The OpenAPI document as a page to read: of this server alone, without a request to anybody else. */
import { noIcon } from './problem-page.ts';

export const referencePage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slipway API</title>
<link rel="icon" href="${noIcon}">
<link rel="stylesheet" href="/api/reference.css">
<header><h1>Slipway API</h1><label>Find <input type="search" id="search" autocomplete="off"></label></header>
<p id="state" role="status">Reading the document…</p>
<main id="operations"></main>
<script src="/api/reference.js" defer></script>
</html>
`;

export const referenceStyle = `:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 0 1rem 4rem; }
header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: baseline; justify-content: space-between; }
h2 { margin: 2rem 0 .5rem; text-transform: capitalize; }
details { border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: 6px; margin: .4rem 0; }
summary { cursor: pointer; padding: .5rem .75rem; }
summary code { font-weight: 600; overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 4.5rem; font-family: ui-monospace, monospace; }
.body { padding: 0 .75rem .75rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem .25rem 0; }
pre { overflow: auto; max-height: 24rem; padding: .5rem; background: color-mix(in srgb, currentColor 8%, transparent); border-radius: 4px; }
`;

/** Texts of the document become text nodes, never markup. */
export const referenceScript = `'use strict';
const element = (name, className, ...children) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
};
const json = (value) => element('pre', '', JSON.stringify(value, undefined, 2));
const schemasOf = (content) => Object.entries(content ?? {}).map(([type, { schema }]) =>
  element('div', '', element('p', '', element('code', '', type)), json(schema ?? {})));
function describe(path, method, operation) {
  const parameters = operation.parameters ?? [];
  const rows = parameters.map(({ name, in: place, required, description, schema }) => element('tr', '',
    element('td', '', element('code', '', name)),
    element('td', '', place + (required ? ', required' : '')),
    element('td', '', description ?? schema?.description ?? schema?.type ?? '')));
  const body = element('div', 'body', element('p', '', operation.description ?? ''));
  if (rows.length > 0) body.append(element('table', '', element('tbody', '', ...rows)));
  if (operation.requestBody) body.append(element('h4', '', 'Body'), ...schemasOf(operation.requestBody.content));
  for (const [status, answer] of Object.entries(operation.responses ?? {}))
    body.append(element('h4', '', 'Answer ' + status), element('p', '', answer.description ?? ''), ...schemasOf(answer.content));
  const made = element('details', '', element('summary', '', element('span', 'method', method.toUpperCase()),
    element('code', '', path), ' ', operation.summary ?? ''), body);
  made.dataset.text = (method + ' ' + path + ' ' + (operation.summary ?? '')).toLowerCase();
  return made;
}
function show(document_) {
  const groups = new Map();
  for (const [path, methods] of Object.entries(document_.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? 'other';
      groups.set(tag, [...(groups.get(tag) ?? []), describe(path, method, operation)]);
    }
  const main = document.getElementById('operations');
  for (const [tag, operations] of [...groups].sort(([one], [other]) => (one < other ? -1 : 1)))
    main.append(element('section', '', element('h2', '', tag), ...operations));
  document.getElementById('state').textContent = 'OpenAPI ' + document_.openapi + ', also as /api/v1/openapi.json';
}
document.getElementById('search').addEventListener('input', ({ target }) => {
  const wanted = target.value.toLowerCase();
  for (const each of document.querySelectorAll('details')) each.hidden = !each.dataset.text.includes(wanted);
  for (const each of document.querySelectorAll('section')) each.hidden = !each.querySelector('details:not([hidden])');
});
fetch('/api/v1/openapi.json').then((answer) => answer.json()).then(show).catch((error) => {
  document.getElementById('state').textContent = 'The document cannot be read: ' + error.message;
});
`;
