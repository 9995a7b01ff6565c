/** As the dashboard's own `routing/routes.ts` knows them; everything else is nothing here. */
export const pagePaths = [
  '/',
  '/applications/:namespace/:name',
  '/applications/:namespace/:name/edit',
  '/releases/:namespace/:name',
  '/history',
  '/compare',
  '/new',
  '/approvals',
  '/webhooks',
  '/notifications',
  '/environments',
  '/tokens',
  '/audit',
] as const;
