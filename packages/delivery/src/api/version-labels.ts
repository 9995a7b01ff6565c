/** By which anybody finds the pods of an Application, and tells of which version each is. */

export const applicationLabel = 'slipway.dev/application';
/** Name of the Release. */
export const releaseLabel = 'slipway.dev/release';
/** The raw version, which need not fit in a label. */
export const versionAnnotation = 'slipway.dev/version';
/** On pods that the Service of the Application selects. */
export const servesLabel = 'slipway.dev/serves';
/** On the pod of a hook: its name. */
export const hookLabel = 'slipway.dev/hook';
