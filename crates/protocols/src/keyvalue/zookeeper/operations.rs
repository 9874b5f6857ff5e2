//! The operations, and what errors are called.

/// What a request says behind its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    Nothing,
    Path,
    /// A path, and whether a change is to be told.
    Watch,
    Create,
    /// The same, with a time to live.
    CreateFor,
    /// A path and the version that it must have.
    Version,
    SetData,
    SetAcl,
    /// A path and a number.
    Mode,
    Multi,
    Auth,
    Sasl,
    /// So many lists of paths that are watched.
    Watches(u8),
    Reconfig,
}

/// What an answer without an error says behind its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    Nothing,
    Path,
    PathStat,
    Stat,
    DataStat,
    AclStat,
    Children,
    ChildrenStat,
    Number,
    Users,
    Multi,
    Token,
}

/// An operation.
#[derive(Debug)]
pub(super) struct Operation {
    code: i32,
    pub(super) name: &'static str,
    pub(super) asks: Asks,
    pub(super) answers: Answers,
    /// Whether it changes a node.
    pub(super) changes: bool,
}

const fn operation(code: i32, name: &'static str, asks: Asks, answers: Answers) -> Operation {
    let changes =
        matches!(asks, Asks::Create | Asks::CreateFor | Asks::SetData | Asks::SetAcl | Asks::Reconfig)
            || code == DELETE
            || code == 20;
    Operation { code, name, asks, answers, changes }
}

const DELETE: i32 = 2;
/// The code of an error among the results of a `multi`.
pub(super) const ERROR: i32 = -1;

/// `OpCode`: those that clients send.
static OPERATIONS: &[Operation] = &[
    operation(1, "create", Asks::Create, Answers::Path),
    operation(DELETE, "delete", Asks::Version, Answers::Nothing),
    operation(3, "exists", Asks::Watch, Answers::Stat),
    operation(4, "getData", Asks::Watch, Answers::DataStat),
    operation(5, "setData", Asks::SetData, Answers::Stat),
    operation(6, "getACL", Asks::Path, Answers::AclStat),
    operation(7, "setACL", Asks::SetAcl, Answers::Stat),
    operation(8, "getChildren", Asks::Watch, Answers::Children),
    operation(9, "sync", Asks::Path, Answers::Path),
    operation(11, "ping", Asks::Nothing, Answers::Nothing),
    operation(12, "getChildren2", Asks::Watch, Answers::ChildrenStat),
    operation(13, "check", Asks::Version, Answers::Nothing),
    operation(14, "multi", Asks::Multi, Answers::Multi),
    operation(15, "create2", Asks::Create, Answers::PathStat),
    operation(16, "reconfig", Asks::Reconfig, Answers::DataStat),
    operation(17, "checkWatches", Asks::Mode, Answers::Nothing),
    operation(18, "removeWatches", Asks::Mode, Answers::Nothing),
    operation(19, "createContainer", Asks::Create, Answers::PathStat),
    operation(20, "deleteContainer", Asks::Path, Answers::Nothing),
    operation(21, "createTTL", Asks::CreateFor, Answers::PathStat),
    operation(22, "multiRead", Asks::Multi, Answers::Multi),
    operation(100, "auth", Asks::Auth, Answers::Nothing),
    operation(101, "setWatches", Asks::Watches(3), Answers::Nothing),
    operation(102, "sasl", Asks::Sasl, Answers::Token),
    operation(103, "getEphemerals", Asks::Path, Answers::Children),
    operation(104, "getAllChildrenNumber", Asks::Path, Answers::Number),
    operation(105, "setWatches2", Asks::Watches(5), Answers::Nothing),
    operation(106, "addWatch", Asks::Mode, Answers::Nothing),
    operation(107, "whoAmI", Asks::Nothing, Answers::Users),
    operation(-11, "closeSession", Asks::Nothing, Answers::Nothing),
];

/// The operation with this code.
pub(super) fn by_code(code: i32) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.code == code)
}

/// The operation with this name.
pub(super) fn by_name(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}

/// `KeeperException.Code`.
const ERRORS: [(i32, &str); 28] = [
    (-1, "SYSTEMERROR"),
    (-2, "RUNTIMEINCONSISTENCY"),
    (-3, "DATAINCONSISTENCY"),
    (-4, "CONNECTIONLOSS"),
    (-5, "MARSHALLINGERROR"),
    (-6, "UNIMPLEMENTED"),
    (-7, "OPERATIONTIMEOUT"),
    (-8, "BADARGUMENTS"),
    (-12, "UNKNOWNSESSION"),
    (-13, "NEWCONFIGNOQUORUM"),
    (-14, "RECONFIGINPROGRESS"),
    (-100, "APIERROR"),
    (-101, "NONODE"),
    (-102, "NOAUTH"),
    (-103, "BADVERSION"),
    (-108, "NOCHILDRENFOREPHEMERALS"),
    (-110, "NODEEXISTS"),
    (-111, "NOTEMPTY"),
    (-112, "SESSIONEXPIRED"),
    (-113, "INVALIDCALLBACK"),
    (-114, "INVALIDACL"),
    (-115, "AUTHFAILED"),
    (-118, "SESSIONMOVED"),
    (-119, "NOTREADONLY"),
    (-120, "EPHEMERALONLOCALSESSION"),
    (-121, "NOWATCHER"),
    (-123, "RECONFIGDISABLED"),
    (-127, "THROTTLEDOP"),
];

/// What an error is called; `None` where nobody calls a number so.
pub(super) fn error(code: i32) -> Option<&'static str> {
    ERRORS.iter().find(|(number, _)| *number == code).map(|(_, name)| *name)
}
