/** Where the controllers run that serve every namespace. */
export const homeNamespace = 'slipway-system';
/** Of the ServiceAccount, the Deployment and its budget. */
export const controllerName = 'slipway-controller';
/** Of the roles and their bindings. */
export const roleName = 'slipway:controller';

/** Of the server: its ServiceAccount, Deployment, Service, volume and budget, and the Lease of whoever writes history. */
export const serverName = 'slipway-server';
export const serverRoleName = 'slipway:server';
export const serverLabels: Readonly<Record<string, string>> = {
  'app.kubernetes.io/name': 'slipway',
  'app.kubernetes.io/component': 'server',
};

/** On everything that belongs to the controllers; their pods are selected by it. */
export const controllerLabels: Readonly<Record<string, string>> = {
  'app.kubernetes.io/name': 'slipway',
  'app.kubernetes.io/component': 'controller',
};
