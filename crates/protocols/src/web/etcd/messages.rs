//! etcd's methods and their messages: <https://etcd.io/docs/v3.5/dev-guide/api_reference_v3>.

use crate::web::grpc::schema::{Field, Is, Message, Method, Service};
use Is::{Bool, Name, Number, Secret, Text, Unsigned};

/// What may be called.
pub(super) static SERVICES: &[Service] = &[
    Service {
        name: "etcdserverpb.KV",
        methods: &[
            Method::new("Range", &RANGE, &RANGED),
            Method::new("Put", &PUT, &PUTTED),
            Method::new("DeleteRange", &DELETE, &DELETED),
            Method::new("Txn", &TXN, &TXNED),
            Method::new("Compact", &COMPACT, &DONE),
        ],
    },
    Service { name: "etcdserverpb.Watch", methods: &[Method::new("Watch", &WATCH, &WATCHED)] },
    Service {
        name: "etcdserverpb.Lease",
        methods: &[
            Method::new("LeaseGrant", &GRANT, &GRANTED),
            Method::new("LeaseRevoke", &LEASE, &DONE),
            Method::new("LeaseKeepAlive", &LEASE, &GRANTED),
            Method::new("LeaseTimeToLive", &TIME_TO_LIVE, &TIME_LEFT),
            Method::new("LeaseLeases", &NOTHING, &LEASES),
        ],
    },
    Service {
        name: "etcdserverpb.Cluster",
        methods: &[
            Method::new("MemberAdd", &NEW_MEMBER, &MEMBERS),
            Method::new("MemberRemove", &MEMBER_ID, &MEMBERS),
            Method::new("MemberUpdate", &MEMBER_UPDATE, &MEMBERS),
            Method::new("MemberList", &NOTHING, &MEMBERS),
            Method::new("MemberPromote", &MEMBER_ID, &MEMBERS),
        ],
    },
    Service {
        name: "etcdserverpb.Maintenance",
        methods: &[
            Method::new("Alarm", &ALARM, &ALARMS),
            Method::new("Status", &NOTHING, &STATUS),
            Method::new("Defragment", &NOTHING, &DONE),
            Method::new("Hash", &NOTHING, &HASH),
            Method::new("HashKV", &REVISION, &HASH),
            Method::new("Snapshot", &NOTHING, &SNAPSHOT),
            Method::new("MoveLeader", &LEADER, &DONE),
            Method::new("Downgrade", &NOTHING, &DONE),
        ],
    },
    Service {
        name: "etcdserverpb.Auth",
        methods: &[
            Method::new("AuthEnable", &NOTHING, &DONE),
            Method::new("AuthDisable", &NOTHING, &DONE),
            Method::new("AuthStatus", &NOTHING, &AUTH_STATUS),
            Method::new("Authenticate", &LOGIN, &TOKEN),
            Method::new("UserAdd", &NEW_USER, &DONE),
            Method::new("UserGet", &NAMED, &ROLES),
            Method::new("UserList", &NOTHING, &USERS),
            Method::new("UserDelete", &NAMED, &DONE),
            Method::new("UserChangePassword", &NEW_PASSWORD, &DONE),
            Method::new("UserGrantRole", &USER_ROLE, &DONE),
            Method::new("UserRevokeRole", &NAME_ROLE, &DONE),
            Method::new("RoleAdd", &NAMED, &DONE),
            Method::new("RoleGet", &ROLE, &PERMISSIONS),
            Method::new("RoleList", &NOTHING, &ROLES),
            Method::new("RoleDelete", &ROLE, &DONE),
            Method::new("RoleGrantPermission", &NEW_PERMISSION, &DONE),
            Method::new("RoleRevokePermission", &OLD_PERMISSION, &DONE),
        ],
    },
];

const HEADER: Field = Field::one(1, "header", Is::Message(&HEAD));

static HEAD: Message = Message::of(&[
    Field::one(1, "cluster_id", Unsigned),
    Field::one(2, "member_id", Unsigned),
    Field::one(3, "revision", Number),
    Field::one(4, "raft_term", Unsigned),
]);

static NOTHING: Message = Message::of(&[]);

static DONE: Message = Message::of(&[HEADER]);

static KEY_VALUE: Message = Message::of(&[
    Field::one(1, "key", Text),
    Field::one(2, "create_revision", Number),
    Field::one(3, "mod_revision", Number),
    Field::one(4, "version", Number),
    Field::one(5, "value", Text),
    Field::one(6, "lease", Number),
]);

static RANGE: Message = Message::of(&[
    Field::one(1, "key", Text),
    Field::one(2, "range_end", Text),
    Field::one(3, "limit", Number),
    Field::one(4, "revision", Number),
    Field::one(5, "sort_order", Name(&["NONE", "ASCEND", "DESCEND"])),
    Field::one(6, "sort_target", Name(&["KEY", "VERSION", "CREATE", "MOD", "VALUE"])),
    Field::one(7, "serializable", Bool),
    Field::one(8, "keys_only", Bool),
    Field::one(9, "count_only", Bool),
    Field::one(10, "min_mod_revision", Number),
    Field::one(11, "max_mod_revision", Number),
    Field::one(12, "min_create_revision", Number),
    Field::one(13, "max_create_revision", Number),
]);

static RANGED: Message = Message::of(&[
    HEADER,
    Field::counted(2, "kvs", Is::Message(&KEY_VALUE)),
    Field::one(3, "more", Bool),
    Field::one(4, "count", Number),
]);

static PUT: Message = Message::of(&[
    Field::one(1, "key", Text),
    Field::one(2, "value", Text),
    Field::one(3, "lease", Number),
    Field::one(4, "prev_kv", Bool),
    Field::one(5, "ignore_value", Bool),
    Field::one(6, "ignore_lease", Bool),
]);

static PUTTED: Message = Message::of(&[HEADER, Field::one(2, "prev_kv", Is::Message(&KEY_VALUE))]);

static DELETE: Message = Message::of(&[
    Field::one(1, "key", Text),
    Field::one(2, "range_end", Text),
    Field::one(3, "prev_kv", Bool),
]);

static DELETED: Message = Message::of(&[
    HEADER,
    Field::one(2, "deleted", Number),
    Field::many(3, "prev_kvs", Is::Message(&KEY_VALUE)),
]);

static TXN: Message = Message::of(&[
    Field::many(1, "compare", Is::Message(&COMPARE)),
    Field::many(2, "success", Is::Message(&ASKED_OF_TXN)),
    Field::many(3, "failure", Is::Message(&ASKED_OF_TXN)),
]);

static COMPARE: Message = Message::of(&[
    Field::one(1, "result", Name(&["EQUAL", "GREATER", "LESS", "NOT_EQUAL"])),
    Field::one(2, "target", Name(&["VERSION", "CREATE", "MOD", "VALUE", "LEASE"])),
    Field::one(3, "key", Text),
    Field::one(4, "version", Number),
    Field::one(5, "create_revision", Number),
    Field::one(6, "mod_revision", Number),
    Field::one(7, "value", Text),
    Field::one(8, "lease", Number),
    Field::one(64, "range_end", Text),
]);

static ASKED_OF_TXN: Message = Message::of(&[
    Field::one(1, "request_range", Is::Message(&RANGE)),
    Field::one(2, "request_put", Is::Message(&PUT)),
    Field::one(3, "request_delete_range", Is::Message(&DELETE)),
    Field::one(4, "request_txn", Is::Message(&TXN)),
]);

static TXNED: Message = Message::of(&[
    HEADER,
    Field::one(2, "succeeded", Bool),
    Field::many(3, "responses", Is::Message(&SAID_IN_TXN)),
]);

static SAID_IN_TXN: Message = Message::of(&[
    Field::one(1, "response_range", Is::Message(&RANGED)),
    Field::one(2, "response_put", Is::Message(&PUTTED)),
    Field::one(3, "response_delete_range", Is::Message(&DELETED)),
    Field::one(4, "response_txn", Is::Message(&TXNED)),
]);

static COMPACT: Message = Message::of(&[Field::one(1, "revision", Number), Field::one(2, "physical", Bool)]);

static WATCH: Message = Message::of(&[
    Field::one(1, "create_request", Is::Message(&NEW_WATCH)),
    Field::one(2, "cancel_request", Is::Message(&WATCH_ID)),
    Field::one(3, "progress_request", Is::Message(&NOTHING)),
]);

static NEW_WATCH: Message = Message::of(&[
    Field::one(1, "key", Text),
    Field::one(2, "range_end", Text),
    Field::one(3, "start_revision", Number),
    Field::one(4, "progress_notify", Bool),
    Field::many(5, "filters", Name(&["NOPUT", "NODELETE"])),
    Field::one(6, "prev_kv", Bool),
    Field::one(7, "watch_id", Number),
    Field::one(8, "fragment", Bool),
]);

static WATCH_ID: Message = Message::of(&[Field::one(1, "watch_id", Number)]);

static WATCHED: Message = Message::of(&[
    HEADER,
    Field::one(2, "watch_id", Number),
    Field::one(3, "created", Bool),
    Field::one(4, "canceled", Bool),
    Field::one(5, "compact_revision", Number),
    Field::one(6, "cancel_reason", Text),
    Field::one(7, "fragment", Bool),
    Field::counted(11, "events", Is::Message(&EVENT)),
]);

static EVENT: Message = Message::of(&[
    Field::one(1, "type", Name(&["PUT", "DELETE"])),
    Field::one(2, "kv", Is::Message(&KEY_VALUE)),
    Field::one(3, "prev_kv", Is::Message(&KEY_VALUE)),
]);

static GRANT: Message = Message::of(&[Field::one(1, "TTL", Number), Field::one(2, "ID", Number)]);

static GRANTED: Message = Message::of(&[
    HEADER,
    Field::one(2, "ID", Number),
    Field::one(3, "TTL", Number),
    Field::one(4, "error", Text),
]);

static LEASE: Message = Message::of(&[Field::one(1, "ID", Number)]);

static TIME_TO_LIVE: Message = Message::of(&[Field::one(1, "ID", Number), Field::one(2, "keys", Bool)]);

static TIME_LEFT: Message = Message::of(&[
    HEADER,
    Field::one(2, "ID", Number),
    Field::one(3, "TTL", Number),
    Field::one(4, "grantedTTL", Number),
    Field::many(5, "keys", Text),
]);

static LEASES: Message = Message::of(&[HEADER, Field::counted(2, "leases", Is::Message(&LEASE))]);

static MEMBER: Message = Message::of(&[
    Field::one(1, "ID", Unsigned),
    Field::one(2, "name", Text),
    Field::many(3, "peerURLs", Text),
    Field::many(4, "clientURLs", Text),
    Field::one(5, "isLearner", Bool),
]);

static NEW_MEMBER: Message =
    Message::of(&[Field::many(1, "peerURLs", Text), Field::one(2, "isLearner", Bool)]);

static MEMBER_ID: Message = Message::of(&[Field::one(1, "ID", Unsigned)]);

static MEMBER_UPDATE: Message =
    Message::of(&[Field::one(1, "ID", Unsigned), Field::many(2, "peerURLs", Text)]);

/// Of a new member, it comes before the list of all.
static MEMBERS: Message = Message::of(&[
    HEADER,
    Field::counted(2, "members", Is::Message(&MEMBER)),
    Field::counted(3, "members", Is::Message(&MEMBER)),
]);

static ALARM: Message = Message::of(&[
    Field::one(1, "action", Name(&["GET", "ACTIVATE", "DEACTIVATE"])),
    Field::one(2, "memberID", Unsigned),
    Field::one(3, "alarm", Name(&["NONE", "NOSPACE", "CORRUPT"])),
]);

static ALARMS: Message = Message::of(&[HEADER, Field::counted(2, "alarms", Is::Message(&ALARM_OF))]);

static ALARM_OF: Message = Message::of(&[
    Field::one(1, "memberID", Unsigned),
    Field::one(2, "alarm", Name(&["NONE", "NOSPACE", "CORRUPT"])),
]);

static STATUS: Message = Message::of(&[
    HEADER,
    Field::one(2, "version", Text),
    Field::one(3, "dbSize", Number),
    Field::one(4, "leader", Unsigned),
    Field::one(5, "raftIndex", Unsigned),
    Field::one(6, "raftTerm", Unsigned),
    Field::one(7, "raftAppliedIndex", Unsigned),
    Field::many(8, "errors", Text),
    Field::one(9, "dbSizeInUse", Number),
    Field::one(10, "isLearner", Bool),
]);

static REVISION: Message = Message::of(&[Field::one(1, "revision", Number)]);

static HASH: Message =
    Message::of(&[HEADER, Field::one(2, "hash", Unsigned), Field::one(3, "compact_revision", Number)]);

static SNAPSHOT: Message =
    Message::of(&[HEADER, Field::one(2, "remaining_bytes", Unsigned), Field::one(3, "blob", Is::Bytes)]);

static LEADER: Message = Message::of(&[Field::one(1, "targetID", Unsigned)]);

static AUTH_STATUS: Message =
    Message::of(&[HEADER, Field::one(2, "enabled", Bool), Field::one(3, "authRevision", Unsigned)]);

static LOGIN: Message = Message::of(&[Field::one(1, "name", Text), Field::one(2, "password", Secret)]);

static TOKEN: Message = Message::of(&[HEADER, Field::one(2, "token", Secret)]);

static NEW_USER: Message = Message::of(&[
    Field::one(1, "name", Text),
    Field::one(2, "password", Secret),
    Field::one(3, "options", Is::Message(&USER_OPTIONS)),
    Field::one(4, "hashedPassword", Secret),
]);

static USER_OPTIONS: Message = Message::of(&[Field::one(1, "no_password", Bool)]);

static NEW_PASSWORD: Message = Message::of(&[
    Field::one(1, "name", Text),
    Field::one(2, "password", Secret),
    Field::one(3, "hashedPassword", Secret),
]);

static NAMED: Message = Message::of(&[Field::one(1, "name", Text)]);

static ROLE: Message = Message::of(&[Field::one(1, "role", Text)]);

static USER_ROLE: Message = Message::of(&[Field::one(1, "user", Text), Field::one(2, "role", Text)]);

static NAME_ROLE: Message = Message::of(&[Field::one(1, "name", Text), Field::one(2, "role", Text)]);

static ROLES: Message = Message::of(&[HEADER, Field::counted(2, "roles", Text)]);

static USERS: Message = Message::of(&[HEADER, Field::counted(2, "users", Text)]);

static PERMISSION: Message = Message::of(&[
    Field::one(1, "permType", Name(&["READ", "WRITE", "READWRITE"])),
    Field::one(2, "key", Text),
    Field::one(3, "range_end", Text),
]);

static PERMISSIONS: Message = Message::of(&[HEADER, Field::counted(2, "perm", Is::Message(&PERMISSION))]);

static NEW_PERMISSION: Message =
    Message::of(&[Field::one(1, "name", Text), Field::one(2, "perm", Is::Message(&PERMISSION))]);

static OLD_PERMISSION: Message =
    Message::of(&[Field::one(1, "role", Text), Field::one(2, "key", Text), Field::one(3, "range_end", Text)]);
