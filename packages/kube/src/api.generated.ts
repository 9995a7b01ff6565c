// Made by scripts/generate-types.ts from the schema data of Kubernetes 1.32 (see NOTICE). Do not edit.

export interface ValidatingAdmissionPolicy {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: ValidatingAdmissionPolicySpec | undefined;
  readonly status?: ValidatingAdmissionPolicyStatus | undefined;
}

export interface ValidatingAdmissionPolicyBinding {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: ValidatingAdmissionPolicyBindingSpec | undefined;
}

export interface ValidatingWebhookConfiguration {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly webhooks?: ReadonlyArray<ValidatingWebhook> | undefined;
}

export interface MutatingWebhookConfiguration {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly webhooks?: ReadonlyArray<MutatingWebhook> | undefined;
}

export interface StatefulSet {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: StatefulSetSpec | undefined;
  readonly status?: StatefulSetStatus | undefined;
}

export interface Deployment {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: DeploymentSpec | undefined;
  readonly status?: DeploymentStatus | undefined;
}

export interface DaemonSet {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: DaemonSetSpec | undefined;
  readonly status?: DaemonSetStatus | undefined;
}

export interface ReplicaSet {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: ReplicaSetSpec | undefined;
  readonly status?: ReplicaSetStatus | undefined;
}

export interface ControllerRevision {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly data?: unknown | undefined;
  readonly revision: number;
}

export interface TokenReview {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec: TokenReviewSpec;
  readonly status?: TokenReviewStatus | undefined;
}

export interface SelfSubjectReview {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly status?: SelfSubjectReviewStatus | undefined;
}

export interface SubjectAccessReview {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec: SubjectAccessReviewSpec;
  readonly status?: SubjectAccessReviewStatus | undefined;
}

export interface SelfSubjectAccessReview {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec: SelfSubjectAccessReviewSpec;
  readonly status?: SubjectAccessReviewStatus | undefined;
}

export interface LocalSubjectAccessReview {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec: SubjectAccessReviewSpec;
  readonly status?: SubjectAccessReviewStatus | undefined;
}

export interface SelfSubjectRulesReview {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec: SelfSubjectRulesReviewSpec;
  readonly status?: SubjectRulesReviewStatus | undefined;
}

export interface AutoscalingV1HorizontalPodAutoscaler {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: AutoscalingV1HorizontalPodAutoscalerSpec | undefined;
  readonly status?: AutoscalingV1HorizontalPodAutoscalerStatus | undefined;
}

export interface AutoscalingV2HorizontalPodAutoscaler {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: AutoscalingV2HorizontalPodAutoscalerSpec | undefined;
  readonly status?: AutoscalingV2HorizontalPodAutoscalerStatus | undefined;
}

export interface Job {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: JobSpec | undefined;
  readonly status?: JobStatus | undefined;
}

export interface CronJob {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: CronJobSpec | undefined;
  readonly status?: CronJobStatus | undefined;
}

export interface CertificateSigningRequest {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec: CertificateSigningRequestSpec;
  readonly status?: CertificateSigningRequestStatus | undefined;
}

export interface Lease {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: LeaseSpec | undefined;
}

export interface PersistentVolume {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: PersistentVolumeSpec | undefined;
  readonly status?: PersistentVolumeStatus | undefined;
}

export interface PersistentVolumeClaim {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: PersistentVolumeClaimSpec | undefined;
  readonly status?: PersistentVolumeClaimStatus | undefined;
}

export interface Pod {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: PodSpec | undefined;
  readonly status?: PodStatus | undefined;
}

export interface PodTemplate {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly template?: PodTemplateSpec | undefined;
}

export interface ReplicationController {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: ReplicationControllerSpec | undefined;
  readonly status?: ReplicationControllerStatus | undefined;
}

export interface Service {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: ServiceSpec | undefined;
  readonly status?: ServiceStatus | undefined;
}

export interface ServiceAccount {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly secrets?: ReadonlyArray<ObjectReference> | undefined;
  readonly imagePullSecrets?: ReadonlyArray<LocalObjectReference> | undefined;
  readonly automountServiceAccountToken?: boolean | undefined;
}

export interface Endpoints {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly subsets?: ReadonlyArray<EndpointSubset> | undefined;
}

export interface Node {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: NodeSpec | undefined;
  readonly status?: NodeStatus | undefined;
}

export interface Namespace {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: NamespaceSpec | undefined;
  readonly status?: NamespaceStatus | undefined;
}

export interface Event {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly involvedObject: ObjectReference;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly source?: EventSource | undefined;
  readonly firstTimestamp?: string | undefined;
  readonly lastTimestamp?: string | undefined;
  readonly count?: number | undefined;
  readonly type?: string | undefined;
  readonly eventTime?: string | undefined;
  readonly series?: EventSeries | undefined;
  readonly action?: string | undefined;
  readonly related?: ObjectReference | undefined;
  readonly reportingComponent?: string | undefined;
  readonly reportingInstance?: string | undefined;
}

export interface LimitRange {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: LimitRangeSpec | undefined;
}

export interface ResourceQuota {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: ResourceQuotaSpec | undefined;
  readonly status?: ResourceQuotaStatus | undefined;
}

export interface Secret {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly immutable?: boolean | undefined;
  readonly data?: Readonly<Record<string, string>> | undefined;
  readonly stringData?: Readonly<Record<string, string>> | undefined;
  readonly type?: SecretType | undefined;
}

export interface ConfigMap {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly immutable?: boolean | undefined;
  readonly data?: Readonly<Record<string, string>> | undefined;
  readonly binaryData?: Readonly<Record<string, string>> | undefined;
}

export interface ComponentStatus {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly conditions?: ReadonlyArray<ComponentCondition> | undefined;
}

export interface EndpointSlice {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly addressType: AddressType;
  readonly endpoints: ReadonlyArray<Endpoint>;
  readonly ports?: ReadonlyArray<DiscoveryV1EndpointPort> | undefined;
}

export interface EventsV1Event {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly eventTime: string;
  readonly series?: EventsV1EventSeries | undefined;
  readonly reportingController?: string | undefined;
  readonly reportingInstance?: string | undefined;
  readonly action?: string | undefined;
  readonly reason?: string | undefined;
  readonly regarding?: ObjectReference | undefined;
  readonly related?: ObjectReference | undefined;
  readonly note?: string | undefined;
  readonly type?: string | undefined;
  readonly deprecatedSource?: EventSource | undefined;
  readonly deprecatedFirstTimestamp?: string | undefined;
  readonly deprecatedLastTimestamp?: string | undefined;
  readonly deprecatedCount?: number | undefined;
}

export interface FlowSchema {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: FlowSchemaSpec | undefined;
  readonly status?: FlowSchemaStatus | undefined;
}

export interface PriorityLevelConfiguration {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: PriorityLevelConfigurationSpec | undefined;
  readonly status?: PriorityLevelConfigurationStatus | undefined;
}

export interface NetworkPolicy {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: NetworkPolicySpec | undefined;
}

export interface Ingress {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: IngressSpec | undefined;
  readonly status?: IngressStatus | undefined;
}

export interface IngressClass {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: IngressClassSpec | undefined;
}

export interface RuntimeClass {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly handler: string;
  readonly overhead?: Overhead | undefined;
  readonly scheduling?: Scheduling | undefined;
}

export interface PodDisruptionBudget {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: PodDisruptionBudgetSpec | undefined;
  readonly status?: PodDisruptionBudgetStatus | undefined;
}

export interface Eviction {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly deleteOptions?: DeleteOptions | undefined;
}

export interface Role {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly rules?: ReadonlyArray<PolicyRule> | undefined;
}

export interface RoleBinding {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly subjects?: ReadonlyArray<RbacV1Subject> | undefined;
  readonly roleRef: RoleRef;
}

export interface ClusterRole {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly rules?: ReadonlyArray<PolicyRule> | undefined;
  readonly aggregationRule?: AggregationRule | undefined;
}

export interface ClusterRoleBinding {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly subjects?: ReadonlyArray<RbacV1Subject> | undefined;
  readonly roleRef: RoleRef;
}

export interface PriorityClass {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly value: number;
  readonly globalDefault?: boolean | undefined;
  readonly description?: string | undefined;
  readonly preemptionPolicy?: PreemptionPolicy | undefined;
}

export interface StorageClass {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly provisioner: string;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  readonly reclaimPolicy?: PersistentVolumeReclaimPolicy | undefined;
  readonly mountOptions?: ReadonlyArray<string> | undefined;
  readonly allowVolumeExpansion?: boolean | undefined;
  readonly volumeBindingMode?: VolumeBindingMode | undefined;
  readonly allowedTopologies?: ReadonlyArray<TopologySelectorTerm> | undefined;
}

export interface VolumeAttachment {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec: VolumeAttachmentSpec;
  readonly status?: VolumeAttachmentStatus | undefined;
}

export interface CSIDriver {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec: CSIDriverSpec;
}

export interface CSINode {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec: CSINodeSpec;
}

export interface CSIStorageCapacity {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly nodeTopology?: LabelSelector | undefined;
  readonly storageClassName: string;
  readonly capacity?: string | number | undefined;
  readonly maximumVolumeSize?: string | number | undefined;
}

export interface CustomResourceDefinition {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec: CustomResourceDefinitionSpec;
  readonly status?: CustomResourceDefinitionStatus | undefined;
}

export interface APIService {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: APIServiceSpec | undefined;
  readonly status?: APIServiceStatus | undefined;
}

export interface NodeMetrics {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly timestamp: string;
  readonly window: string;
  readonly usage: ResourceList;
}

export interface PodMetrics {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly timestamp: string;
  readonly window: string;
  readonly containers: ReadonlyArray<ContainerMetrics>;
}

export interface ListMeta {
  readonly selfLink?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly continue?: string | undefined;
  readonly remainingItemCount?: number | undefined;
}

export interface ObjectMeta {
  readonly name?: string | undefined;
  readonly generateName?: string | undefined;
  readonly namespace?: string | undefined;
  readonly selfLink?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly generation?: number | undefined;
  readonly creationTimestamp?: string | undefined;
  readonly deletionTimestamp?: string | undefined;
  readonly deletionGracePeriodSeconds?: number | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly ownerReferences?: ReadonlyArray<OwnerReference> | undefined;
  readonly finalizers?: ReadonlyArray<string> | undefined;
  readonly managedFields?: ReadonlyArray<ManagedFieldsEntry> | undefined;
}

export interface ValidatingAdmissionPolicySpec {
  readonly paramKind?: ParamKind | undefined;
  readonly matchConstraints?: MatchResources | undefined;
  readonly validations?: ReadonlyArray<Validation> | undefined;
  readonly failurePolicy?: FailurePolicyType | undefined;
  readonly auditAnnotations?: ReadonlyArray<AuditAnnotation> | undefined;
  readonly matchConditions?: ReadonlyArray<MatchCondition> | undefined;
  readonly variables?: ReadonlyArray<Variable> | undefined;
}

export interface ValidatingAdmissionPolicyStatus {
  readonly observedGeneration?: number | undefined;
  readonly typeChecking?: TypeChecking | undefined;
  readonly conditions?: ReadonlyArray<Condition> | undefined;
}

export interface ValidatingAdmissionPolicyBindingSpec {
  readonly policyName?: string | undefined;
  readonly paramRef?: ParamRef | undefined;
  readonly matchResources?: MatchResources | undefined;
  readonly validationActions?: ReadonlyArray<ValidationAction> | undefined;
}

export interface ValidatingWebhook {
  readonly name: string;
  readonly clientConfig: AdmissionregistrationV1WebhookClientConfig;
  readonly rules?: ReadonlyArray<RuleWithOperations> | undefined;
  readonly failurePolicy?: FailurePolicyType | undefined;
  readonly matchPolicy?: MatchPolicyType | undefined;
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly objectSelector?: LabelSelector | undefined;
  readonly sideEffects: SideEffectClass;
  readonly timeoutSeconds?: number | undefined;
  readonly admissionReviewVersions: ReadonlyArray<string>;
  readonly matchConditions?: ReadonlyArray<MatchCondition> | undefined;
}

export interface MutatingWebhook {
  readonly name: string;
  readonly clientConfig: AdmissionregistrationV1WebhookClientConfig;
  readonly rules?: ReadonlyArray<RuleWithOperations> | undefined;
  readonly failurePolicy?: FailurePolicyType | undefined;
  readonly matchPolicy?: MatchPolicyType | undefined;
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly objectSelector?: LabelSelector | undefined;
  readonly sideEffects: SideEffectClass;
  readonly timeoutSeconds?: number | undefined;
  readonly admissionReviewVersions: ReadonlyArray<string>;
  readonly reinvocationPolicy?: ReinvocationPolicyType | undefined;
  readonly matchConditions?: ReadonlyArray<MatchCondition> | undefined;
}

export interface StatefulSetSpec {
  readonly replicas?: number | undefined;
  readonly selector: LabelSelector;
  readonly template: PodTemplateSpec;
  readonly volumeClaimTemplates?: ReadonlyArray<PersistentVolumeClaim> | undefined;
  readonly serviceName: string;
  readonly podManagementPolicy?: PodManagementPolicyType | undefined;
  readonly updateStrategy?: StatefulSetUpdateStrategy | undefined;
  readonly revisionHistoryLimit?: number | undefined;
  readonly minReadySeconds?: number | undefined;
  readonly persistentVolumeClaimRetentionPolicy?: StatefulSetPersistentVolumeClaimRetentionPolicy | undefined;
  readonly ordinals?: StatefulSetOrdinals | undefined;
}

export interface StatefulSetStatus {
  readonly observedGeneration?: number | undefined;
  readonly replicas: number;
  readonly readyReplicas?: number | undefined;
  readonly currentReplicas?: number | undefined;
  readonly updatedReplicas?: number | undefined;
  readonly currentRevision?: string | undefined;
  readonly updateRevision?: string | undefined;
  readonly collisionCount?: number | undefined;
  readonly conditions?: ReadonlyArray<StatefulSetCondition> | undefined;
  readonly availableReplicas?: number | undefined;
}

export interface DeploymentSpec {
  readonly replicas?: number | undefined;
  readonly selector: LabelSelector;
  readonly template: PodTemplateSpec;
  readonly strategy?: DeploymentStrategy | undefined;
  readonly minReadySeconds?: number | undefined;
  readonly revisionHistoryLimit?: number | undefined;
  readonly paused?: boolean | undefined;
  readonly progressDeadlineSeconds?: number | undefined;
}

export interface DeploymentStatus {
  readonly observedGeneration?: number | undefined;
  readonly replicas?: number | undefined;
  readonly updatedReplicas?: number | undefined;
  readonly readyReplicas?: number | undefined;
  readonly availableReplicas?: number | undefined;
  readonly unavailableReplicas?: number | undefined;
  readonly conditions?: ReadonlyArray<DeploymentCondition> | undefined;
  readonly collisionCount?: number | undefined;
}

export interface DaemonSetSpec {
  readonly selector: LabelSelector;
  readonly template: PodTemplateSpec;
  readonly updateStrategy?: DaemonSetUpdateStrategy | undefined;
  readonly minReadySeconds?: number | undefined;
  readonly revisionHistoryLimit?: number | undefined;
}

export interface DaemonSetStatus {
  readonly currentNumberScheduled: number;
  readonly numberMisscheduled: number;
  readonly desiredNumberScheduled: number;
  readonly numberReady: number;
  readonly observedGeneration?: number | undefined;
  readonly updatedNumberScheduled?: number | undefined;
  readonly numberAvailable?: number | undefined;
  readonly numberUnavailable?: number | undefined;
  readonly collisionCount?: number | undefined;
  readonly conditions?: ReadonlyArray<DaemonSetCondition> | undefined;
}

export interface ReplicaSetSpec {
  readonly replicas?: number | undefined;
  readonly minReadySeconds?: number | undefined;
  readonly selector: LabelSelector;
  readonly template?: PodTemplateSpec | undefined;
}

export interface ReplicaSetStatus {
  readonly replicas: number;
  readonly fullyLabeledReplicas?: number | undefined;
  readonly readyReplicas?: number | undefined;
  readonly availableReplicas?: number | undefined;
  readonly observedGeneration?: number | undefined;
  readonly conditions?: ReadonlyArray<ReplicaSetCondition> | undefined;
}

export interface TokenReviewSpec {
  readonly token?: string | undefined;
  readonly audiences?: ReadonlyArray<string> | undefined;
}

export interface TokenReviewStatus {
  readonly authenticated?: boolean | undefined;
  readonly user?: UserInfo | undefined;
  readonly audiences?: ReadonlyArray<string> | undefined;
  readonly error?: string | undefined;
}

export interface SelfSubjectReviewStatus {
  readonly userInfo?: UserInfo | undefined;
}

export interface SubjectAccessReviewSpec {
  readonly resourceAttributes?: ResourceAttributes | undefined;
  readonly nonResourceAttributes?: NonResourceAttributes | undefined;
  readonly user?: string | undefined;
  readonly groups?: ReadonlyArray<string> | undefined;
  readonly extra?: Readonly<Record<string, AuthorizationV1ExtraValue>> | undefined;
  readonly uid?: string | undefined;
}

export interface SubjectAccessReviewStatus {
  readonly allowed: boolean;
  readonly denied?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly evaluationError?: string | undefined;
}

export interface SelfSubjectAccessReviewSpec {
  readonly resourceAttributes?: ResourceAttributes | undefined;
  readonly nonResourceAttributes?: NonResourceAttributes | undefined;
}

export interface SelfSubjectRulesReviewSpec {
  readonly namespace?: string | undefined;
}

export interface SubjectRulesReviewStatus {
  readonly resourceRules: ReadonlyArray<ResourceRule>;
  readonly nonResourceRules: ReadonlyArray<NonResourceRule>;
  readonly incomplete: boolean;
  readonly evaluationError?: string | undefined;
}

export interface AutoscalingV1HorizontalPodAutoscalerSpec {
  readonly scaleTargetRef: AutoscalingV1CrossVersionObjectReference;
  readonly minReplicas?: number | undefined;
  readonly maxReplicas: number;
  readonly targetCPUUtilizationPercentage?: number | undefined;
}

export interface AutoscalingV1HorizontalPodAutoscalerStatus {
  readonly observedGeneration?: number | undefined;
  readonly lastScaleTime?: string | undefined;
  readonly currentReplicas: number;
  readonly desiredReplicas: number;
  readonly currentCPUUtilizationPercentage?: number | undefined;
}

export interface AutoscalingV2HorizontalPodAutoscalerSpec {
  readonly scaleTargetRef: AutoscalingV2CrossVersionObjectReference;
  readonly minReplicas?: number | undefined;
  readonly maxReplicas: number;
  readonly metrics?: ReadonlyArray<AutoscalingV2MetricSpec> | undefined;
  readonly behavior?: HorizontalPodAutoscalerBehavior | undefined;
}

export interface AutoscalingV2HorizontalPodAutoscalerStatus {
  readonly observedGeneration?: number | undefined;
  readonly lastScaleTime?: string | undefined;
  readonly currentReplicas?: number | undefined;
  readonly desiredReplicas: number;
  readonly currentMetrics?: ReadonlyArray<AutoscalingV2MetricStatus> | undefined;
  readonly conditions?: ReadonlyArray<AutoscalingV2HorizontalPodAutoscalerCondition> | undefined;
}

export interface JobSpec {
  readonly parallelism?: number | undefined;
  readonly completions?: number | undefined;
  readonly activeDeadlineSeconds?: number | undefined;
  readonly podFailurePolicy?: PodFailurePolicy | undefined;
  readonly successPolicy?: SuccessPolicy | undefined;
  readonly backoffLimit?: number | undefined;
  readonly backoffLimitPerIndex?: number | undefined;
  readonly maxFailedIndexes?: number | undefined;
  readonly selector?: LabelSelector | undefined;
  readonly manualSelector?: boolean | undefined;
  readonly template: PodTemplateSpec;
  readonly ttlSecondsAfterFinished?: number | undefined;
  readonly completionMode?: CompletionMode | undefined;
  readonly suspend?: boolean | undefined;
  readonly podReplacementPolicy?: PodReplacementPolicy | undefined;
  readonly managedBy?: string | undefined;
}

export interface JobStatus {
  readonly conditions?: ReadonlyArray<JobCondition> | undefined;
  readonly startTime?: string | undefined;
  readonly completionTime?: string | undefined;
  readonly active?: number | undefined;
  readonly succeeded?: number | undefined;
  readonly failed?: number | undefined;
  readonly terminating?: number | undefined;
  readonly completedIndexes?: string | undefined;
  readonly failedIndexes?: string | undefined;
  readonly uncountedTerminatedPods?: UncountedTerminatedPods | undefined;
  readonly ready?: number | undefined;
}

export interface CronJobSpec {
  readonly schedule: string;
  readonly timeZone?: string | undefined;
  readonly startingDeadlineSeconds?: number | undefined;
  readonly concurrencyPolicy?: ConcurrencyPolicy | undefined;
  readonly suspend?: boolean | undefined;
  readonly jobTemplate: JobTemplateSpec;
  readonly successfulJobsHistoryLimit?: number | undefined;
  readonly failedJobsHistoryLimit?: number | undefined;
}

export interface CronJobStatus {
  readonly active?: ReadonlyArray<ObjectReference> | undefined;
  readonly lastScheduleTime?: string | undefined;
  readonly lastSuccessfulTime?: string | undefined;
}

export interface CertificateSigningRequestSpec {
  readonly request: string;
  readonly signerName: string;
  readonly expirationSeconds?: number | undefined;
  readonly usages?: ReadonlyArray<KeyUsage> | undefined;
  readonly username?: string | undefined;
  readonly uid?: string | undefined;
  readonly groups?: ReadonlyArray<string> | undefined;
  readonly extra?: Readonly<Record<string, CertificatesV1ExtraValue>> | undefined;
}

export interface CertificateSigningRequestStatus {
  readonly conditions?: ReadonlyArray<CertificateSigningRequestCondition> | undefined;
  readonly certificate?: string | undefined;
}

export interface LeaseSpec {
  readonly holderIdentity?: string | undefined;
  readonly leaseDurationSeconds?: number | undefined;
  readonly acquireTime?: string | undefined;
  readonly renewTime?: string | undefined;
  readonly leaseTransitions?: number | undefined;
  readonly strategy?: CoordinatedLeaseStrategy | undefined;
  readonly preferredHolder?: string | undefined;
}

export interface PersistentVolumeSpec {
  readonly capacity?: ResourceList | undefined;
  readonly gcePersistentDisk?: GCEPersistentDiskVolumeSource | undefined;
  readonly awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource | undefined;
  readonly hostPath?: HostPathVolumeSource | undefined;
  readonly glusterfs?: GlusterfsPersistentVolumeSource | undefined;
  readonly nfs?: NFSVolumeSource | undefined;
  readonly rbd?: RBDPersistentVolumeSource | undefined;
  readonly iscsi?: ISCSIPersistentVolumeSource | undefined;
  readonly cinder?: CinderPersistentVolumeSource | undefined;
  readonly cephfs?: CephFSPersistentVolumeSource | undefined;
  readonly fc?: FCVolumeSource | undefined;
  readonly flocker?: FlockerVolumeSource | undefined;
  readonly flexVolume?: FlexPersistentVolumeSource | undefined;
  readonly azureFile?: AzureFilePersistentVolumeSource | undefined;
  readonly vsphereVolume?: VsphereVirtualDiskVolumeSource | undefined;
  readonly quobyte?: QuobyteVolumeSource | undefined;
  readonly azureDisk?: AzureDiskVolumeSource | undefined;
  readonly photonPersistentDisk?: PhotonPersistentDiskVolumeSource | undefined;
  readonly portworxVolume?: PortworxVolumeSource | undefined;
  readonly scaleIO?: ScaleIOPersistentVolumeSource | undefined;
  readonly local?: LocalVolumeSource | undefined;
  readonly storageos?: StorageOSPersistentVolumeSource | undefined;
  readonly csi?: CSIPersistentVolumeSource | undefined;
  readonly accessModes?: ReadonlyArray<PersistentVolumeAccessMode> | undefined;
  readonly claimRef?: ObjectReference | undefined;
  readonly persistentVolumeReclaimPolicy?: PersistentVolumeReclaimPolicy | undefined;
  readonly storageClassName?: string | undefined;
  readonly mountOptions?: ReadonlyArray<string> | undefined;
  readonly volumeMode?: PersistentVolumeMode | undefined;
  readonly nodeAffinity?: VolumeNodeAffinity | undefined;
  readonly volumeAttributesClassName?: string | undefined;
}

export interface PersistentVolumeStatus {
  readonly phase?: PersistentVolumePhase | undefined;
  readonly message?: string | undefined;
  readonly reason?: string | undefined;
  readonly lastPhaseTransitionTime?: string | undefined;
}

export interface PersistentVolumeClaimSpec {
  readonly accessModes?: ReadonlyArray<PersistentVolumeAccessMode> | undefined;
  readonly selector?: LabelSelector | undefined;
  readonly resources?: VolumeResourceRequirements | undefined;
  readonly volumeName?: string | undefined;
  readonly storageClassName?: string | undefined;
  readonly volumeMode?: PersistentVolumeMode | undefined;
  readonly dataSource?: TypedLocalObjectReference | undefined;
  readonly dataSourceRef?: TypedObjectReference | undefined;
  readonly volumeAttributesClassName?: string | undefined;
}

export interface PersistentVolumeClaimStatus {
  readonly phase?: PersistentVolumeClaimPhase | undefined;
  readonly accessModes?: ReadonlyArray<PersistentVolumeAccessMode> | undefined;
  readonly capacity?: ResourceList | undefined;
  readonly conditions?: ReadonlyArray<PersistentVolumeClaimCondition> | undefined;
  readonly allocatedResources?: ResourceList | undefined;
  readonly allocatedResourceStatuses?: Readonly<Record<string, ClaimResourceStatus>> | undefined;
  readonly currentVolumeAttributesClassName?: string | undefined;
  readonly modifyVolumeStatus?: ModifyVolumeStatus | undefined;
}

export interface PodSpec {
  readonly volumes?: ReadonlyArray<Volume> | undefined;
  readonly initContainers?: ReadonlyArray<Container> | undefined;
  readonly containers: ReadonlyArray<Container>;
  readonly ephemeralContainers?: ReadonlyArray<EphemeralContainer> | undefined;
  readonly restartPolicy?: RestartPolicy | undefined;
  readonly terminationGracePeriodSeconds?: number | undefined;
  readonly activeDeadlineSeconds?: number | undefined;
  readonly dnsPolicy?: DNSPolicy | undefined;
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
  readonly serviceAccountName?: string | undefined;
  readonly serviceAccount?: string | undefined;
  readonly automountServiceAccountToken?: boolean | undefined;
  readonly nodeName?: string | undefined;
  readonly hostNetwork?: boolean | undefined;
  readonly hostPID?: boolean | undefined;
  readonly hostIPC?: boolean | undefined;
  readonly shareProcessNamespace?: boolean | undefined;
  readonly securityContext?: PodSecurityContext | undefined;
  readonly imagePullSecrets?: ReadonlyArray<LocalObjectReference> | undefined;
  readonly hostname?: string | undefined;
  readonly subdomain?: string | undefined;
  readonly affinity?: Affinity | undefined;
  readonly schedulerName?: string | undefined;
  readonly tolerations?: ReadonlyArray<Toleration> | undefined;
  readonly hostAliases?: ReadonlyArray<HostAlias> | undefined;
  readonly priorityClassName?: string | undefined;
  readonly priority?: number | undefined;
  readonly dnsConfig?: PodDNSConfig | undefined;
  readonly readinessGates?: ReadonlyArray<PodReadinessGate> | undefined;
  readonly runtimeClassName?: string | undefined;
  readonly enableServiceLinks?: boolean | undefined;
  readonly preemptionPolicy?: PreemptionPolicy | undefined;
  readonly overhead?: ResourceList | undefined;
  readonly topologySpreadConstraints?: ReadonlyArray<TopologySpreadConstraint> | undefined;
  readonly setHostnameAsFQDN?: boolean | undefined;
  readonly os?: PodOS | undefined;
  readonly hostUsers?: boolean | undefined;
  readonly schedulingGates?: ReadonlyArray<PodSchedulingGate> | undefined;
  readonly resourceClaims?: ReadonlyArray<PodResourceClaim> | undefined;
  readonly resources?: ResourceRequirements | undefined;
}

export interface PodStatus {
  readonly phase?: PodPhase | undefined;
  readonly conditions?: ReadonlyArray<PodCondition> | undefined;
  readonly message?: string | undefined;
  readonly reason?: string | undefined;
  readonly nominatedNodeName?: string | undefined;
  readonly hostIP?: string | undefined;
  readonly hostIPs?: ReadonlyArray<HostIP> | undefined;
  readonly podIP?: string | undefined;
  readonly podIPs?: ReadonlyArray<PodIP> | undefined;
  readonly startTime?: string | undefined;
  readonly initContainerStatuses?: ReadonlyArray<ContainerStatus> | undefined;
  readonly containerStatuses?: ReadonlyArray<ContainerStatus> | undefined;
  readonly qosClass?: PodQOSClass | undefined;
  readonly ephemeralContainerStatuses?: ReadonlyArray<ContainerStatus> | undefined;
  readonly resize?: PodResizeStatus | undefined;
  readonly resourceClaimStatuses?: ReadonlyArray<PodResourceClaimStatus> | undefined;
}

export interface PodTemplateSpec {
  readonly metadata?: ObjectMeta | undefined;
  readonly spec?: PodSpec | undefined;
}

export interface ReplicationControllerSpec {
  readonly replicas?: number | undefined;
  readonly minReadySeconds?: number | undefined;
  readonly selector?: Readonly<Record<string, string>> | undefined;
  readonly template?: PodTemplateSpec | undefined;
}

export interface ReplicationControllerStatus {
  readonly replicas: number;
  readonly fullyLabeledReplicas?: number | undefined;
  readonly readyReplicas?: number | undefined;
  readonly availableReplicas?: number | undefined;
  readonly observedGeneration?: number | undefined;
  readonly conditions?: ReadonlyArray<ReplicationControllerCondition> | undefined;
}

export interface ServiceSpec {
  readonly ports?: ReadonlyArray<ServicePort> | undefined;
  readonly selector?: Readonly<Record<string, string>> | undefined;
  readonly clusterIP?: string | undefined;
  readonly clusterIPs?: ReadonlyArray<string> | undefined;
  readonly type?: ServiceType | undefined;
  readonly externalIPs?: ReadonlyArray<string> | undefined;
  readonly sessionAffinity?: ServiceAffinity | undefined;
  readonly loadBalancerIP?: string | undefined;
  readonly loadBalancerSourceRanges?: ReadonlyArray<string> | undefined;
  readonly externalName?: string | undefined;
  readonly externalTrafficPolicy?: ServiceExternalTrafficPolicy | undefined;
  readonly healthCheckNodePort?: number | undefined;
  readonly publishNotReadyAddresses?: boolean | undefined;
  readonly sessionAffinityConfig?: SessionAffinityConfig | undefined;
  readonly ipFamilies?: ReadonlyArray<IPFamily> | undefined;
  readonly ipFamilyPolicy?: IPFamilyPolicy | undefined;
  readonly allocateLoadBalancerNodePorts?: boolean | undefined;
  readonly loadBalancerClass?: string | undefined;
  readonly internalTrafficPolicy?: ServiceInternalTrafficPolicy | undefined;
  readonly trafficDistribution?: string | undefined;
}

export interface ServiceStatus {
  readonly loadBalancer?: LoadBalancerStatus | undefined;
  readonly conditions?: ReadonlyArray<Condition> | undefined;
}

export interface ObjectReference {
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly uid?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly fieldPath?: string | undefined;
}

export interface LocalObjectReference {
  readonly name?: string | undefined;
}

export interface EndpointSubset {
  readonly addresses?: ReadonlyArray<EndpointAddress> | undefined;
  readonly notReadyAddresses?: ReadonlyArray<EndpointAddress> | undefined;
  readonly ports?: ReadonlyArray<EndpointPort> | undefined;
}

export interface NodeSpec {
  readonly podCIDR?: string | undefined;
  readonly podCIDRs?: ReadonlyArray<string> | undefined;
  readonly providerID?: string | undefined;
  readonly unschedulable?: boolean | undefined;
  readonly taints?: ReadonlyArray<Taint> | undefined;
  readonly configSource?: NodeConfigSource | undefined;
  readonly externalID?: string | undefined;
}

export interface NodeStatus {
  readonly capacity?: ResourceList | undefined;
  readonly allocatable?: ResourceList | undefined;
  readonly phase?: NodePhase | undefined;
  readonly conditions?: ReadonlyArray<NodeCondition> | undefined;
  readonly addresses?: ReadonlyArray<NodeAddress> | undefined;
  readonly daemonEndpoints?: NodeDaemonEndpoints | undefined;
  readonly nodeInfo?: NodeSystemInfo | undefined;
  readonly images?: ReadonlyArray<ContainerImage> | undefined;
  readonly volumesInUse?: ReadonlyArray<UniqueVolumeName> | undefined;
  readonly volumesAttached?: ReadonlyArray<AttachedVolume> | undefined;
  readonly config?: NodeConfigStatus | undefined;
  readonly runtimeHandlers?: ReadonlyArray<NodeRuntimeHandler> | undefined;
  readonly features?: NodeFeatures | undefined;
}

export interface NamespaceSpec {
  readonly finalizers?: ReadonlyArray<FinalizerName> | undefined;
}

export interface NamespaceStatus {
  readonly phase?: NamespacePhase | undefined;
  readonly conditions?: ReadonlyArray<NamespaceCondition> | undefined;
}

export interface EventSource {
  readonly component?: string | undefined;
  readonly host?: string | undefined;
}

export interface EventSeries {
  readonly count?: number | undefined;
  readonly lastObservedTime?: string | undefined;
}

export interface LimitRangeSpec {
  readonly limits: ReadonlyArray<LimitRangeItem>;
}

export interface ResourceQuotaSpec {
  readonly hard?: ResourceList | undefined;
  readonly scopes?: ReadonlyArray<ResourceQuotaScope> | undefined;
  readonly scopeSelector?: ScopeSelector | undefined;
}

export interface ResourceQuotaStatus {
  readonly hard?: ResourceList | undefined;
  readonly used?: ResourceList | undefined;
}

export type SecretType = string;

export interface ComponentCondition {
  readonly type: ComponentConditionType;
  readonly status: ConditionStatus;
  readonly message?: string | undefined;
  readonly error?: string | undefined;
}

export type AddressType = string;

export interface Endpoint {
  readonly addresses: ReadonlyArray<string>;
  readonly conditions?: EndpointConditions | undefined;
  readonly hostname?: string | undefined;
  readonly targetRef?: ObjectReference | undefined;
  readonly deprecatedTopology?: Readonly<Record<string, string>> | undefined;
  readonly nodeName?: string | undefined;
  readonly zone?: string | undefined;
  readonly hints?: EndpointHints | undefined;
}

export interface DiscoveryV1EndpointPort {
  readonly name?: string | undefined;
  readonly protocol?: Protocol | undefined;
  readonly port?: number | undefined;
  readonly appProtocol?: string | undefined;
}

export interface EventsV1EventSeries {
  readonly count: number;
  readonly lastObservedTime: string;
}

export interface FlowSchemaSpec {
  readonly priorityLevelConfiguration: PriorityLevelConfigurationReference;
  readonly matchingPrecedence?: number | undefined;
  readonly distinguisherMethod?: FlowDistinguisherMethod | undefined;
  readonly rules?: ReadonlyArray<PolicyRulesWithSubjects> | undefined;
}

export interface FlowSchemaStatus {
  readonly conditions?: ReadonlyArray<FlowSchemaCondition> | undefined;
}

export interface PriorityLevelConfigurationSpec {
  readonly type: PriorityLevelEnablement;
  readonly limited?: LimitedPriorityLevelConfiguration | undefined;
  readonly exempt?: ExemptPriorityLevelConfiguration | undefined;
}

export interface PriorityLevelConfigurationStatus {
  readonly conditions?: ReadonlyArray<PriorityLevelConfigurationCondition> | undefined;
}

export interface NetworkPolicySpec {
  readonly podSelector: LabelSelector;
  readonly ingress?: ReadonlyArray<NetworkPolicyIngressRule> | undefined;
  readonly egress?: ReadonlyArray<NetworkPolicyEgressRule> | undefined;
  readonly policyTypes?: ReadonlyArray<PolicyType> | undefined;
}

export interface IngressSpec {
  readonly ingressClassName?: string | undefined;
  readonly defaultBackend?: IngressBackend | undefined;
  readonly tls?: ReadonlyArray<IngressTLS> | undefined;
  readonly rules?: ReadonlyArray<IngressRule> | undefined;
}

export interface IngressStatus {
  readonly loadBalancer?: IngressLoadBalancerStatus | undefined;
}

export interface IngressClassSpec {
  readonly controller?: string | undefined;
  readonly parameters?: IngressClassParametersReference | undefined;
}

export interface Overhead {
  readonly podFixed?: ResourceList | undefined;
}

export interface Scheduling {
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
  readonly tolerations?: ReadonlyArray<Toleration> | undefined;
}

export interface PodDisruptionBudgetSpec {
  readonly minAvailable?: string | number | undefined;
  readonly selector?: LabelSelector | undefined;
  readonly maxUnavailable?: string | number | undefined;
  readonly unhealthyPodEvictionPolicy?: UnhealthyPodEvictionPolicyType | undefined;
}

export interface PodDisruptionBudgetStatus {
  readonly observedGeneration?: number | undefined;
  readonly disruptedPods?: Readonly<Record<string, string>> | undefined;
  readonly disruptionsAllowed: number;
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly expectedPods: number;
  readonly conditions?: ReadonlyArray<Condition> | undefined;
}

export interface DeleteOptions {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly gracePeriodSeconds?: number | undefined;
  readonly preconditions?: MetaV1Preconditions | undefined;
  readonly orphanDependents?: boolean | undefined;
  readonly propagationPolicy?: DeletionPropagation | undefined;
  readonly dryRun?: ReadonlyArray<string> | undefined;
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean | undefined;
}

export interface PolicyRule {
  readonly verbs: ReadonlyArray<string>;
  readonly apiGroups?: ReadonlyArray<string> | undefined;
  readonly resources?: ReadonlyArray<string> | undefined;
  readonly resourceNames?: ReadonlyArray<string> | undefined;
  readonly nonResourceURLs?: ReadonlyArray<string> | undefined;
}

export interface RbacV1Subject {
  readonly kind: string;
  readonly apiGroup?: string | undefined;
  readonly name: string;
  readonly namespace?: string | undefined;
}

export interface RoleRef {
  readonly apiGroup: string;
  readonly kind: string;
  readonly name: string;
}

export interface AggregationRule {
  readonly clusterRoleSelectors?: ReadonlyArray<LabelSelector> | undefined;
}

export type PreemptionPolicy = "PreemptLowerPriority" | "Never";

export type PersistentVolumeReclaimPolicy = "Recycle" | "Delete" | "Retain";

export type VolumeBindingMode = "Immediate" | "WaitForFirstConsumer";

export interface TopologySelectorTerm {
  readonly matchLabelExpressions?: ReadonlyArray<TopologySelectorLabelRequirement> | undefined;
}

export interface VolumeAttachmentSpec {
  readonly attacher: string;
  readonly source: VolumeAttachmentSource;
  readonly nodeName: string;
}

export interface VolumeAttachmentStatus {
  readonly attached: boolean;
  readonly attachmentMetadata?: Readonly<Record<string, string>> | undefined;
  readonly attachError?: VolumeError | undefined;
  readonly detachError?: VolumeError | undefined;
}

export interface CSIDriverSpec {
  readonly attachRequired?: boolean | undefined;
  readonly podInfoOnMount?: boolean | undefined;
  readonly volumeLifecycleModes?: ReadonlyArray<VolumeLifecycleMode> | undefined;
  readonly storageCapacity?: boolean | undefined;
  readonly fsGroupPolicy?: FSGroupPolicy | undefined;
  readonly tokenRequests?: ReadonlyArray<StorageV1TokenRequest> | undefined;
  readonly requiresRepublish?: boolean | undefined;
  readonly seLinuxMount?: boolean | undefined;
}

export interface CSINodeSpec {
  readonly drivers: ReadonlyArray<CSINodeDriver>;
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?: ReadonlyArray<LabelSelectorRequirement> | undefined;
}

export interface CustomResourceDefinitionSpec {
  readonly group: string;
  readonly names: CustomResourceDefinitionNames;
  readonly scope: ApiextensionsV1ResourceScope;
  readonly versions: ReadonlyArray<CustomResourceDefinitionVersion>;
  readonly conversion?: CustomResourceConversion | undefined;
  readonly preserveUnknownFields?: boolean | undefined;
}

export interface CustomResourceDefinitionStatus {
  readonly conditions?: ReadonlyArray<CustomResourceDefinitionCondition> | undefined;
  readonly acceptedNames?: CustomResourceDefinitionNames | undefined;
  readonly storedVersions?: ReadonlyArray<string> | undefined;
}

export interface APIServiceSpec {
  readonly service?: ApiregistrationV1ServiceReference | undefined;
  readonly group?: string | undefined;
  readonly version?: string | undefined;
  readonly insecureSkipTLSVerify?: boolean | undefined;
  readonly caBundle?: string | undefined;
  readonly groupPriorityMinimum: number;
  readonly versionPriority: number;
}

export interface APIServiceStatus {
  readonly conditions?: ReadonlyArray<APIServiceCondition> | undefined;
}

export type ResourceList = Readonly<Record<string, string | number>>;

export interface ContainerMetrics {
  readonly name: string;
  readonly usage: ResourceList;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean | undefined;
  readonly blockOwnerDeletion?: boolean | undefined;
}

export interface ManagedFieldsEntry {
  readonly manager?: string | undefined;
  readonly operation?: ManagedFieldsOperationType | undefined;
  readonly apiVersion?: string | undefined;
  readonly time?: string | undefined;
  readonly fieldsType?: string | undefined;
  readonly fieldsV1?: FieldsV1 | undefined;
  readonly subresource?: string | undefined;
}

export interface ParamKind {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
}

export interface MatchResources {
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly objectSelector?: LabelSelector | undefined;
  readonly resourceRules?: ReadonlyArray<NamedRuleWithOperations> | undefined;
  readonly excludeResourceRules?: ReadonlyArray<NamedRuleWithOperations> | undefined;
  readonly matchPolicy?: MatchPolicyType | undefined;
}

export interface Validation {
  readonly expression: string;
  readonly message?: string | undefined;
  readonly reason?: StatusReason | undefined;
  readonly messageExpression?: string | undefined;
}

export type FailurePolicyType = "Ignore" | "Fail";

export interface AuditAnnotation {
  readonly key: string;
  readonly valueExpression: string;
}

export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

export interface Variable {
  readonly name: string;
  readonly expression: string;
}

export interface TypeChecking {
  readonly expressionWarnings?: ReadonlyArray<ExpressionWarning> | undefined;
}

export interface Condition {
  readonly type: string;
  readonly status: MetaV1ConditionStatus;
  readonly observedGeneration?: number | undefined;
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

export interface ParamRef {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly selector?: LabelSelector | undefined;
  readonly parameterNotFoundAction?: ParameterNotFoundActionType | undefined;
}

export type ValidationAction = "Deny" | "Warn" | "Audit";

export interface AdmissionregistrationV1WebhookClientConfig {
  readonly url?: string | undefined;
  readonly service?: AdmissionregistrationV1ServiceReference | undefined;
  readonly caBundle?: string | undefined;
}

export interface RuleWithOperations {
  readonly operations?: ReadonlyArray<OperationType> | undefined;
  readonly apiGroups?: ReadonlyArray<string> | undefined;
  readonly apiVersions?: ReadonlyArray<string> | undefined;
  readonly resources?: ReadonlyArray<string> | undefined;
  readonly scope?: ScopeType | undefined;
}

export type MatchPolicyType = "Exact" | "Equivalent";

export type SideEffectClass = "Unknown" | "None" | "Some" | "NoneOnDryRun";

export type ReinvocationPolicyType = "Never" | "IfNeeded";

export type PodManagementPolicyType = "OrderedReady" | "Parallel";

export interface StatefulSetUpdateStrategy {
  readonly type?: StatefulSetUpdateStrategyType | undefined;
  readonly rollingUpdate?: RollingUpdateStatefulSetStrategy | undefined;
}

export interface StatefulSetPersistentVolumeClaimRetentionPolicy {
  readonly whenDeleted?: PersistentVolumeClaimRetentionPolicyType | undefined;
  readonly whenScaled?: PersistentVolumeClaimRetentionPolicyType | undefined;
}

export interface StatefulSetOrdinals {
  readonly start?: number | undefined;
}

export interface StatefulSetCondition {
  readonly type: StatefulSetConditionType;
  readonly status: ConditionStatus;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface DeploymentStrategy {
  readonly type?: DeploymentStrategyType | undefined;
  readonly rollingUpdate?: RollingUpdateDeployment | undefined;
}

export interface DeploymentCondition {
  readonly type: DeploymentConditionType;
  readonly status: ConditionStatus;
  readonly lastUpdateTime?: string | undefined;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface DaemonSetUpdateStrategy {
  readonly type?: DaemonSetUpdateStrategyType | undefined;
  readonly rollingUpdate?: RollingUpdateDaemonSet | undefined;
}

export interface DaemonSetCondition {
  readonly type: DaemonSetConditionType;
  readonly status: ConditionStatus;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface ReplicaSetCondition {
  readonly type: ReplicaSetConditionType;
  readonly status: ConditionStatus;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface UserInfo {
  readonly username?: string | undefined;
  readonly uid?: string | undefined;
  readonly groups?: ReadonlyArray<string> | undefined;
  readonly extra?: Readonly<Record<string, AuthenticationV1ExtraValue>> | undefined;
}

export interface ResourceAttributes {
  readonly namespace?: string | undefined;
  readonly verb?: string | undefined;
  readonly group?: string | undefined;
  readonly version?: string | undefined;
  readonly resource?: string | undefined;
  readonly subresource?: string | undefined;
  readonly name?: string | undefined;
  readonly fieldSelector?: FieldSelectorAttributes | undefined;
  readonly labelSelector?: LabelSelectorAttributes | undefined;
}

export interface NonResourceAttributes {
  readonly path?: string | undefined;
  readonly verb?: string | undefined;
}

export type AuthorizationV1ExtraValue = ReadonlyArray<string>;

export interface ResourceRule {
  readonly verbs: ReadonlyArray<string>;
  readonly apiGroups?: ReadonlyArray<string> | undefined;
  readonly resources?: ReadonlyArray<string> | undefined;
  readonly resourceNames?: ReadonlyArray<string> | undefined;
}

export interface NonResourceRule {
  readonly verbs: ReadonlyArray<string>;
  readonly nonResourceURLs?: ReadonlyArray<string> | undefined;
}

export interface AutoscalingV1CrossVersionObjectReference {
  readonly kind: string;
  readonly name: string;
  readonly apiVersion?: string | undefined;
}

export interface AutoscalingV2CrossVersionObjectReference {
  readonly kind: string;
  readonly name: string;
  readonly apiVersion?: string | undefined;
}

export interface AutoscalingV2MetricSpec {
  readonly type: AutoscalingV2MetricSourceType;
  readonly object?: AutoscalingV2ObjectMetricSource | undefined;
  readonly pods?: AutoscalingV2PodsMetricSource | undefined;
  readonly resource?: AutoscalingV2ResourceMetricSource | undefined;
  readonly containerResource?: AutoscalingV2ContainerResourceMetricSource | undefined;
  readonly external?: AutoscalingV2ExternalMetricSource | undefined;
}

export interface HorizontalPodAutoscalerBehavior {
  readonly scaleUp?: HPAScalingRules | undefined;
  readonly scaleDown?: HPAScalingRules | undefined;
}

export interface AutoscalingV2MetricStatus {
  readonly type: AutoscalingV2MetricSourceType;
  readonly object?: AutoscalingV2ObjectMetricStatus | undefined;
  readonly pods?: AutoscalingV2PodsMetricStatus | undefined;
  readonly resource?: AutoscalingV2ResourceMetricStatus | undefined;
  readonly containerResource?: AutoscalingV2ContainerResourceMetricStatus | undefined;
  readonly external?: AutoscalingV2ExternalMetricStatus | undefined;
}

export interface AutoscalingV2HorizontalPodAutoscalerCondition {
  readonly type: AutoscalingV2HorizontalPodAutoscalerConditionType;
  readonly status: ConditionStatus;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface PodFailurePolicy {
  readonly rules: ReadonlyArray<PodFailurePolicyRule>;
}

export interface SuccessPolicy {
  readonly rules: ReadonlyArray<SuccessPolicyRule>;
}

export type CompletionMode = "NonIndexed" | "Indexed";

export type PodReplacementPolicy = "TerminatingOrFailed" | "Failed";

export interface JobCondition {
  readonly type: JobConditionType;
  readonly status: ConditionStatus;
  readonly lastProbeTime?: string | undefined;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface UncountedTerminatedPods {
  readonly succeeded?: ReadonlyArray<string> | undefined;
  readonly failed?: ReadonlyArray<string> | undefined;
}

export type ConcurrencyPolicy = "Allow" | "Forbid" | "Replace";

export interface JobTemplateSpec {
  readonly metadata?: ObjectMeta | undefined;
  readonly spec?: JobSpec | undefined;
}

export type KeyUsage = "signing" | "digital signature" | "content commitment" | "key encipherment" | "key agreement" | "data encipherment" | "cert sign" | "crl sign" | "encipher only" | "decipher only" | "any" | "server auth" | "client auth" | "code signing" | "email protection" | "s/mime" | "ipsec end system" | "ipsec tunnel" | "ipsec user" | "timestamping" | "ocsp signing" | "microsoft sgc" | "netscape sgc";

export type CertificatesV1ExtraValue = ReadonlyArray<string>;

export interface CertificateSigningRequestCondition {
  readonly type: RequestConditionType;
  readonly status: ConditionStatus;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly lastUpdateTime?: string | undefined;
  readonly lastTransitionTime?: string | undefined;
}

export type CoordinatedLeaseStrategy = string;

export interface GCEPersistentDiskVolumeSource {
  readonly pdName: string;
  readonly fsType?: string | undefined;
  readonly partition?: number | undefined;
  readonly readOnly?: boolean | undefined;
}

export interface AWSElasticBlockStoreVolumeSource {
  readonly volumeID: string;
  readonly fsType?: string | undefined;
  readonly partition?: number | undefined;
  readonly readOnly?: boolean | undefined;
}

export interface HostPathVolumeSource {
  readonly path: string;
  readonly type?: HostPathType | undefined;
}

export interface GlusterfsPersistentVolumeSource {
  readonly endpoints: string;
  readonly path: string;
  readonly readOnly?: boolean | undefined;
  readonly endpointsNamespace?: string | undefined;
}

export interface NFSVolumeSource {
  readonly server: string;
  readonly path: string;
  readonly readOnly?: boolean | undefined;
}

export interface RBDPersistentVolumeSource {
  readonly monitors: ReadonlyArray<string>;
  readonly image: string;
  readonly fsType?: string | undefined;
  readonly pool?: string | undefined;
  readonly user?: string | undefined;
  readonly keyring?: string | undefined;
  readonly secretRef?: SecretReference | undefined;
  readonly readOnly?: boolean | undefined;
}

export interface ISCSIPersistentVolumeSource {
  readonly targetPortal: string;
  readonly iqn: string;
  readonly lun: number;
  readonly iscsiInterface?: string | undefined;
  readonly fsType?: string | undefined;
  readonly readOnly?: boolean | undefined;
  readonly portals?: ReadonlyArray<string> | undefined;
  readonly chapAuthDiscovery?: boolean | undefined;
  readonly chapAuthSession?: boolean | undefined;
  readonly secretRef?: SecretReference | undefined;
  readonly initiatorName?: string | undefined;
}

export interface CinderPersistentVolumeSource {
  readonly volumeID: string;
  readonly fsType?: string | undefined;
  readonly readOnly?: boolean | undefined;
  readonly secretRef?: SecretReference | undefined;
}

export interface CephFSPersistentVolumeSource {
  readonly monitors: ReadonlyArray<string>;
  readonly path?: string | undefined;
  readonly user?: string | undefined;
  readonly secretFile?: string | undefined;
  readonly secretRef?: SecretReference | undefined;
  readonly readOnly?: boolean | undefined;
}

export interface FCVolumeSource {
  readonly targetWWNs?: ReadonlyArray<string> | undefined;
  readonly lun?: number | undefined;
  readonly fsType?: string | undefined;
  readonly readOnly?: boolean | undefined;
  readonly wwids?: ReadonlyArray<string> | undefined;
}

export interface FlockerVolumeSource {
  readonly datasetName?: string | undefined;
  readonly datasetUUID?: string | undefined;
}

export interface FlexPersistentVolumeSource {
  readonly driver: string;
  readonly fsType?: string | undefined;
  readonly secretRef?: SecretReference | undefined;
  readonly readOnly?: boolean | undefined;
  readonly options?: Readonly<Record<string, string>> | undefined;
}

export interface AzureFilePersistentVolumeSource {
  readonly secretName: string;
  readonly shareName: string;
  readonly readOnly?: boolean | undefined;
  readonly secretNamespace?: string | undefined;
}

export interface VsphereVirtualDiskVolumeSource {
  readonly volumePath: string;
  readonly fsType?: string | undefined;
  readonly storagePolicyName?: string | undefined;
  readonly storagePolicyID?: string | undefined;
}

export interface QuobyteVolumeSource {
  readonly registry: string;
  readonly volume: string;
  readonly readOnly?: boolean | undefined;
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly tenant?: string | undefined;
}

export interface AzureDiskVolumeSource {
  readonly diskName: string;
  readonly diskURI: string;
  readonly cachingMode?: AzureDataDiskCachingMode | undefined;
  readonly fsType?: string | undefined;
  readonly readOnly?: boolean | undefined;
  readonly kind?: AzureDataDiskKind | undefined;
}

export interface PhotonPersistentDiskVolumeSource {
  readonly pdID: string;
  readonly fsType?: string | undefined;
}

export interface PortworxVolumeSource {
  readonly volumeID: string;
  readonly fsType?: string | undefined;
  readonly readOnly?: boolean | undefined;
}

export interface ScaleIOPersistentVolumeSource {
  readonly gateway: string;
  readonly system: string;
  readonly secretRef: SecretReference;
  readonly sslEnabled?: boolean | undefined;
  readonly protectionDomain?: string | undefined;
  readonly storagePool?: string | undefined;
  readonly storageMode?: string | undefined;
  readonly volumeName?: string | undefined;
  readonly fsType?: string | undefined;
  readonly readOnly?: boolean | undefined;
}

export interface LocalVolumeSource {
  readonly path: string;
  readonly fsType?: string | undefined;
}

export interface StorageOSPersistentVolumeSource {
  readonly volumeName?: string | undefined;
  readonly volumeNamespace?: string | undefined;
  readonly fsType?: string | undefined;
  readonly readOnly?: boolean | undefined;
  readonly secretRef?: ObjectReference | undefined;
}

export interface CSIPersistentVolumeSource {
  readonly driver: string;
  readonly volumeHandle: string;
  readonly readOnly?: boolean | undefined;
  readonly fsType?: string | undefined;
  readonly volumeAttributes?: Readonly<Record<string, string>> | undefined;
  readonly controllerPublishSecretRef?: SecretReference | undefined;
  readonly nodeStageSecretRef?: SecretReference | undefined;
  readonly nodePublishSecretRef?: SecretReference | undefined;
  readonly controllerExpandSecretRef?: SecretReference | undefined;
  readonly nodeExpandSecretRef?: SecretReference | undefined;
}

export type PersistentVolumeAccessMode = "ReadWriteOnce" | "ReadOnlyMany" | "ReadWriteMany" | "ReadWriteOncePod";

export type PersistentVolumeMode = "Block" | "Filesystem";

export interface VolumeNodeAffinity {
  readonly required?: NodeSelector | undefined;
}

export type PersistentVolumePhase = "Pending" | "Available" | "Bound" | "Released" | "Failed";

export interface VolumeResourceRequirements {
  readonly limits?: ResourceList | undefined;
  readonly requests?: ResourceList | undefined;
}

export interface TypedLocalObjectReference {
  readonly apiGroup?: string | undefined;
  readonly kind: string;
  readonly name: string;
}

export interface TypedObjectReference {
  readonly apiGroup?: string | undefined;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
}

export type PersistentVolumeClaimPhase = "Pending" | "Bound" | "Lost";

export interface PersistentVolumeClaimCondition {
  readonly type: PersistentVolumeClaimConditionType;
  readonly status: ConditionStatus;
  readonly lastProbeTime?: string | undefined;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export type ClaimResourceStatus = "ControllerResizeInProgress" | "ControllerResizeInfeasible" | "NodeResizePending" | "NodeResizeInProgress" | "NodeResizeInfeasible";

export interface ModifyVolumeStatus {
  readonly targetVolumeAttributesClassName?: string | undefined;
  readonly status: PersistentVolumeClaimModifyVolumeStatus;
}

export interface Volume {
  readonly name: string;
  readonly hostPath?: HostPathVolumeSource | undefined;
  readonly emptyDir?: EmptyDirVolumeSource | undefined;
  readonly gcePersistentDisk?: GCEPersistentDiskVolumeSource | undefined;
  readonly awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource | undefined;
  readonly gitRepo?: GitRepoVolumeSource | undefined;
  readonly secret?: SecretVolumeSource | undefined;
  readonly nfs?: NFSVolumeSource | undefined;
  readonly iscsi?: ISCSIVolumeSource | undefined;
  readonly glusterfs?: GlusterfsVolumeSource | undefined;
  readonly persistentVolumeClaim?: PersistentVolumeClaimVolumeSource | undefined;
  readonly rbd?: RBDVolumeSource | undefined;
  readonly flexVolume?: FlexVolumeSource | undefined;
  readonly cinder?: CinderVolumeSource | undefined;
  readonly cephfs?: CephFSVolumeSource | undefined;
  readonly flocker?: FlockerVolumeSource | undefined;
  readonly downwardAPI?: DownwardAPIVolumeSource | undefined;
  readonly fc?: FCVolumeSource | undefined;
  readonly azureFile?: AzureFileVolumeSource | undefined;
  readonly configMap?: ConfigMapVolumeSource | undefined;
  readonly vsphereVolume?: VsphereVirtualDiskVolumeSource | undefined;
  readonly quobyte?: QuobyteVolumeSource | undefined;
  readonly azureDisk?: AzureDiskVolumeSource | undefined;
  readonly photonPersistentDisk?: PhotonPersistentDiskVolumeSource | undefined;
  readonly projected?: ProjectedVolumeSource | undefined;
  readonly portworxVolume?: PortworxVolumeSource | undefined;
  readonly scaleIO?: ScaleIOVolumeSource | undefined;
  readonly storageos?: StorageOSVolumeSource | undefined;
  readonly csi?: CSIVolumeSource | undefined;
  readonly ephemeral?: EphemeralVolumeSource | undefined;
  readonly image?: ImageVolumeSource | undefined;
}

export interface Container {
  readonly name: string;
  readonly image?: string | undefined;
  readonly command?: ReadonlyArray<string> | undefined;
  readonly args?: ReadonlyArray<string> | undefined;
  readonly workingDir?: string | undefined;
  readonly ports?: ReadonlyArray<ContainerPort> | undefined;
  readonly envFrom?: ReadonlyArray<EnvFromSource> | undefined;
  readonly env?: ReadonlyArray<EnvVar> | undefined;
  readonly resources?: ResourceRequirements | undefined;
  readonly resizePolicy?: ReadonlyArray<ContainerResizePolicy> | undefined;
  readonly restartPolicy?: ContainerRestartPolicy | undefined;
  readonly volumeMounts?: ReadonlyArray<VolumeMount> | undefined;
  readonly volumeDevices?: ReadonlyArray<VolumeDevice> | undefined;
  readonly livenessProbe?: Probe | undefined;
  readonly readinessProbe?: Probe | undefined;
  readonly startupProbe?: Probe | undefined;
  readonly lifecycle?: Lifecycle | undefined;
  readonly terminationMessagePath?: string | undefined;
  readonly terminationMessagePolicy?: TerminationMessagePolicy | undefined;
  readonly imagePullPolicy?: PullPolicy | undefined;
  readonly securityContext?: SecurityContext | undefined;
  readonly stdin?: boolean | undefined;
  readonly stdinOnce?: boolean | undefined;
  readonly tty?: boolean | undefined;
}

export interface EphemeralContainer {
  readonly name: string;
  readonly image?: string | undefined;
  readonly command?: ReadonlyArray<string> | undefined;
  readonly args?: ReadonlyArray<string> | undefined;
  readonly workingDir?: string | undefined;
  readonly ports?: ReadonlyArray<ContainerPort> | undefined;
  readonly envFrom?: ReadonlyArray<EnvFromSource> | undefined;
  readonly env?: ReadonlyArray<EnvVar> | undefined;
  readonly resources?: ResourceRequirements | undefined;
  readonly resizePolicy?: ReadonlyArray<ContainerResizePolicy> | undefined;
  readonly restartPolicy?: ContainerRestartPolicy | undefined;
  readonly volumeMounts?: ReadonlyArray<VolumeMount> | undefined;
  readonly volumeDevices?: ReadonlyArray<VolumeDevice> | undefined;
  readonly livenessProbe?: Probe | undefined;
  readonly readinessProbe?: Probe | undefined;
  readonly startupProbe?: Probe | undefined;
  readonly lifecycle?: Lifecycle | undefined;
  readonly terminationMessagePath?: string | undefined;
  readonly terminationMessagePolicy?: TerminationMessagePolicy | undefined;
  readonly imagePullPolicy?: PullPolicy | undefined;
  readonly securityContext?: SecurityContext | undefined;
  readonly stdin?: boolean | undefined;
  readonly stdinOnce?: boolean | undefined;
  readonly tty?: boolean | undefined;
  readonly targetContainerName?: string | undefined;
}

export type RestartPolicy = "Always" | "OnFailure" | "Never";

export type DNSPolicy = "ClusterFirstWithHostNet" | "ClusterFirst" | "Default" | "None";

export interface PodSecurityContext {
  readonly seLinuxOptions?: SELinuxOptions | undefined;
  readonly windowsOptions?: WindowsSecurityContextOptions | undefined;
  readonly runAsUser?: number | undefined;
  readonly runAsGroup?: number | undefined;
  readonly runAsNonRoot?: boolean | undefined;
  readonly supplementalGroups?: ReadonlyArray<number> | undefined;
  readonly supplementalGroupsPolicy?: SupplementalGroupsPolicy | undefined;
  readonly fsGroup?: number | undefined;
  readonly sysctls?: ReadonlyArray<Sysctl> | undefined;
  readonly fsGroupChangePolicy?: PodFSGroupChangePolicy | undefined;
  readonly seccompProfile?: SeccompProfile | undefined;
  readonly appArmorProfile?: AppArmorProfile | undefined;
  readonly seLinuxChangePolicy?: PodSELinuxChangePolicy | undefined;
}

export interface Affinity {
  readonly nodeAffinity?: NodeAffinity | undefined;
  readonly podAffinity?: PodAffinity | undefined;
  readonly podAntiAffinity?: PodAntiAffinity | undefined;
}

export interface Toleration {
  readonly key?: string | undefined;
  readonly operator?: TolerationOperator | undefined;
  readonly value?: string | undefined;
  readonly effect?: TaintEffect | undefined;
  readonly tolerationSeconds?: number | undefined;
}

export interface HostAlias {
  readonly ip: string;
  readonly hostnames?: ReadonlyArray<string> | undefined;
}

export interface PodDNSConfig {
  readonly nameservers?: ReadonlyArray<string> | undefined;
  readonly searches?: ReadonlyArray<string> | undefined;
  readonly options?: ReadonlyArray<PodDNSConfigOption> | undefined;
}

export interface PodReadinessGate {
  readonly conditionType: PodConditionType;
}

export interface TopologySpreadConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly whenUnsatisfiable: UnsatisfiableConstraintAction;
  readonly labelSelector?: LabelSelector | undefined;
  readonly minDomains?: number | undefined;
  readonly nodeAffinityPolicy?: NodeInclusionPolicy | undefined;
  readonly nodeTaintsPolicy?: NodeInclusionPolicy | undefined;
  readonly matchLabelKeys?: ReadonlyArray<string> | undefined;
}

export interface PodOS {
  readonly name: OSName;
}

export interface PodSchedulingGate {
  readonly name: string;
}

export interface PodResourceClaim {
  readonly name: string;
  readonly resourceClaimName?: string | undefined;
  readonly resourceClaimTemplateName?: string | undefined;
}

export interface ResourceRequirements {
  readonly limits?: ResourceList | undefined;
  readonly requests?: ResourceList | undefined;
  readonly claims?: ReadonlyArray<ResourceClaim> | undefined;
}

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";

export interface PodCondition {
  readonly type: PodConditionType;
  readonly status: ConditionStatus;
  readonly lastProbeTime?: string | undefined;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface HostIP {
  readonly ip: string;
}

export interface PodIP {
  readonly ip: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly state?: ContainerState | undefined;
  readonly lastState?: ContainerState | undefined;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly image: string;
  readonly imageID: string;
  readonly containerID?: string | undefined;
  readonly started?: boolean | undefined;
  readonly allocatedResources?: ResourceList | undefined;
  readonly resources?: ResourceRequirements | undefined;
  readonly volumeMounts?: ReadonlyArray<VolumeMountStatus> | undefined;
  readonly user?: ContainerUser | undefined;
  readonly allocatedResourcesStatus?: ReadonlyArray<ResourceStatus> | undefined;
}

export type PodQOSClass = "Guaranteed" | "Burstable" | "BestEffort";

export type PodResizeStatus = string;

export interface PodResourceClaimStatus {
  readonly name: string;
  readonly resourceClaimName?: string | undefined;
}

export interface ReplicationControllerCondition {
  readonly type: ReplicationControllerConditionType;
  readonly status: ConditionStatus;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface ServicePort {
  readonly name?: string | undefined;
  readonly protocol?: Protocol | undefined;
  readonly appProtocol?: string | undefined;
  readonly port: number;
  readonly targetPort?: string | number | undefined;
  readonly nodePort?: number | undefined;
}

export type ServiceType = "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";

export type ServiceAffinity = "ClientIP" | "None";

export type ServiceExternalTrafficPolicy = "Cluster" | "Local";

export interface SessionAffinityConfig {
  readonly clientIP?: ClientIPConfig | undefined;
}

export type IPFamily = "IPv4" | "IPv6" | "";

export type IPFamilyPolicy = "SingleStack" | "PreferDualStack" | "RequireDualStack";

export type ServiceInternalTrafficPolicy = "Cluster" | "Local";

export interface LoadBalancerStatus {
  readonly ingress?: ReadonlyArray<LoadBalancerIngress> | undefined;
}

export interface EndpointAddress {
  readonly ip: string;
  readonly hostname?: string | undefined;
  readonly nodeName?: string | undefined;
  readonly targetRef?: ObjectReference | undefined;
}

export interface EndpointPort {
  readonly name?: string | undefined;
  readonly port: number;
  readonly protocol?: Protocol | undefined;
  readonly appProtocol?: string | undefined;
}

export interface Taint {
  readonly key: string;
  readonly value?: string | undefined;
  readonly effect: TaintEffect;
  readonly timeAdded?: string | undefined;
}

export interface NodeConfigSource {
  readonly configMap?: ConfigMapNodeConfigSource | undefined;
}

export type NodePhase = "Pending" | "Running" | "Terminated";

export interface NodeCondition {
  readonly type: NodeConditionType;
  readonly status: ConditionStatus;
  readonly lastHeartbeatTime?: string | undefined;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface NodeAddress {
  readonly type: NodeAddressType;
  readonly address: string;
}

export interface NodeDaemonEndpoints {
  readonly kubeletEndpoint?: DaemonEndpoint | undefined;
}

export interface NodeSystemInfo {
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly containerRuntimeVersion: string;
  readonly kubeletVersion: string;
  readonly kubeProxyVersion: string;
  readonly operatingSystem: string;
  readonly architecture: string;
}

export interface ContainerImage {
  readonly names?: ReadonlyArray<string> | undefined;
  readonly sizeBytes?: number | undefined;
}

export type UniqueVolumeName = string;

export interface AttachedVolume {
  readonly name: UniqueVolumeName;
  readonly devicePath: string;
}

export interface NodeConfigStatus {
  readonly assigned?: NodeConfigSource | undefined;
  readonly active?: NodeConfigSource | undefined;
  readonly lastKnownGood?: NodeConfigSource | undefined;
  readonly error?: string | undefined;
}

export interface NodeRuntimeHandler {
  readonly name?: string | undefined;
  readonly features?: NodeRuntimeHandlerFeatures | undefined;
}

export interface NodeFeatures {
  readonly supplementalGroupsPolicy?: boolean | undefined;
}

export type FinalizerName = string;

export type NamespacePhase = "Active" | "Terminating";

export interface NamespaceCondition {
  readonly type: NamespaceConditionType;
  readonly status: ConditionStatus;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface LimitRangeItem {
  readonly type: LimitType;
  readonly max?: ResourceList | undefined;
  readonly min?: ResourceList | undefined;
  readonly default?: ResourceList | undefined;
  readonly defaultRequest?: ResourceList | undefined;
  readonly maxLimitRequestRatio?: ResourceList | undefined;
}

export type ResourceQuotaScope = "Terminating" | "NotTerminating" | "BestEffort" | "NotBestEffort" | "PriorityClass" | "CrossNamespacePodAffinity";

export interface ScopeSelector {
  readonly matchExpressions?: ReadonlyArray<ScopedResourceSelectorRequirement> | undefined;
}

export type ComponentConditionType = string;

export type ConditionStatus = string;

export interface EndpointConditions {
  readonly ready?: boolean | undefined;
  readonly serving?: boolean | undefined;
  readonly terminating?: boolean | undefined;
}

export interface EndpointHints {
  readonly forZones?: ReadonlyArray<ForZone> | undefined;
}

export type Protocol = "TCP" | "UDP" | "SCTP";

export interface PriorityLevelConfigurationReference {
  readonly name: string;
}

export interface FlowDistinguisherMethod {
  readonly type: FlowDistinguisherMethodType;
}

export interface PolicyRulesWithSubjects {
  readonly subjects: ReadonlyArray<FlowcontrolV1Subject>;
  readonly resourceRules?: ReadonlyArray<ResourcePolicyRule> | undefined;
  readonly nonResourceRules?: ReadonlyArray<NonResourcePolicyRule> | undefined;
}

export interface FlowSchemaCondition {
  readonly type?: FlowSchemaConditionType | undefined;
  readonly status?: FlowcontrolV1ConditionStatus | undefined;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export type PriorityLevelEnablement = string;

export interface LimitedPriorityLevelConfiguration {
  readonly nominalConcurrencyShares?: number | undefined;
  readonly limitResponse?: LimitResponse | undefined;
  readonly lendablePercent?: number | undefined;
  readonly borrowingLimitPercent?: number | undefined;
}

export interface ExemptPriorityLevelConfiguration {
  readonly nominalConcurrencyShares?: number | undefined;
  readonly lendablePercent?: number | undefined;
}

export interface PriorityLevelConfigurationCondition {
  readonly type?: PriorityLevelConfigurationConditionType | undefined;
  readonly status?: FlowcontrolV1ConditionStatus | undefined;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface NetworkPolicyIngressRule {
  readonly ports?: ReadonlyArray<NetworkPolicyPort> | undefined;
  readonly from?: ReadonlyArray<NetworkPolicyPeer> | undefined;
}

export interface NetworkPolicyEgressRule {
  readonly ports?: ReadonlyArray<NetworkPolicyPort> | undefined;
  readonly to?: ReadonlyArray<NetworkPolicyPeer> | undefined;
}

export type PolicyType = "Ingress" | "Egress";

export interface IngressBackend {
  readonly service?: IngressServiceBackend | undefined;
  readonly resource?: TypedLocalObjectReference | undefined;
}

export interface IngressTLS {
  readonly hosts?: ReadonlyArray<string> | undefined;
  readonly secretName?: string | undefined;
}

export interface IngressRule {
  readonly host?: string | undefined;
  readonly http?: HTTPIngressRuleValue | undefined;
}

export interface IngressLoadBalancerStatus {
  readonly ingress?: ReadonlyArray<IngressLoadBalancerIngress> | undefined;
}

export interface IngressClassParametersReference {
  readonly apiGroup?: string | undefined;
  readonly kind: string;
  readonly name: string;
  readonly scope?: string | undefined;
  readonly namespace?: string | undefined;
}

export type UnhealthyPodEvictionPolicyType = "IfHealthyBudget" | "AlwaysAllow";

export interface MetaV1Preconditions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

export type DeletionPropagation = string;

export interface TopologySelectorLabelRequirement {
  readonly key: string;
  readonly values: ReadonlyArray<string>;
}

export interface VolumeAttachmentSource {
  readonly persistentVolumeName?: string | undefined;
  readonly inlineVolumeSpec?: PersistentVolumeSpec | undefined;
}

export interface VolumeError {
  readonly time?: string | undefined;
  readonly message?: string | undefined;
}

export type VolumeLifecycleMode = string;

export type FSGroupPolicy = string;

export interface StorageV1TokenRequest {
  readonly audience: string;
  readonly expirationSeconds?: number | undefined;
}

export interface CSINodeDriver {
  readonly name: string;
  readonly nodeID: string;
  readonly topologyKeys?: ReadonlyArray<string> | undefined;
  readonly allocatable?: VolumeNodeResources | undefined;
}

export interface LabelSelectorRequirement {
  readonly key: string;
  readonly operator: LabelSelectorOperator;
  readonly values?: ReadonlyArray<string> | undefined;
}

export interface CustomResourceDefinitionNames {
  readonly plural: string;
  readonly singular?: string | undefined;
  readonly shortNames?: ReadonlyArray<string> | undefined;
  readonly kind: string;
  readonly listKind?: string | undefined;
  readonly categories?: ReadonlyArray<string> | undefined;
}

export type ApiextensionsV1ResourceScope = string;

export interface CustomResourceDefinitionVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated?: boolean | undefined;
  readonly deprecationWarning?: string | undefined;
  readonly schema?: CustomResourceValidation | undefined;
  readonly subresources?: CustomResourceSubresources | undefined;
  readonly additionalPrinterColumns?: ReadonlyArray<CustomResourceColumnDefinition> | undefined;
  readonly selectableFields?: ReadonlyArray<SelectableField> | undefined;
}

export interface CustomResourceConversion {
  readonly strategy: ConversionStrategyType;
  readonly webhook?: WebhookConversion | undefined;
}

export interface CustomResourceDefinitionCondition {
  readonly type: CustomResourceDefinitionConditionType;
  readonly status: ApiextensionsV1ConditionStatus;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface ApiregistrationV1ServiceReference {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly port?: number | undefined;
}

export interface APIServiceCondition {
  readonly type: APIServiceConditionType;
  readonly status: ApiregistrationV1ConditionStatus;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export type ManagedFieldsOperationType = string;

export interface FieldsV1 {

}

export interface NamedRuleWithOperations {
  readonly resourceNames?: ReadonlyArray<string> | undefined;
  readonly operations?: ReadonlyArray<OperationType> | undefined;
  readonly apiGroups?: ReadonlyArray<string> | undefined;
  readonly apiVersions?: ReadonlyArray<string> | undefined;
  readonly resources?: ReadonlyArray<string> | undefined;
  readonly scope?: ScopeType | undefined;
}

export type StatusReason = string;

export interface ExpressionWarning {
  readonly fieldRef: string;
  readonly warning: string;
}

export type MetaV1ConditionStatus = string;

export type ParameterNotFoundActionType = string;

export interface AdmissionregistrationV1ServiceReference {
  readonly namespace: string;
  readonly name: string;
  readonly path?: string | undefined;
  readonly port?: number | undefined;
}

export type OperationType = "*" | "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

export type ScopeType = "Cluster" | "Namespaced" | "*";

export type StatefulSetUpdateStrategyType = "RollingUpdate" | "OnDelete";

export interface RollingUpdateStatefulSetStrategy {
  readonly partition?: number | undefined;
  readonly maxUnavailable?: string | number | undefined;
}

export type PersistentVolumeClaimRetentionPolicyType = string;

export type StatefulSetConditionType = string;

export type DeploymentStrategyType = "Recreate" | "RollingUpdate";

export interface RollingUpdateDeployment {
  readonly maxUnavailable?: string | number | undefined;
  readonly maxSurge?: string | number | undefined;
}

export type DeploymentConditionType = string;

export type DaemonSetUpdateStrategyType = "RollingUpdate" | "OnDelete";

export interface RollingUpdateDaemonSet {
  readonly maxUnavailable?: string | number | undefined;
  readonly maxSurge?: string | number | undefined;
}

export type DaemonSetConditionType = string;

export type ReplicaSetConditionType = string;

export type AuthenticationV1ExtraValue = ReadonlyArray<string>;

export interface FieldSelectorAttributes {
  readonly rawSelector?: string | undefined;
  readonly requirements?: ReadonlyArray<FieldSelectorRequirement> | undefined;
}

export interface LabelSelectorAttributes {
  readonly rawSelector?: string | undefined;
  readonly requirements?: ReadonlyArray<LabelSelectorRequirement> | undefined;
}

export type AutoscalingV2MetricSourceType = string;

export interface AutoscalingV2ObjectMetricSource {
  readonly describedObject: AutoscalingV2CrossVersionObjectReference;
  readonly target: MetricTarget;
  readonly metric: MetricIdentifier;
}

export interface AutoscalingV2PodsMetricSource {
  readonly metric: MetricIdentifier;
  readonly target: MetricTarget;
}

export interface AutoscalingV2ResourceMetricSource {
  readonly name: ResourceName;
  readonly target: MetricTarget;
}

export interface AutoscalingV2ContainerResourceMetricSource {
  readonly name: ResourceName;
  readonly target: MetricTarget;
  readonly container: string;
}

export interface AutoscalingV2ExternalMetricSource {
  readonly metric: MetricIdentifier;
  readonly target: MetricTarget;
}

export interface HPAScalingRules {
  readonly stabilizationWindowSeconds?: number | undefined;
  readonly selectPolicy?: ScalingPolicySelect | undefined;
  readonly policies?: ReadonlyArray<HPAScalingPolicy> | undefined;
}

export interface AutoscalingV2ObjectMetricStatus {
  readonly metric: MetricIdentifier;
  readonly current: MetricValueStatus;
  readonly describedObject: AutoscalingV2CrossVersionObjectReference;
}

export interface AutoscalingV2PodsMetricStatus {
  readonly metric: MetricIdentifier;
  readonly current: MetricValueStatus;
}

export interface AutoscalingV2ResourceMetricStatus {
  readonly name: ResourceName;
  readonly current: MetricValueStatus;
}

export interface AutoscalingV2ContainerResourceMetricStatus {
  readonly name: ResourceName;
  readonly current: MetricValueStatus;
  readonly container: string;
}

export interface AutoscalingV2ExternalMetricStatus {
  readonly metric: MetricIdentifier;
  readonly current: MetricValueStatus;
}

export type AutoscalingV2HorizontalPodAutoscalerConditionType = string;

export interface PodFailurePolicyRule {
  readonly action: PodFailurePolicyAction;
  readonly onExitCodes?: PodFailurePolicyOnExitCodesRequirement | undefined;
  readonly onPodConditions?: ReadonlyArray<PodFailurePolicyOnPodConditionsPattern> | undefined;
}

export interface SuccessPolicyRule {
  readonly succeededIndexes?: string | undefined;
  readonly succeededCount?: number | undefined;
}

export type JobConditionType = string;

export type RequestConditionType = string;

export type HostPathType = "" | "DirectoryOrCreate" | "Directory" | "FileOrCreate" | "File" | "Socket" | "CharDevice" | "BlockDevice";

export interface SecretReference {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

export type AzureDataDiskCachingMode = "None" | "ReadOnly" | "ReadWrite";

export type AzureDataDiskKind = "Shared" | "Dedicated" | "Managed";

export interface NodeSelector {
  readonly nodeSelectorTerms: ReadonlyArray<NodeSelectorTerm>;
}

export type PersistentVolumeClaimConditionType = string;

export type PersistentVolumeClaimModifyVolumeStatus = "Pending" | "InProgress" | "Infeasible";

export interface EmptyDirVolumeSource {
  readonly medium?: StorageMedium | undefined;
  readonly sizeLimit?: string | number | undefined;
}

export interface GitRepoVolumeSource {
  readonly repository: string;
  readonly revision?: string | undefined;
  readonly directory?: string | undefined;
}

export interface SecretVolumeSource {
  readonly secretName?: string | undefined;
  readonly items?: ReadonlyArray<KeyToPath> | undefined;
  readonly defaultMode?: number | undefined;
  readonly optional?: boolean | undefined;
}

export interface ISCSIVolumeSource {
  readonly targetPortal: string;
  readonly iqn: string;
  readonly lun: number;
  readonly iscsiInterface?: string | undefined;
  readonly fsType?: string | undefined;
  readonly readOnly?: boolean | undefined;
  readonly portals?: ReadonlyArray<string> | undefined;
  readonly chapAuthDiscovery?: boolean | undefined;
  readonly chapAuthSession?: boolean | undefined;
  readonly secretRef?: LocalObjectReference | undefined;
  readonly initiatorName?: string | undefined;
}

export interface GlusterfsVolumeSource {
  readonly endpoints: string;
  readonly path: string;
  readonly readOnly?: boolean | undefined;
}

export interface PersistentVolumeClaimVolumeSource {
  readonly claimName: string;
  readonly readOnly?: boolean | undefined;
}

export interface RBDVolumeSource {
  readonly monitors: ReadonlyArray<string>;
  readonly image: string;
  readonly fsType?: string | undefined;
  readonly pool?: string | undefined;
  readonly user?: string | undefined;
  readonly keyring?: string | undefined;
  readonly secretRef?: LocalObjectReference | undefined;
  readonly readOnly?: boolean | undefined;
}

export interface FlexVolumeSource {
  readonly driver: string;
  readonly fsType?: string | undefined;
  readonly secretRef?: LocalObjectReference | undefined;
  readonly readOnly?: boolean | undefined;
  readonly options?: Readonly<Record<string, string>> | undefined;
}

export interface CinderVolumeSource {
  readonly volumeID: string;
  readonly fsType?: string | undefined;
  readonly readOnly?: boolean | undefined;
  readonly secretRef?: LocalObjectReference | undefined;
}

export interface CephFSVolumeSource {
  readonly monitors: ReadonlyArray<string>;
  readonly path?: string | undefined;
  readonly user?: string | undefined;
  readonly secretFile?: string | undefined;
  readonly secretRef?: LocalObjectReference | undefined;
  readonly readOnly?: boolean | undefined;
}

export interface DownwardAPIVolumeSource {
  readonly items?: ReadonlyArray<DownwardAPIVolumeFile> | undefined;
  readonly defaultMode?: number | undefined;
}

export interface AzureFileVolumeSource {
  readonly secretName: string;
  readonly shareName: string;
  readonly readOnly?: boolean | undefined;
}

export interface ConfigMapVolumeSource {
  readonly name?: string | undefined;
  readonly items?: ReadonlyArray<KeyToPath> | undefined;
  readonly defaultMode?: number | undefined;
  readonly optional?: boolean | undefined;
}

export interface ProjectedVolumeSource {
  readonly sources?: ReadonlyArray<VolumeProjection> | undefined;
  readonly defaultMode?: number | undefined;
}

export interface ScaleIOVolumeSource {
  readonly gateway: string;
  readonly system: string;
  readonly secretRef: LocalObjectReference;
  readonly sslEnabled?: boolean | undefined;
  readonly protectionDomain?: string | undefined;
  readonly storagePool?: string | undefined;
  readonly storageMode?: string | undefined;
  readonly volumeName?: string | undefined;
  readonly fsType?: string | undefined;
  readonly readOnly?: boolean | undefined;
}

export interface StorageOSVolumeSource {
  readonly volumeName?: string | undefined;
  readonly volumeNamespace?: string | undefined;
  readonly fsType?: string | undefined;
  readonly readOnly?: boolean | undefined;
  readonly secretRef?: LocalObjectReference | undefined;
}

export interface CSIVolumeSource {
  readonly driver: string;
  readonly readOnly?: boolean | undefined;
  readonly fsType?: string | undefined;
  readonly volumeAttributes?: Readonly<Record<string, string>> | undefined;
  readonly nodePublishSecretRef?: LocalObjectReference | undefined;
}

export interface EphemeralVolumeSource {
  readonly volumeClaimTemplate?: PersistentVolumeClaimTemplate | undefined;
}

export interface ImageVolumeSource {
  readonly reference?: string | undefined;
  readonly pullPolicy?: PullPolicy | undefined;
}

export interface ContainerPort {
  readonly name?: string | undefined;
  readonly hostPort?: number | undefined;
  readonly containerPort: number;
  readonly protocol?: Protocol | undefined;
  readonly hostIP?: string | undefined;
}

export interface EnvFromSource {
  readonly prefix?: string | undefined;
  readonly configMapRef?: ConfigMapEnvSource | undefined;
  readonly secretRef?: SecretEnvSource | undefined;
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string | undefined;
  readonly valueFrom?: EnvVarSource | undefined;
}

export interface ContainerResizePolicy {
  readonly resourceName: ResourceName;
  readonly restartPolicy: ResourceResizeRestartPolicy;
}

export type ContainerRestartPolicy = string;

export interface VolumeMount {
  readonly name: string;
  readonly readOnly?: boolean | undefined;
  readonly recursiveReadOnly?: RecursiveReadOnlyMode | undefined;
  readonly mountPath: string;
  readonly subPath?: string | undefined;
  readonly mountPropagation?: MountPropagationMode | undefined;
  readonly subPathExpr?: string | undefined;
}

export interface VolumeDevice {
  readonly name: string;
  readonly devicePath: string;
}

export interface Probe {
  readonly exec?: ExecAction | undefined;
  readonly httpGet?: HTTPGetAction | undefined;
  readonly tcpSocket?: TCPSocketAction | undefined;
  readonly grpc?: GRPCAction | undefined;
  readonly initialDelaySeconds?: number | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly periodSeconds?: number | undefined;
  readonly successThreshold?: number | undefined;
  readonly failureThreshold?: number | undefined;
  readonly terminationGracePeriodSeconds?: number | undefined;
}

export interface Lifecycle {
  readonly postStart?: LifecycleHandler | undefined;
  readonly preStop?: LifecycleHandler | undefined;
}

export type TerminationMessagePolicy = "File" | "FallbackToLogsOnError";

export type PullPolicy = "Always" | "Never" | "IfNotPresent";

export interface SecurityContext {
  readonly capabilities?: Capabilities | undefined;
  readonly privileged?: boolean | undefined;
  readonly seLinuxOptions?: SELinuxOptions | undefined;
  readonly windowsOptions?: WindowsSecurityContextOptions | undefined;
  readonly runAsUser?: number | undefined;
  readonly runAsGroup?: number | undefined;
  readonly runAsNonRoot?: boolean | undefined;
  readonly readOnlyRootFilesystem?: boolean | undefined;
  readonly allowPrivilegeEscalation?: boolean | undefined;
  readonly procMount?: ProcMountType | undefined;
  readonly seccompProfile?: SeccompProfile | undefined;
  readonly appArmorProfile?: AppArmorProfile | undefined;
}

export interface SELinuxOptions {
  readonly user?: string | undefined;
  readonly role?: string | undefined;
  readonly type?: string | undefined;
  readonly level?: string | undefined;
}

export interface WindowsSecurityContextOptions {
  readonly gmsaCredentialSpecName?: string | undefined;
  readonly gmsaCredentialSpec?: string | undefined;
  readonly runAsUserName?: string | undefined;
  readonly hostProcess?: boolean | undefined;
}

export type SupplementalGroupsPolicy = "Merge" | "Strict";

export interface Sysctl {
  readonly name: string;
  readonly value: string;
}

export type PodFSGroupChangePolicy = "OnRootMismatch" | "Always";

export interface SeccompProfile {
  readonly type: SeccompProfileType;
  readonly localhostProfile?: string | undefined;
}

export interface AppArmorProfile {
  readonly type: AppArmorProfileType;
  readonly localhostProfile?: string | undefined;
}

export type PodSELinuxChangePolicy = string;

export interface NodeAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector | undefined;
  readonly preferredDuringSchedulingIgnoredDuringExecution?: ReadonlyArray<PreferredSchedulingTerm> | undefined;
}

export interface PodAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: ReadonlyArray<PodAffinityTerm> | undefined;
  readonly preferredDuringSchedulingIgnoredDuringExecution?: ReadonlyArray<WeightedPodAffinityTerm> | undefined;
}

export interface PodAntiAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: ReadonlyArray<PodAffinityTerm> | undefined;
  readonly preferredDuringSchedulingIgnoredDuringExecution?: ReadonlyArray<WeightedPodAffinityTerm> | undefined;
}

export type TolerationOperator = "Exists" | "Equal";

export type TaintEffect = "NoSchedule" | "PreferNoSchedule" | "NoExecute";

export interface PodDNSConfigOption {
  readonly name?: string | undefined;
  readonly value?: string | undefined;
}

export type PodConditionType = string;

export type UnsatisfiableConstraintAction = "DoNotSchedule" | "ScheduleAnyway";

export type NodeInclusionPolicy = "Ignore" | "Honor";

export type OSName = string;

export interface ResourceClaim {
  readonly name: string;
  readonly request?: string | undefined;
}

export interface ContainerState {
  readonly waiting?: ContainerStateWaiting | undefined;
  readonly running?: ContainerStateRunning | undefined;
  readonly terminated?: ContainerStateTerminated | undefined;
}

export interface VolumeMountStatus {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean | undefined;
  readonly recursiveReadOnly?: RecursiveReadOnlyMode | undefined;
}

export interface ContainerUser {
  readonly linux?: LinuxContainerUser | undefined;
}

export interface ResourceStatus {
  readonly name: ResourceName;
  readonly resources?: ReadonlyArray<ResourceHealth> | undefined;
}

export type ReplicationControllerConditionType = string;

export interface ClientIPConfig {
  readonly timeoutSeconds?: number | undefined;
}

export interface LoadBalancerIngress {
  readonly ip?: string | undefined;
  readonly hostname?: string | undefined;
  readonly ipMode?: LoadBalancerIPMode | undefined;
  readonly ports?: ReadonlyArray<PortStatus> | undefined;
}

export interface ConfigMapNodeConfigSource {
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly kubeletConfigKey: string;
}

export type NodeConditionType = string;

export type NodeAddressType = string;

export interface DaemonEndpoint {
  readonly Port: number;
}

export interface NodeRuntimeHandlerFeatures {
  readonly recursiveReadOnlyMounts?: boolean | undefined;
  readonly userNamespaces?: boolean | undefined;
}

export type NamespaceConditionType = string;

export type LimitType = string;

export interface ScopedResourceSelectorRequirement {
  readonly scopeName: ResourceQuotaScope;
  readonly operator: ScopeSelectorOperator;
  readonly values?: ReadonlyArray<string> | undefined;
}

export interface ForZone {
  readonly name: string;
}

export type FlowDistinguisherMethodType = string;

export interface FlowcontrolV1Subject {
  readonly kind: SubjectKind;
  readonly user?: UserSubject | undefined;
  readonly group?: GroupSubject | undefined;
  readonly serviceAccount?: ServiceAccountSubject | undefined;
}

export interface ResourcePolicyRule {
  readonly verbs: ReadonlyArray<string>;
  readonly apiGroups: ReadonlyArray<string>;
  readonly resources: ReadonlyArray<string>;
  readonly clusterScope?: boolean | undefined;
  readonly namespaces?: ReadonlyArray<string> | undefined;
}

export interface NonResourcePolicyRule {
  readonly verbs: ReadonlyArray<string>;
  readonly nonResourceURLs: ReadonlyArray<string>;
}

export type FlowSchemaConditionType = string;

export type FlowcontrolV1ConditionStatus = string;

export interface LimitResponse {
  readonly type: LimitResponseType;
  readonly queuing?: QueuingConfiguration | undefined;
}

export type PriorityLevelConfigurationConditionType = string;

export interface NetworkPolicyPort {
  readonly protocol?: Protocol | undefined;
  readonly port?: string | number | undefined;
  readonly endPort?: number | undefined;
}

export interface NetworkPolicyPeer {
  readonly podSelector?: LabelSelector | undefined;
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly ipBlock?: IPBlock | undefined;
}

export interface IngressServiceBackend {
  readonly name: string;
  readonly port?: ServiceBackendPort | undefined;
}

export interface HTTPIngressRuleValue {
  readonly paths: ReadonlyArray<HTTPIngressPath>;
}

export interface IngressLoadBalancerIngress {
  readonly ip?: string | undefined;
  readonly hostname?: string | undefined;
  readonly ports?: ReadonlyArray<IngressPortStatus> | undefined;
}

export interface VolumeNodeResources {
  readonly count?: number | undefined;
}

export type LabelSelectorOperator = string;

export interface CustomResourceValidation {
  readonly openAPIV3Schema?: JSONSchemaProps | undefined;
}

export interface CustomResourceSubresources {
  readonly status?: CustomResourceSubresourceStatus | undefined;
  readonly scale?: CustomResourceSubresourceScale | undefined;
}

export interface CustomResourceColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format?: string | undefined;
  readonly description?: string | undefined;
  readonly priority?: number | undefined;
  readonly jsonPath: string;
}

export interface SelectableField {
  readonly jsonPath: string;
}

export type ConversionStrategyType = string;

export interface WebhookConversion {
  readonly clientConfig?: ApiextensionsV1WebhookClientConfig | undefined;
  readonly conversionReviewVersions: ReadonlyArray<string>;
}

export type CustomResourceDefinitionConditionType = string;

export type ApiextensionsV1ConditionStatus = string;

export type APIServiceConditionType = string;

export type ApiregistrationV1ConditionStatus = string;

export interface FieldSelectorRequirement {
  readonly key: string;
  readonly operator: FieldSelectorOperator;
  readonly values?: ReadonlyArray<string> | undefined;
}

export interface MetricTarget {
  readonly type: MetricTargetType;
  readonly value?: string | number | undefined;
  readonly averageValue?: string | number | undefined;
  readonly averageUtilization?: number | undefined;
}

export interface MetricIdentifier {
  readonly name: string;
  readonly selector?: LabelSelector | undefined;
}

export type ResourceName = string;

export type ScalingPolicySelect = string;

export interface HPAScalingPolicy {
  readonly type: HPAScalingPolicyType;
  readonly value: number;
  readonly periodSeconds: number;
}

export interface MetricValueStatus {
  readonly value?: string | number | undefined;
  readonly averageValue?: string | number | undefined;
  readonly averageUtilization?: number | undefined;
}

export type PodFailurePolicyAction = "FailJob" | "FailIndex" | "Ignore" | "Count";

export interface PodFailurePolicyOnExitCodesRequirement {
  readonly containerName?: string | undefined;
  readonly operator: PodFailurePolicyOnExitCodesOperator;
  readonly values: ReadonlyArray<number>;
}

export interface PodFailurePolicyOnPodConditionsPattern {
  readonly type: PodConditionType;
  readonly status: ConditionStatus;
}

export interface NodeSelectorTerm {
  readonly matchExpressions?: ReadonlyArray<NodeSelectorRequirement> | undefined;
  readonly matchFields?: ReadonlyArray<NodeSelectorRequirement> | undefined;
}

export type StorageMedium = string;

export interface KeyToPath {
  readonly key: string;
  readonly path: string;
  readonly mode?: number | undefined;
}

export interface DownwardAPIVolumeFile {
  readonly path: string;
  readonly fieldRef?: ObjectFieldSelector | undefined;
  readonly resourceFieldRef?: ResourceFieldSelector | undefined;
  readonly mode?: number | undefined;
}

export interface VolumeProjection {
  readonly secret?: SecretProjection | undefined;
  readonly downwardAPI?: DownwardAPIProjection | undefined;
  readonly configMap?: ConfigMapProjection | undefined;
  readonly serviceAccountToken?: ServiceAccountTokenProjection | undefined;
  readonly clusterTrustBundle?: ClusterTrustBundleProjection | undefined;
}

export interface PersistentVolumeClaimTemplate {
  readonly metadata?: ObjectMeta | undefined;
  readonly spec: PersistentVolumeClaimSpec;
}

export interface ConfigMapEnvSource {
  readonly name?: string | undefined;
  readonly optional?: boolean | undefined;
}

export interface SecretEnvSource {
  readonly name?: string | undefined;
  readonly optional?: boolean | undefined;
}

export interface EnvVarSource {
  readonly fieldRef?: ObjectFieldSelector | undefined;
  readonly resourceFieldRef?: ResourceFieldSelector | undefined;
  readonly configMapKeyRef?: ConfigMapKeySelector | undefined;
  readonly secretKeyRef?: SecretKeySelector | undefined;
}

export type ResourceResizeRestartPolicy = string;

export type RecursiveReadOnlyMode = string;

export type MountPropagationMode = "None" | "HostToContainer" | "Bidirectional";

export interface ExecAction {
  readonly command?: ReadonlyArray<string> | undefined;
}

export interface HTTPGetAction {
  readonly path?: string | undefined;
  readonly port: string | number;
  readonly host?: string | undefined;
  readonly scheme?: URIScheme | undefined;
  readonly httpHeaders?: ReadonlyArray<HTTPHeader> | undefined;
}

export interface TCPSocketAction {
  readonly port: string | number;
  readonly host?: string | undefined;
}

export interface GRPCAction {
  readonly port: number;
  readonly service?: string | undefined;
}

export interface LifecycleHandler {
  readonly exec?: ExecAction | undefined;
  readonly httpGet?: HTTPGetAction | undefined;
  readonly tcpSocket?: TCPSocketAction | undefined;
  readonly sleep?: SleepAction | undefined;
}

export interface Capabilities {
  readonly add?: ReadonlyArray<Capability> | undefined;
  readonly drop?: ReadonlyArray<Capability> | undefined;
}

export type ProcMountType = "Default" | "Unmasked";

export type SeccompProfileType = "Unconfined" | "RuntimeDefault" | "Localhost";

export type AppArmorProfileType = "Unconfined" | "RuntimeDefault" | "Localhost";

export interface PreferredSchedulingTerm {
  readonly weight: number;
  readonly preference: NodeSelectorTerm;
}

export interface PodAffinityTerm {
  readonly labelSelector?: LabelSelector | undefined;
  readonly namespaces?: ReadonlyArray<string> | undefined;
  readonly topologyKey: string;
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly matchLabelKeys?: ReadonlyArray<string> | undefined;
  readonly mismatchLabelKeys?: ReadonlyArray<string> | undefined;
}

export interface WeightedPodAffinityTerm {
  readonly weight: number;
  readonly podAffinityTerm: PodAffinityTerm;
}

export interface ContainerStateWaiting {
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface ContainerStateRunning {
  readonly startedAt?: string | undefined;
}

export interface ContainerStateTerminated {
  readonly exitCode: number;
  readonly signal?: number | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly startedAt?: string | undefined;
  readonly finishedAt?: string | undefined;
  readonly containerID?: string | undefined;
}

export interface LinuxContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly supplementalGroups?: ReadonlyArray<number> | undefined;
}

export interface ResourceHealth {
  readonly resourceID: ResourceID;
  readonly health?: ResourceHealthStatus | undefined;
}

export type LoadBalancerIPMode = string;

export interface PortStatus {
  readonly port: number;
  readonly protocol: Protocol;
  readonly error?: string | undefined;
}

export type ScopeSelectorOperator = "In" | "NotIn" | "Exists" | "DoesNotExist";

export type SubjectKind = string;

export interface UserSubject {
  readonly name: string;
}

export interface GroupSubject {
  readonly name: string;
}

export interface ServiceAccountSubject {
  readonly namespace: string;
  readonly name: string;
}

export type LimitResponseType = string;

export interface QueuingConfiguration {
  readonly queues?: number | undefined;
  readonly handSize?: number | undefined;
  readonly queueLengthLimit?: number | undefined;
}

export interface IPBlock {
  readonly cidr: string;
  readonly except?: ReadonlyArray<string> | undefined;
}

export interface ServiceBackendPort {
  readonly name?: string | undefined;
  readonly number?: number | undefined;
}

export interface HTTPIngressPath {
  readonly path?: string | undefined;
  readonly pathType: PathType;
  readonly backend: IngressBackend;
}

export interface IngressPortStatus {
  readonly port: number;
  readonly protocol: Protocol;
  readonly error?: string | undefined;
}

export interface JSONSchemaProps {
  readonly id?: string | undefined;
  readonly $schema?: JSONSchemaURL | undefined;
  readonly $ref?: string | undefined;
  readonly description?: string | undefined;
  readonly type?: string | undefined;
  readonly format?: string | undefined;
  readonly title?: string | undefined;
  readonly default?: unknown | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMaximum?: boolean | undefined;
  readonly minimum?: number | undefined;
  readonly exclusiveMinimum?: boolean | undefined;
  readonly maxLength?: number | undefined;
  readonly minLength?: number | undefined;
  readonly pattern?: string | undefined;
  readonly maxItems?: number | undefined;
  readonly minItems?: number | undefined;
  readonly uniqueItems?: boolean | undefined;
  readonly multipleOf?: number | undefined;
  readonly enum?: ReadonlyArray<unknown> | undefined;
  readonly maxProperties?: number | undefined;
  readonly minProperties?: number | undefined;
  readonly required?: ReadonlyArray<string> | undefined;
  readonly items?: JSONSchemaPropsOrArray | undefined;
  readonly allOf?: ReadonlyArray<JSONSchemaProps> | undefined;
  readonly oneOf?: ReadonlyArray<JSONSchemaProps> | undefined;
  readonly anyOf?: ReadonlyArray<JSONSchemaProps> | undefined;
  readonly not?: JSONSchemaProps | undefined;
  readonly properties?: Readonly<Record<string, JSONSchemaProps>> | undefined;
  readonly additionalProperties?: JSONSchemaPropsOrBool | undefined;
  readonly patternProperties?: Readonly<Record<string, JSONSchemaProps>> | undefined;
  readonly dependencies?: JSONSchemaDependencies | undefined;
  readonly additionalItems?: JSONSchemaPropsOrBool | undefined;
  readonly definitions?: JSONSchemaDefinitions | undefined;
  readonly externalDocs?: ExternalDocumentation | undefined;
  readonly example?: unknown | undefined;
  readonly nullable?: boolean | undefined;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean | undefined;
  readonly "x-kubernetes-embedded-resource"?: boolean | undefined;
  readonly "x-kubernetes-int-or-string"?: boolean | undefined;
  readonly "x-kubernetes-list-map-keys"?: ReadonlyArray<string> | undefined;
  readonly "x-kubernetes-list-type"?: string | undefined;
  readonly "x-kubernetes-map-type"?: string | undefined;
  readonly "x-kubernetes-validations"?: ValidationRules | undefined;
}

export interface CustomResourceSubresourceStatus {

}

export interface CustomResourceSubresourceScale {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string | undefined;
}

export interface ApiextensionsV1WebhookClientConfig {
  readonly url?: string | undefined;
  readonly service?: ApiextensionsV1ServiceReference | undefined;
  readonly caBundle?: string | undefined;
}

export type FieldSelectorOperator = string;

export type MetricTargetType = string;

export type HPAScalingPolicyType = string;

export type PodFailurePolicyOnExitCodesOperator = "In" | "NotIn";

export interface NodeSelectorRequirement {
  readonly key: string;
  readonly operator: NodeSelectorOperator;
  readonly values?: ReadonlyArray<string> | undefined;
}

export interface ObjectFieldSelector {
  readonly apiVersion?: string | undefined;
  readonly fieldPath: string;
}

export interface ResourceFieldSelector {
  readonly containerName?: string | undefined;
  readonly resource: string;
  readonly divisor?: string | number | undefined;
}

export interface SecretProjection {
  readonly name?: string | undefined;
  readonly items?: ReadonlyArray<KeyToPath> | undefined;
  readonly optional?: boolean | undefined;
}

export interface DownwardAPIProjection {
  readonly items?: ReadonlyArray<DownwardAPIVolumeFile> | undefined;
}

export interface ConfigMapProjection {
  readonly name?: string | undefined;
  readonly items?: ReadonlyArray<KeyToPath> | undefined;
  readonly optional?: boolean | undefined;
}

export interface ServiceAccountTokenProjection {
  readonly audience?: string | undefined;
  readonly expirationSeconds?: number | undefined;
  readonly path: string;
}

export interface ClusterTrustBundleProjection {
  readonly name?: string | undefined;
  readonly signerName?: string | undefined;
  readonly labelSelector?: LabelSelector | undefined;
  readonly optional?: boolean | undefined;
  readonly path: string;
}

export interface ConfigMapKeySelector {
  readonly name?: string | undefined;
  readonly key: string;
  readonly optional?: boolean | undefined;
}

export interface SecretKeySelector {
  readonly name?: string | undefined;
  readonly key: string;
  readonly optional?: boolean | undefined;
}

export type URIScheme = "HTTP" | "HTTPS";

export interface HTTPHeader {
  readonly name: string;
  readonly value: string;
}

export interface SleepAction {
  readonly seconds: number;
}

export type Capability = string;

export type ResourceID = string;

export type ResourceHealthStatus = string;

export type PathType = string;

export type JSONSchemaURL = string;

export interface JSONSchemaPropsOrArray {

}

export interface JSONSchemaPropsOrBool {

}

export type JSONSchemaDependencies = Readonly<Record<string, JSONSchemaPropsOrStringArray>>;

export type JSONSchemaDefinitions = Readonly<Record<string, JSONSchemaProps>>;

export interface ExternalDocumentation {
  readonly description?: string | undefined;
  readonly url?: string | undefined;
}

export type ValidationRules = ReadonlyArray<ValidationRule>;

export interface ApiextensionsV1ServiceReference {
  readonly namespace: string;
  readonly name: string;
  readonly path?: string | undefined;
  readonly port?: number | undefined;
}

export type NodeSelectorOperator = "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";

export interface JSONSchemaPropsOrStringArray {

}

export interface ValidationRule {
  readonly rule: string;
  readonly message?: string | undefined;
  readonly messageExpression?: string | undefined;
  readonly reason?: FieldValueErrorReason | undefined;
  readonly fieldPath?: string | undefined;
  readonly optionalOldSelf?: boolean | undefined;
}

export type FieldValueErrorReason = "FieldValueRequired" | "FieldValueDuplicate" | "FieldValueInvalid" | "FieldValueForbidden";
