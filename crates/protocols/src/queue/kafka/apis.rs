//! The requests that there are, by their numbers (<https://kafka.apache.org/protocol.html#protocol_api_keys>).

use super::layout::Layout;
use super::layouts::{cluster, groups, records, security, topics, transactions};

/// A request and its answer.
#[derive(Debug)]
pub(super) struct Api {
    /// Its name.
    pub(super) name: &'static str,
    /// The last version whose fields are known.
    pub(super) last: u8,
    /// The first version that is flexible: with compact lengths and tags.
    flexible: u8,
    /// The fields of the request.
    pub(super) asked: Layout,
    /// Those of its answer.
    pub(super) answered: Layout,
}

/// No version is flexible.
const NEVER: u8 = u8::MAX;

impl Api {
    /// Whether messages of this version have compact lengths and tags.
    pub(super) fn is_flexible(&self, version: u8) -> bool {
        self.flexible <= version
    }

    /// The fields of a request of this version; `None` where nobody knows them.
    pub(super) fn asked(&self, version: u8) -> Option<Layout> {
        (version <= self.last).then_some(self.asked)
    }

    /// The fields of an answer of this version.
    pub(super) fn answered(&self, version: u8) -> Option<Layout> {
        (version <= self.last).then_some(self.answered)
    }
}

/// The request of this number.
#[inline]
pub(super) fn api(key: u16) -> Option<&'static Api> {
    APIS.get(usize::from(key))
}

const fn of(name: &'static str, last: u8, flexible: u8, asked: Layout, answered: Layout) -> Api {
    Api { name, last, flexible, asked, answered }
}

/// What brokers ask each other, of which only the names are told.
const fn inside(name: &'static str, last: u8, flexible: u8, answered: Layout) -> Api {
    of(name, last, flexible, cluster::ANY, answered)
}

/// By their numbers, from 0 on.
static APIS: [Api; 93] = [
    of("Produce", 13, 9, records::PRODUCE, records::PRODUCED),
    of("Fetch", 18, 12, records::FETCH, records::FETCHED),
    of("ListOffsets", 11, 6, records::LIST_OFFSETS, records::LISTED_OFFSETS),
    of("Metadata", 13, 9, topics::METADATA, topics::METADATA_ANSWER),
    inside("LeaderAndIsr", 7, 4, cluster::ERROR_FIRST),
    inside("StopReplica", 4, 2, cluster::ERROR_FIRST),
    inside("UpdateMetadata", 8, 6, cluster::ERROR_FIRST),
    inside("ControlledShutdown", 3, 3, cluster::ERROR_FIRST),
    of("OffsetCommit", 10, 8, groups::OFFSET_COMMIT, groups::OFFSET_COMMITTED),
    of("OffsetFetch", 10, 6, groups::OFFSET_FETCH, groups::OFFSET_FETCHED),
    of("FindCoordinator", 6, 3, groups::FIND_COORDINATOR, groups::COORDINATORS),
    of("JoinGroup", 9, 6, groups::JOIN_GROUP, groups::JOINED_GROUP),
    of("Heartbeat", 4, 4, groups::HEARTBEAT, groups::THROTTLED_ERROR),
    of("LeaveGroup", 5, 4, groups::LEAVE_GROUP, groups::LEFT_GROUP),
    of("SyncGroup", 5, 4, groups::SYNC_GROUP, groups::SYNCED_GROUP),
    of("DescribeGroups", 6, 5, groups::DESCRIBE_GROUPS, groups::DESCRIBED_GROUPS),
    of("ListGroups", 5, 3, groups::LIST_GROUPS, groups::LISTED_GROUPS),
    of("SaslHandshake", 1, NEVER, security::HANDSHAKE, security::SHAKEN),
    of("ApiVersions", 4, 3, cluster::API_VERSIONS, cluster::API_VERSIONS_ANSWER),
    of("CreateTopics", 7, 5, topics::CREATE_TOPICS, topics::CREATED_TOPICS),
    of("DeleteTopics", 6, 4, topics::DELETE_TOPICS, topics::DELETED_TOPICS),
    of("DeleteRecords", 2, 2, records::DELETE_RECORDS, records::DELETED_RECORDS),
    of("InitProducerId", 6, 2, transactions::INIT_PRODUCER, transactions::PRODUCER),
    of("OffsetForLeaderEpoch", 4, 4, records::LEADER_EPOCH, records::LEADER_EPOCHS),
    of("AddPartitionsToTxn", 5, 3, transactions::ADD_PARTITIONS, transactions::ADDED_PARTITIONS),
    of("AddOffsetsToTxn", 4, 3, transactions::ADD_OFFSETS, cluster::THROTTLED),
    of("EndTxn", 5, 3, transactions::END, transactions::ENDED),
    of("WriteTxnMarkers", 2, 1, transactions::WRITE_MARKERS, transactions::WRITTEN_MARKERS),
    of("TxnOffsetCommit", 5, 3, transactions::COMMIT_OFFSETS, transactions::COMMITTED_OFFSETS),
    of("DescribeAcls", 3, 2, security::DESCRIBE_ACLS, cluster::EXPLAINED),
    of("CreateAcls", 3, 2, security::CREATE_ACLS, security::CREATED_ACLS),
    of("DeleteAcls", 3, 2, security::DELETE_ACLS, security::DELETED_ACLS),
    of("DescribeConfigs", 4, 4, topics::DESCRIBE_CONFIGS, topics::DESCRIBED_CONFIGS),
    of("AlterConfigs", 2, 2, topics::ALTER_CONFIGS, topics::ALTERED_CONFIGS),
    of("AlterReplicaLogDirs", 2, 2, topics::ALTER_LOG_DIRS, topics::ALTERED_LOG_DIRS),
    of("DescribeLogDirs", 4, 2, topics::DESCRIBE_LOG_DIRS, topics::DESCRIBED_LOG_DIRS),
    of("SaslAuthenticate", 2, 2, security::AUTHENTICATE, security::AUTHENTICATED),
    of("CreatePartitions", 3, 2, topics::CREATE_PARTITIONS, topics::CREATED_PARTITIONS),
    of("CreateDelegationToken", 3, 2, security::CREATE_TOKEN, cluster::ERROR_FIRST),
    of("RenewDelegationToken", 2, 2, security::TOKEN, cluster::ERROR_FIRST),
    of("ExpireDelegationToken", 2, 2, security::TOKEN, cluster::ERROR_FIRST),
    of("DescribeDelegationToken", 3, 2, security::DESCRIBE_TOKENS, cluster::ERROR_FIRST),
    of("DeleteGroups", 2, 2, groups::DELETE_GROUPS, groups::DELETED_GROUPS),
    of("ElectLeaders", 2, 2, topics::ELECT_LEADERS, topics::ELECTED_LEADERS),
    of("IncrementalAlterConfigs", 1, 1, topics::INCREMENTAL_CONFIGS, topics::ALTERED_CONFIGS),
    of("AlterPartitionReassignments", 0, 0, topics::REASSIGN, topics::REASSIGNED),
    of("ListPartitionReassignments", 0, 0, topics::LIST_REASSIGNMENTS, cluster::EXPLAINED),
    of("OffsetDelete", 0, NEVER, groups::OFFSET_DELETE, groups::OFFSET_DELETED),
    of("DescribeClientQuotas", 1, 1, cluster::ANY, cluster::EXPLAINED),
    of("AlterClientQuotas", 1, 1, cluster::ANY, cluster::FIRST_ERROR),
    of("DescribeUserScramCredentials", 0, 0, security::DESCRIBE_SCRAM, security::DESCRIBED_SCRAM),
    of("AlterUserScramCredentials", 0, 0, security::ALTER_SCRAM, security::ALTERED_SCRAM),
    inside("Vote", 2, 0, cluster::ERROR_FIRST),
    inside("BeginQuorumEpoch", 1, 1, cluster::ERROR_FIRST),
    inside("EndQuorumEpoch", 1, 1, cluster::ERROR_FIRST),
    inside("DescribeQuorum", 2, 0, cluster::ERROR_FIRST),
    inside("AlterPartition", 3, 0, cluster::THROTTLED),
    inside("UpdateFeatures", 2, 0, cluster::EXPLAINED),
    inside("Envelope", 0, 0, cluster::ANY),
    inside("FetchSnapshot", 1, 0, cluster::THROTTLED),
    of("DescribeCluster", 2, 0, cluster::DESCRIBE_CLUSTER, cluster::EXPLAINED),
    of("DescribeProducers", 0, 0, topics::DESCRIBE_PRODUCERS, topics::DESCRIBED_PRODUCERS),
    inside("BrokerRegistration", 4, 0, cluster::THROTTLED),
    inside("BrokerHeartbeat", 1, 0, cluster::THROTTLED),
    of("UnregisterBroker", 0, 0, cluster::ONE_NUMBER, cluster::EXPLAINED),
    of("DescribeTransactions", 0, 0, transactions::DESCRIBE, transactions::DESCRIBED),
    of("ListTransactions", 2, 0, transactions::LIST, cluster::THROTTLED),
    inside("AllocateProducerIds", 0, 0, cluster::THROTTLED),
    of("ConsumerGroupHeartbeat", 1, 0, groups::CONSUMER_HEARTBEAT, groups::HEARD_CONSUMER),
    of("ConsumerGroupDescribe", 1, 0, groups::DESCRIBE_NEW, groups::DESCRIBED_FIRST),
    inside("ControllerRegistration", 0, 0, cluster::EXPLAINED),
    of("GetTelemetrySubscriptions", 0, 0, cluster::TELEMETRY, cluster::TELEMETRY_ANSWER),
    of("PushTelemetry", 0, 0, cluster::PUSH, cluster::PUSHED),
    inside("AssignReplicasToDirs", 0, 0, cluster::THROTTLED),
    inside("ListConfigResources", 1, 0, cluster::THROTTLED),
    of("DescribeTopicPartitions", 0, 0, topics::DESCRIBE_PARTITIONS, topics::DESCRIBED_PARTITIONS),
    of("ShareGroupHeartbeat", 1, 0, groups::SHARE_HEARTBEAT, groups::HEARD_CONSUMER),
    of("ShareGroupDescribe", 1, 0, groups::DESCRIBE_NEW, groups::DESCRIBED_FIRST),
    of("ShareFetch", 2, 0, records::SHARE_FETCH, records::SHARE_FETCHED),
    of("ShareAcknowledge", 2, 0, records::SHARE_ACKNOWLEDGE, cluster::EXPLAINED),
    inside("AddRaftVoter", 1, 0, cluster::EXPLAINED),
    inside("RemoveRaftVoter", 0, 0, cluster::EXPLAINED),
    inside("UpdateRaftVoter", 0, 0, cluster::THROTTLED),
    inside("InitializeShareGroupState", 0, 0, cluster::ANY),
    inside("ReadShareGroupState", 0, 0, cluster::ANY),
    inside("WriteShareGroupState", 1, 0, cluster::ANY),
    inside("DeleteShareGroupState", 0, 0, cluster::ANY),
    inside("ReadShareGroupStateSummary", 1, 0, cluster::ANY),
    of("StreamsGroupHeartbeat", 0, 0, groups::GROUP_FIRST, cluster::EXPLAINED),
    of("StreamsGroupDescribe", 0, 0, groups::DESCRIBE_NEW, groups::DESCRIBED_FIRST),
    of("DescribeShareGroupOffsets", 1, 0, cluster::ANY, cluster::ANY),
    of("AlterShareGroupOffsets", 0, 0, groups::GROUP_FIRST, cluster::EXPLAINED),
    of("DeleteShareGroupOffsets", 0, 0, groups::GROUP_FIRST, cluster::EXPLAINED),
];
