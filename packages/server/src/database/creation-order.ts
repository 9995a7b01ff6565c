/** In which order releases were made whose creation the cluster knows to the second. */
import type { Release } from '@slipway/delivery/api/release';
import type { Dialect } from './database.ts';

/** After every time: what nothing is known of yet is the newest. */
const notYet = 'Z';
const digits = 20;

/**
 * Sorts among the releases of one second: by the first that a controller did about them, which for the releases of one
 * application is in the order of their creation, then by the revision at which they were first seen. Text, since revisions
 * have more digits than a number.
 */
export function creationOrderOf({ metadata, status }: Release): string {
  const first = status?.transitions?.[0]?.at ?? notYet;
  return `${first}/${(metadata.resourceVersion ?? '').padStart(digits, '0')}`;
}

const indexed = {
  releases_by_application: 'namespace, application',
  releases_by_name: 'namespace, name',
  releases_by_time: '',
};

/** What older servers have written is put in order by what they have written. */
export function creationOrderColumn(dialect: Dialect): readonly string[] {
  // By bytes, whatever language the database sorts in.
  const type = dialect === 'sqlite' ? 'TEXT' : 'TEXT COLLATE "C"';
  const first =
    dialect === 'sqlite'
      ? "json_extract(object, '$.status.transitions[0].at')"
      : "object::json #>> '{status,transitions,0,at}'";
  const revision =
    dialect === 'sqlite'
      ? `substr('${'0'.repeat(digits)}' || resource_version, -${digits})`
      : `lpad(resource_version, ${digits}, '0')`;
  return [
    `ALTER TABLE releases ADD COLUMN creation_order ${type} NOT NULL DEFAULT ''`,
    `UPDATE releases SET creation_order = coalesce(${first}, '${notYet}') || '/' || ${revision}`,
    ...Object.entries(indexed).flatMap(([name, columns]) => [
      `DROP INDEX ${name}`,
      `CREATE INDEX ${name} ON releases (${columns === '' ? '' : `${columns}, `}created_at, creation_order, uid)`,
    ]),
  ];
}
