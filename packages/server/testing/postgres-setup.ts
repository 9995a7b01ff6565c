/** One PostgreSQL for all tests of the project, each of which makes databases of its own in it. */
import type { TestProject } from 'vitest/node';
import { findPostgres, startPostgres } from './postgres.ts';

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const programs = await findPostgres();
  if (programs === undefined) return async () => undefined;
  const postgres = await startPostgres(programs);
  project.provide('postgres', postgres.folder);
  return async () => {
    await postgres[Symbol.asyncDispose]();
  };
}
