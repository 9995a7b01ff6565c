/** What went wrong, for somebody whose browser was led to the server: as the page on which one logs in looks. Pure. */
import type { Problem } from '../http/problem.ts';

/** What pages that the server writes itself are given by its dashboard, where it has one. */
export interface PageLook {
  /** Path of a stylesheet. */
  readonly style: string;
  readonly icon: string;
}

/** Empty, so that no browser asks for one where there is none. */
export const noIcon = 'data:,';

export function problemPage(problem: Problem, { style, icon }: PageLook): string {
  const { title, detail, status } = problem.toDetails();
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – Slipway</title>
<link rel="icon" href="${escapeHtml(icon)}">
<link rel="stylesheet" href="${escapeHtml(style)}">
<main class="login">
<div class="card">
<h1>${headings[status] ?? 'Something went wrong'}</h1>
<p class="notice wait" role="alert">${escapeHtml(capitalize(problem.forPeople ?? detail))}</p>
<p><a class="button primary" href="/">Go to the login</a></p>
</div>
</main>
</html>
`;
}

const headings: Readonly<Record<number, string>> = {
  401: 'You are not logged in',
  403: 'You may not log in',
  429: 'Too many attempts',
  503: 'It is not possible just now',
};

function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
