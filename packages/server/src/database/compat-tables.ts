/** Of the API of the Amdatu deployer. */
export function compatTables(): readonly string[] {
  return [
    `CREATE TABLE compat_descriptors (
      id TEXT PRIMARY KEY,
      namespace TEXT NOT NULL,
      app_name TEXT NOT NULL,
      created TEXT NOT NULL,
      last_modified TEXT NOT NULL,
      environment_secret TEXT,
      record TEXT NOT NULL
    )`,
    'CREATE INDEX compat_descriptors_by_application ON compat_descriptors (namespace, app_name, last_modified)',
    `CREATE TABLE compat_deployments (
      id TEXT PRIMARY KEY,
      namespace TEXT NOT NULL,
      app_name TEXT NOT NULL,
      version TEXT NOT NULL,
      created TEXT NOT NULL,
      environment_secret TEXT,
      record TEXT NOT NULL
    )`,
    'CREATE INDEX compat_deployments_by_application ON compat_deployments (namespace, app_name, created)',
  ];
}
