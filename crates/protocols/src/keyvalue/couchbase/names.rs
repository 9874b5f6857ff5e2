//! What statuses and features are called: `status.h` and `feature.h` of its server; its clients' error maps have the same words.

use std::borrow::Cow;

pub(super) const SUCCESS: u16 = 0;
pub(super) const NOT_FOUND: u16 = 0x01;
pub(super) const EXISTS: u16 = 0x02;
pub(super) const NOT_STORED: u16 = 0x05;
/// The value is the cluster's shape.
pub(super) const NOT_MY_VBUCKET: u16 = 0x07;
/// A proof goes on.
pub(super) const CONTINUE: u16 = 0x21;
pub(super) const SCAN_MORE: u16 = 0xa6;
pub(super) const SCAN_COMPLETE: u16 = 0xa7;
pub(super) const PATH_NOT_FOUND: u16 = 0xc0;
pub(super) const SOME_FAILED: u16 = 0xcc;
/// The same of a document that was deleted, all of which is well.
pub(super) const DELETED: u16 = 0xcd;
pub(super) const SOME_FAILED_DELETED: u16 = 0xd3;

const STATUSES: &[(u16, &str)] = &[
    (SUCCESS, "SUCCESS"),
    (NOT_FOUND, "KEY_ENOENT"),
    (EXISTS, "KEY_EEXISTS"),
    (0x03, "E2BIG"),
    (0x04, "EINVAL"),
    (NOT_STORED, "NOT_STORED"),
    (0x06, "DELTA_BADVAL"),
    (NOT_MY_VBUCKET, "NOT_MY_VBUCKET"),
    (0x08, "NO_BUCKET"),
    (0x09, "LOCKED"),
    (0x0a, "DCP_STREAM_NOT_FOUND"),
    (0x0b, "OPAQUE_NO_MATCH"),
    (0x0c, "EWOULD_THROTTLE"),
    (0x0d, "ECONFIG_ONLY"),
    (0x0e, "NOT_LOCKED"),
    (0x0f, "CAS_VALUE_INVALID"),
    (0x1f, "AUTH_STALE"),
    (0x20, "AUTH_ERROR"),
    (CONTINUE, "AUTH_CONTINUE"),
    (0x22, "ERANGE"),
    (0x23, "ROLLBACK"),
    (0x24, "EACCESS"),
    (0x25, "NOT_INITIALIZED"),
    (0x26, "ENCRYPTION_KEY_NOT_AVAILABLE"),
    (0x27, "CHECKSUM_MISMATCH"),
    (0x28, "EXPIRY_OVERFLOW"),
    (0x29, "LOCK_EXPIRY_OVERFLOW"),
    (0x30, "RATE_LIMITED_NETWORK_INGRESS"),
    (0x31, "RATE_LIMITED_NETWORK_EGRESS"),
    (0x32, "RATE_LIMITED_MAX_CONNECTIONS"),
    (0x33, "RATE_LIMITED_MAX_COMMANDS"),
    (0x35, "BUCKET_SIZE_LIMIT_EXCEEDED"),
    (0x36, "BUCKET_RESIDENT_RATIO_TOO_LOW"),
    (0x37, "BUCKET_DATA_SIZE_TOO_BIG"),
    (0x38, "BUCKET_DISK_SPACE_TOO_LOW"),
    (0x50, "BUCKET_PAUSED"),
    (0x51, "CANCELLED"),
    (0x80, "UNKNOWN_FRAME_INFO"),
    (0x81, "UNKNOWN_COMMAND"),
    (0x82, "ENOMEM"),
    (0x83, "NOT_SUPPORTED"),
    (0x84, "EINTERNAL"),
    (0x85, "EBUSY"),
    (0x86, "ETMPFAIL"),
    (0x87, "XATTR_EINVAL"),
    (0x88, "UNKNOWN_COLLECTION"),
    (0x8a, "CANNOT_APPLY_COLLECTIONS_MANIFEST"),
    (0x8c, "UNKNOWN_SCOPE"),
    (0x8d, "DCP_STREAM_ID_INVALID"),
    (0xa0, "DURABILITY_INVALID_LEVEL"),
    (0xa1, "DURABILITY_IMPOSSIBLE"),
    (0xa2, "SYNC_WRITE_IN_PROGRESS"),
    (0xa3, "SYNC_WRITE_AMBIGUOUS"),
    (0xa4, "SYNC_WRITE_RE_COMMIT_IN_PROGRESS"),
    (0xa5, "RANGE_SCAN_CANCELLED"),
    (SCAN_MORE, "RANGE_SCAN_MORE"),
    (SCAN_COMPLETE, "RANGE_SCAN_COMPLETE"),
    (0xa8, "VB_UUID_NOT_EQUAL"),
    (PATH_NOT_FOUND, "SUBDOC_PATH_ENOENT"),
    (0xc1, "SUBDOC_PATH_MISMATCH"),
    (0xc2, "SUBDOC_PATH_EINVAL"),
    (0xc3, "SUBDOC_PATH_E2BIG"),
    (0xc4, "SUBDOC_DOC_E2DEEP"),
    (0xc5, "SUBDOC_VALUE_CANTINSERT"),
    (0xc6, "SUBDOC_DOC_NOTJSON"),
    (0xc7, "SUBDOC_NUM_ERANGE"),
    (0xc8, "SUBDOC_DELTA_EINVAL"),
    (0xc9, "SUBDOC_PATH_EEXISTS"),
    (0xca, "SUBDOC_VALUE_ETOODEEP"),
    (0xcb, "SUBDOC_INVALID_COMBO"),
    (SOME_FAILED, "SUBDOC_MULTI_PATH_FAILURE"),
    (DELETED, "SUBDOC_SUCCESS_DELETED"),
    (0xce, "SUBDOC_XATTR_INVALID_FLAG_COMBO"),
    (0xcf, "SUBDOC_XATTR_INVALID_KEY_COMBO"),
    (0xd0, "SUBDOC_XATTR_UNKNOWN_MACRO"),
    (0xd1, "SUBDOC_XATTR_UNKNOWN_VATTR"),
    (0xd2, "SUBDOC_XATTR_CANT_MODIFY_VATTR"),
    (SOME_FAILED_DELETED, "SUBDOC_MULTI_PATH_FAILURE_DELETED"),
    (0xd4, "SUBDOC_INVALID_XATTR_ORDER"),
    (0xd5, "SUBDOC_XATTR_UNKNOWN_VATTR_MACRO"),
    (0xd6, "SUBDOC_CAN_ONLY_REVIVE_DELETED_DOCUMENTS"),
    (0xd7, "SUBDOC_DELETED_DOCUMENT_CANT_HAVE_VALUE"),
    (0xd8, "SUBDOC_FIELD_NOT_BINARY_VALUE"),
];

/// What a status is called.
pub(super) fn status(code: u16) -> Cow<'static, str> {
    let known = STATUSES.iter().find(|(is, _)| *is == code);
    known.map_or_else(|| Cow::Owned(format!("{code:#06x}")), |(_, name)| Cow::Borrowed(*name))
}

/// Answers need not come in the order of the questions.
pub(super) const UNORDERED: u16 = 0x0e;
/// The number of a collection stands before each key.
pub(super) const COLLECTIONS: u16 = 0x12;

const FEATURES: &[(u16, &str)] = &[
    (0x01, "datatype"),
    (0x02, "tls"),
    (0x03, "tcp_nodelay"),
    (0x04, "mutation_seqno"),
    (0x05, "tcp_delay"),
    (0x06, "xattr"),
    (0x07, "xerror"),
    (0x08, "select_bucket"),
    (0x0a, "snappy"),
    (0x0b, "json"),
    (0x0c, "duplex"),
    (0x0d, "clustermap_change_notification"),
    (UNORDERED, "unordered_execution"),
    (0x0f, "tracing"),
    (0x10, "alt_request_support"),
    (0x11, "sync_replication"),
    (COLLECTIONS, "collections"),
    (0x13, "snappy_everywhere"),
    (0x14, "preserve_ttl"),
    (0x15, "vattr"),
    (0x17, "subdoc_create_as_deleted"),
    (0x18, "subdoc_document_macro_support"),
    (0x19, "subdoc_replace_body_with_xattr"),
    (0x1a, "report_unit_usage"),
    (0x1b, "non_blocking_throttling_mode"),
    (0x1c, "subdoc_replica_read"),
    (0x1d, "get_cluster_config_with_known_version"),
    (0x1e, "dedupe_not_my_vbucket_clustermap"),
    (0x1f, "clustermap_change_notification_brief"),
    (0x20, "subdoc_allows_access_on_multiple_xattr_keys"),
    (0x21, "subdoc_binary_xattr"),
    (0x22, "range_scan_include_xattr"),
    (0x23, "subdoc_allow_replica_read_on_deleted_docs"),
    (0x24, "get_random_key_include_xattr"),
    (0x25, "mutate_with_meta"),
    (0x26, "dcp_skip_deletes_in_initial_backfill"),
];

/// What features are in a list.
pub(super) fn features(value: &[u8]) -> impl Iterator<Item = u16> {
    value.as_chunks().0.iter().map(|feature| u16::from_be_bytes(*feature))
}

/// A list of features by their names.
pub(super) fn feature_names(value: &[u8]) -> String {
    let mut out = String::new();
    for code in features(value) {
        if !out.is_empty() {
            out.push(' ');
        }
        match FEATURES.iter().find(|(is, _)| *is == code) {
            Some((_, name)) => out.push_str(name),
            None => out.push_str(&format!("{code:#06x}")),
        }
    }
    out
}
