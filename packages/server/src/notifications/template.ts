/** Texts with places for values: no logic, and every value escaped for where it goes. Pure. */
import type { ReleaseEvent } from './release-events.ts';

export const templateNames = [
  'id',
  'event',
  'at',
  'namespace',
  'application',
  'release',
  'version',
  'phase',
  'reason',
  'requestedBy',
] as const;
type TemplateName = (typeof templateNames)[number];

export const defaultTemplate = '{{application}} {{version}} in {{namespace}}: {{phase}} {{reason}}';

const place = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** Names that no event has. */
export function findUnknownNames(template: string): readonly string[] {
  return [...template.matchAll(place)].map(([, name = '']) => name).filter((name) => !isName(name));
}

export function render(template: string, event: ReleaseEvent, escape: (value: string) => string): string {
  const values: Readonly<Record<TemplateName, string | undefined>> = {
    ...event,
    event: event.type,
    reason: event.reason,
    requestedBy: event.requestedBy,
  };
  return template
    .replaceAll(place, (_, name: string) => escape((isName(name) ? values[name] : undefined) ?? ''))
    .trim();
}

function isName(name: string): name is TemplateName {
  return templateNames.some((each) => each === name);
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Of Discord and of the cards of Teams. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]()#+\-.!|~<>@:]/g, '\\$&').replaceAll(/\s+/g, ' ');
}

/** One line, of what can be shown. */
export function escapeLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ');
}
