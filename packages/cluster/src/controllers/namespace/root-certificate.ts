/** The ConfigMap of every namespace that says which authority to trust. */
export const rootCertificateName = 'kube-root-ca.crt';
