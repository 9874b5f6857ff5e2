//! The commands: `include/mcbp/protocol/opcode.h` of its server names them all.

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opcode {
    code: u8,
    pub(super) word: &'static str,
    pub(super) kind: Kind,
    pub(super) answers: Answers,
}

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A document's key; the document comes back.
    Get,
    /// An expiry before it, or for how long it is locked.
    GetAnd,
    /// Flags and expiry, a key, a document.
    Store,
    /// A key and a piece of a document.
    Concat,
    /// A key; what is there is changed.
    Remove,
    /// A difference, a first value and an expiry, and a key.
    Count,
    /// An expiry and a key.
    Touch,
    /// A key, and a document with what is known of it.
    Item,
    /// A key.
    Key,
    /// A path in a document, or a value for it.
    Look,
    Change,
    /// Several of them.
    LookMany,
    ChangeMany,
    /// Partitions and keys.
    Observe,
    /// Who the client is, and what it can.
    Hello,
    /// A mechanism and what it proves with.
    Proof,
    /// A bucket.
    Select,
    /// The name of a collection, whose number comes back.
    Collection,
    /// Perhaps a group; as many answers as it has members, and an empty one.
    Stats,
    /// As many answers as it takes.
    Scan,
    /// The name of a stream, a bucket, a setting.
    Named,
    /// What is not told: settings, the shape of the cluster, tokens.
    Plain,
}

/// When the other side answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    Always,
    /// With what was asked for, or an error: what misses is silent.
    Hits,
    /// With an error: what was done is silent.
    Errors,
    Never,
}

const fn row(code: u8, word: &'static str, kind: Kind) -> Opcode {
    Opcode { code, word, kind, answers: Answers::Always }
}

const fn quiet(code: u8, word: &'static str, kind: Kind, answers: Answers) -> Opcode {
    Opcode { code, word, kind, answers }
}

/// What a client asks, and in a stream of changes (DCP) either side.
const OPCODES: &[Opcode] = &[
    row(0x00, "get", Kind::Get),
    row(0x01, "set", Kind::Store),
    row(0x02, "add", Kind::Store),
    row(0x03, "replace", Kind::Store),
    row(0x04, "delete", Kind::Remove),
    row(0x05, "increment", Kind::Count),
    row(0x06, "decrement", Kind::Count),
    row(0x07, "quit", Kind::Plain),
    row(0x08, "flush", Kind::Plain),
    quiet(0x09, "getq", Kind::Get, Answers::Hits),
    row(0x0a, "noop", Kind::Plain),
    row(0x0b, "version", Kind::Plain),
    row(0x0c, "getk", Kind::Get),
    quiet(0x0d, "getkq", Kind::Get, Answers::Hits),
    row(0x0e, "append", Kind::Concat),
    row(0x0f, "prepend", Kind::Concat),
    row(0x10, "stat", Kind::Stats),
    quiet(0x11, "setq", Kind::Store, Answers::Errors),
    quiet(0x12, "addq", Kind::Store, Answers::Errors),
    quiet(0x13, "replaceq", Kind::Store, Answers::Errors),
    quiet(0x14, "deleteq", Kind::Remove, Answers::Errors),
    quiet(0x15, "incrementq", Kind::Count, Answers::Errors),
    quiet(0x16, "decrementq", Kind::Count, Answers::Errors),
    quiet(0x17, "quitq", Kind::Plain, Answers::Never),
    quiet(0x18, "flushq", Kind::Plain, Answers::Errors),
    quiet(0x19, "appendq", Kind::Concat, Answers::Errors),
    quiet(0x1a, "prependq", Kind::Concat, Answers::Errors),
    row(0x1b, "verbosity", Kind::Plain),
    row(0x1c, "touch", Kind::Touch),
    row(0x1d, "gat", Kind::GetAnd),
    quiet(0x1e, "gatq", Kind::GetAnd, Answers::Hits),
    row(0x1f, "hello", Kind::Hello),
    row(0x20, "sasl_list_mechs", Kind::Plain),
    row(0x21, "sasl_auth", Kind::Proof),
    row(0x22, "sasl_step", Kind::Proof),
    row(0x23, "ioctl_get", Kind::Named),
    row(0x24, "ioctl_set", Kind::Named),
    row(0x25, "config_validate", Kind::Plain),
    row(0x26, "config_reload", Kind::Plain),
    row(0x27, "audit_put", Kind::Plain),
    row(0x28, "audit_config_reload", Kind::Plain),
    row(0x29, "shutdown", Kind::Plain),
    row(0x2a, "set_bucket_throttle_properties", Kind::Plain),
    row(0x2b, "set_bucket_data_limit_exceeded", Kind::Plain),
    row(0x2d, "set_active_encryption_keys", Kind::Plain),
    row(0x2e, "prune_encryption_keys", Kind::Plain),
    row(0x2f, "register_auth_token", Kind::Plain),
    row(0x3d, "set_vbucket", Kind::Plain),
    row(0x3e, "get_vbucket", Kind::Plain),
    row(0x3f, "del_vbucket", Kind::Plain),
    row(0x48, "get_all_vb_seqnos", Kind::Plain),
    row(0x49, "get_ex", Kind::Get),
    row(0x4a, "get_ex_replica", Kind::Get),
    row(0x4b, "mutate_with_meta", Kind::Item),
    row(0x50, "dcp_open", Kind::Named),
    row(0x51, "dcp_add_stream", Kind::Plain),
    row(0x52, "dcp_close_stream", Kind::Plain),
    row(0x53, "dcp_stream_request", Kind::Plain),
    row(0x54, "dcp_get_failover_log", Kind::Plain),
    quiet(0x55, "dcp_stream_end", Kind::Plain, Answers::Never),
    quiet(0x56, "dcp_snapshot_marker", Kind::Plain, Answers::Never),
    quiet(0x57, "dcp_mutation", Kind::Item, Answers::Never),
    quiet(0x58, "dcp_deletion", Kind::Item, Answers::Never),
    quiet(0x59, "dcp_expiration", Kind::Item, Answers::Never),
    row(0x5b, "dcp_set_vbucket_state", Kind::Plain),
    row(0x5c, "dcp_noop", Kind::Plain),
    quiet(0x5d, "dcp_buffer_acknowledgement", Kind::Plain, Answers::Never),
    row(0x5e, "dcp_control", Kind::Named),
    quiet(0x5f, "dcp_system_event", Kind::Plain, Answers::Never),
    quiet(0x60, "dcp_prepare", Kind::Item, Answers::Never),
    quiet(0x61, "dcp_seqno_acknowledged", Kind::Plain, Answers::Never),
    quiet(0x62, "dcp_commit", Kind::Item, Answers::Never),
    quiet(0x63, "dcp_abort", Kind::Item, Answers::Never),
    quiet(0x64, "dcp_seqno_advanced", Kind::Plain, Answers::Never),
    quiet(0x65, "dcp_oso_snapshot", Kind::Plain, Answers::Never),
    row(0x80, "stop_persistence", Kind::Plain),
    row(0x81, "start_persistence", Kind::Plain),
    row(0x82, "set_param", Kind::Named),
    row(0x83, "get_replica", Kind::Get),
    row(0x84, "set_chronicle_auth_token", Kind::Plain),
    row(0x85, "create_bucket", Kind::Named),
    row(0x86, "delete_bucket", Kind::Named),
    row(0x87, "list_buckets", Kind::Plain),
    row(0x89, "select_bucket", Kind::Select),
    row(0x8a, "pause_bucket", Kind::Named),
    row(0x8b, "resume_bucket", Kind::Named),
    row(0x8c, "validate_bucket_config", Kind::Plain),
    row(0x8d, "set_bucket_config", Kind::Plain),
    row(0x91, "observe_seqno", Kind::Plain),
    row(0x92, "observe", Kind::Observe),
    row(0x93, "evict_key", Kind::Key),
    row(0x94, "get_locked", Kind::GetAnd),
    row(0x95, "unlock_key", Kind::Key),
    row(0x96, "get_failover_log", Kind::Plain),
    row(0xa0, "get_meta", Kind::Key),
    quiet(0xa1, "getq_meta", Kind::Key, Answers::Hits),
    row(0xa2, "set_with_meta", Kind::Item),
    quiet(0xa3, "setq_with_meta", Kind::Item, Answers::Errors),
    row(0xa4, "add_with_meta", Kind::Item),
    quiet(0xa5, "addq_with_meta", Kind::Item, Answers::Errors),
    row(0xa8, "del_with_meta", Kind::Item),
    quiet(0xa9, "delq_with_meta", Kind::Item, Answers::Errors),
    row(0xad, "enable_traffic", Kind::Plain),
    row(0xae, "disable_traffic", Kind::Plain),
    row(0xaf, "ifconfig", Kind::Plain),
    row(0xb2, "return_meta", Kind::Item),
    row(0xb3, "compact_db", Kind::Plain),
    row(0xb4, "set_cluster_config", Kind::Plain),
    row(0xb5, "get_cluster_config", Kind::Plain),
    row(0xb6, "get_random_key", Kind::Plain),
    row(0xb7, "seqno_persistence", Kind::Plain),
    row(0xb8, "get_keys", Kind::Plain),
    row(0xb9, "collections_set_manifest", Kind::Plain),
    row(0xba, "collections_get_manifest", Kind::Plain),
    row(0xbb, "collections_get_id", Kind::Collection),
    row(0xbc, "collections_get_scope_id", Kind::Plain),
    row(0xc5, "subdoc_get", Kind::Look),
    row(0xc6, "subdoc_exists", Kind::Look),
    row(0xc7, "subdoc_dict_add", Kind::Change),
    row(0xc8, "subdoc_dict_upsert", Kind::Change),
    row(0xc9, "subdoc_delete", Kind::Change),
    row(0xca, "subdoc_replace", Kind::Change),
    row(0xcb, "subdoc_array_push_last", Kind::Change),
    row(0xcc, "subdoc_array_push_first", Kind::Change),
    row(0xcd, "subdoc_array_insert", Kind::Change),
    row(0xce, "subdoc_array_add_unique", Kind::Change),
    row(0xcf, "subdoc_counter", Kind::Change),
    row(0xd0, "subdoc_multi_lookup", Kind::LookMany),
    row(0xd1, "subdoc_multi_mutation", Kind::ChangeMany),
    row(0xd2, "subdoc_get_count", Kind::Look),
    row(0xd3, "subdoc_replace_body_with_xattr", Kind::Change),
    row(0xda, "range_scan_create", Kind::Plain),
    row(0xdb, "range_scan_continue", Kind::Scan),
    row(0xdc, "range_scan_cancel", Kind::Plain),
    row(0xe0, "prepare_snapshot", Kind::Plain),
    row(0xe1, "release_snapshot", Kind::Plain),
    row(0xe2, "download_snapshot", Kind::Plain),
    row(0xe3, "get_file_fragment", Kind::Plain),
    row(0xf1, "isasl_refresh", Kind::Plain),
    row(0xf3, "get_cmd_timer", Kind::Plain),
    row(0xf4, "set_ctrl_token", Kind::Plain),
    row(0xf5, "get_ctrl_token", Kind::Plain),
    row(0xf6, "update_external_user_permissions", Kind::Plain),
    row(0xf7, "rbac_refresh", Kind::Plain),
    row(0xf8, "auth_provider", Kind::Plain),
    row(0xfb, "drop_privilege", Kind::Plain),
    row(0xfe, "get_error_map", Kind::Plain),
];

/// What a server asks of its own (`ServerOpcode`).
const PUSHED: &[Opcode] = &[
    quiet(0x01, "clustermap_change_notification", Kind::Plain, Answers::Never),
    row(0x02, "authenticate", Kind::Plain),
    row(0x03, "active_external_users", Kind::Plain),
    row(0x04, "get_authorization", Kind::Plain),
];

/// The command with this code.
pub(super) fn by_code(code: u8) -> Option<&'static Opcode> {
    let guess = OPCODES.get(usize::from(code)).filter(|opcode| opcode.code == code);
    guess.or_else(|| among(OPCODES, code))
}

/// The same of those that a server asks.
pub(super) fn pushed(code: u8) -> Option<&'static Opcode> {
    among(PUSHED, code)
}

/// They stand in order.
fn among(table: &'static [Opcode], code: u8) -> Option<&'static Opcode> {
    let place = table.binary_search_by_key(&code, |opcode| opcode.code).ok()?;
    table.get(place)
}

/// What a command of a sub-document is called among several.
pub(super) fn path_word(code: u8) -> &'static str {
    match code {
        0x00 => "get_doc",
        0x01 => "set_doc",
        0x03 => "replace_doc",
        0x04 => "delete_doc",
        _ => by_code(code).and_then(|opcode| opcode.word.strip_prefix("subdoc_")).unwrap_or("unknown"),
    }
}

impl Kind {
    /// Whether its key is a document's, before which the number of a collection may stand.
    pub(super) fn is_document(self) -> bool {
        match self {
            Kind::Get | Kind::GetAnd | Kind::Store | Kind::Concat | Kind::Remove | Kind::Count => true,
            Kind::Touch | Kind::Item | Kind::Key | Kind::Look | Kind::Change => true,
            Kind::LookMany | Kind::ChangeMany => true,
            Kind::Observe | Kind::Hello | Kind::Proof | Kind::Select | Kind::Collection => false,
            Kind::Stats | Kind::Scan | Kind::Named | Kind::Plain => false,
        }
    }

    /// Whether a request of this kind may have such parts.
    pub(super) fn fits(self, extras: usize, key: usize, value: u64) -> bool {
        match self {
            Kind::Get | Kind::Remove => extras == 0 && key > 0 && value == 0,
            Kind::GetAnd => extras <= 4 && key > 0 && value == 0,
            Kind::Touch => extras == 4 && key > 0 && value == 0,
            Kind::Store => extras == 8 && key > 0,
            Kind::Concat => extras == 0 && key > 0,
            Kind::Count => extras == 20 && key > 0 && value == 0,
            Kind::Item | Kind::Key => key > 0,
            Kind::Look | Kind::Change => extras >= 3 && key > 0,
            Kind::LookMany | Kind::ChangeMany => extras <= 5 && key > 0 && value > 0,
            Kind::Observe | Kind::Collection => key == 0 && extras == 0 && value > 0,
            Kind::Hello => extras == 0 && value.is_multiple_of(2),
            Kind::Proof => extras == 0 && key > 0,
            Kind::Select => extras == 0 && key > 0 && value == 0,
            Kind::Stats | Kind::Scan | Kind::Named | Kind::Plain => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OPCODES, PUSHED, by_code};

    #[test]
    fn the_tables_stand_in_order() {
        for table in [OPCODES, PUSHED] {
            assert!(table.is_sorted_by(|one, next| one.code < next.code));
        }
        assert_eq!(by_code(0xd0).map(|opcode| opcode.word), Some("subdoc_multi_lookup"));
        assert_eq!(by_code(0x30), None);
    }
}
