/**
 * What `fsGroup` does to the volumes of a pod: its group owns them, what is made in them belongs to it too, and it may read
 * what it could not. https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
 */

/** New entries of a directory belong to its group. */
const setGroupId = 0o2000;

/** Of directories in volumes whose content is given. */
export const groupDirectoryMode = setGroupId | 0o755;
/** Added to the modes of files whose content is given. */
export const groupReadBits = 0o440;
/** Of an emptyDir. */
export const emptyDirMode = 0o777;
export const groupEmptyDirMode = setGroupId | emptyDirMode;
