import type { Application } from './application.ts';

/** As the API server takes them away; those of lists, which it refuses, are nothing that could be judged further. */
export function withoutNulls(application: Application): Application {
  return JSON.parse(JSON.stringify(application, (_, value: unknown) => withoutNull(value))) as Application;
}

function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null);
  return value === null ? undefined : value;
}
