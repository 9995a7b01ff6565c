/** What webhooks have applied of their directories: what is gone from one is known by it. */
export function appliedTables(): readonly string[] {
  return [
    `CREATE TABLE webhook_objects (
      webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
      api_group TEXT NOT NULL,
      api_version TEXT NOT NULL,
      kind TEXT NOT NULL,
      namespace TEXT NOT NULL,
      name TEXT NOT NULL,
      PRIMARY KEY (webhook_id, api_group, kind, namespace, name)
    )`,
  ];
}
