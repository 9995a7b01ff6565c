/**
 * Variables of the platform: a ConfigMap and a Secret of this name in a namespace are given to every pod of its Applications.
 * The server keeps them, and whoever may write there can do it as well.
 */
export const environmentName = 'slipway-environment';

/** What every container is told of itself, in place of what the platform's variables say. */
export const ownVariables = ['APP_NAME', 'APP_VERSION', 'POD_NAME', 'POD_NAMESPACE'] as const;
