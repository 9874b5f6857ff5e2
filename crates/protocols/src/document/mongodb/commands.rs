//! What commands there are, and what each touches.

use std::borrow::Cow;

use super::bson::{ARRAY, DOCUMENT, Value, elements};

/// What a command touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Scope {
    /// The collection that is its value.
    Collection,
    /// The collection of its cursor, which it names beside it.
    Cursor,
    /// The collection that is its value, with its database.
    Namespace,
    /// Those that it lists (`nsInfo`).
    Listed,
    /// Its database.
    #[default]
    Database,
    /// Nothing: it is about the session or the server.
    Nothing,
}

impl Scope {
    /// Whether it is the database that the command is sent to.
    pub(super) fn is_of_database(self) -> bool {
        match self {
            Scope::Collection | Scope::Cursor | Scope::Database => true,
            Scope::Namespace | Scope::Listed | Scope::Nothing => false,
        }
    }
}

/// A longer name is nobody's command.
const NAME: usize = 64;

/// The commands that are known, and what each touches.
macro_rules! commands {
    ($($scope:ident: $($name:literal)+;)+) => {
        fn known(name: &[u8]) -> Option<(&'static str, Scope)> {
            match std::str::from_utf8(name).ok()? {
                $($($name => Some(($name, Scope::$scope)),)+)+
                _ => None,
            }
        }
    };
}

commands! {
    Collection: "find" "insert" "update" "delete" "aggregate" "count" "distinct" "findAndModify" "findandmodify"
        "create" "drop" "createIndexes" "dropIndexes" "deleteIndexes" "listIndexes" "collMod" "collStats" "validate"
        "mapReduce" "mapreduce" "reIndex" "compact" "convertToCapped" "killCursors" "planCacheClear"
        "createSearchIndexes" "dropSearchIndex" "updateSearchIndex" "geoNear" "group" "parallelCollectionScan";
    Cursor: "getMore";
    Namespace: "renameCollection" "shardCollection" "reshardCollection" "moveChunk" "split" "refineCollectionShardKey";
    Listed: "bulkWrite";
    Nothing: "hello" "isMaster" "ismaster" "ping" "buildInfo" "buildinfo" "saslStart" "saslContinue" "authenticate"
        "logout" "getnonce" "endSessions" "startSession" "refreshSessions" "connectionStatus" "getLastError"
        "getlasterror" "getPrevError" "resetError" "whatsmyuri" "getParameter" "setParameter" "getCmdLineOpts"
        "hostInfo" "serverStatus" "replSetGetStatus" "getLog" "listCommands" "configureFailPoint" "top" "currentOp"
        "killOp" "commitTransaction" "abortTransaction" "listDatabases" "features" "isdbgrid";
}

/// The operation that a command of this name is, and what it touches.
pub(super) fn command(name: &[u8]) -> (Cow<'static, str>, Scope) {
    match known(name) {
        Some((name, scope)) => (Cow::Borrowed(name), scope),
        None => {
            let kept = name.get(..NAME).unwrap_or(name);
            (Cow::Owned(String::from_utf8_lossy(kept).into_owned()), Scope::Database)
        }
    }
}

/// Pipelines within pipelines end here.
const DEPTH: u8 = 8;
/// So many collections of a pipeline are told.
const TOUCHED: usize = 16;

/// The collections that the stages of a pipeline read or write besides the one that it begins with.
pub(super) fn touched(pipeline: Value<'_>) -> Vec<&[u8]> {
    let mut found = Vec::new();
    if pipeline.kind == ARRAY {
        stages(pipeline.bytes, 0, &mut found);
    }
    found
}

fn stages<'a>(document: &'a [u8], depth: u8, found: &mut Vec<&'a [u8]>) {
    for (name, value) in elements(document) {
        if found.len() >= TOUCHED || depth >= DEPTH {
            return;
        }
        let member = match name {
            b"$lookup" | b"$graphLookup" => &b"from"[..],
            b"$unionWith" | b"$out" => b"coll",
            b"$merge" => b"into",
            _ => b"",
        };
        let other = value.get(member).and_then(|other| other.get(b"coll").or(Some(other)));
        let other = other.or(Some(value)).filter(|_| !member.is_empty()).and_then(Value::string);
        found.extend(other);
        if matches!(value.kind, ARRAY | DOCUMENT) {
            stages(value.bytes, depth + 1, found);
        }
    }
}
