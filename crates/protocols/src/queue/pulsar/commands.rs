//! The commands that there are, by their numbers (`BaseCommand.Type`); the field of a command has the same number.

use model::conn::Speaker;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) means: Means,
}

/// What it is in a conversation; the numbers are those of its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// The client says who it is.
    Greeting,
    /// The server does.
    Greeted,
    /// A request under an id; `topic` is the field that names what it is about, 0 where none does.
    Request { id: u64, topic: u64 },
    /// The answer to it.
    Answer { id: u64, error: u64, message: u64 },
    /// Messages for a topic.
    Send,
    /// They were kept.
    Receipt,
    /// They were not.
    Refusal,
    /// Messages for a subscriber.
    Message,
    /// The subscriber has dealt with some.
    Ack,
    /// What nobody answers.
    Notice,
    /// That a side is alive, or has room.
    Nothing,
}

/// The command of this number, if this side says it.
pub(super) fn command(number: u64, speaker: Speaker) -> Option<Command> {
    let number = usize::try_from(number).ok()?;
    let entry = FIRST.get(number.checked_sub(2)?).or_else(|| LATER.get(number.checked_sub(50)?))?;
    let (by, name, means) = *entry;
    match (by, speaker) {
        (By::Client | By::Both, Speaker::Client) | (By::Server, Speaker::Server) => {
            Some(Command { name, means })
        }
        // Who is asked to close answers nothing; who asks for life is told of it.
        (By::Both, Speaker::Server) => {
            let means = if means == Means::Nothing { means } else { Means::Notice };
            Some(Command { name, means })
        }
        (By::Client, Speaker::Server) | (By::Server, Speaker::Client) => None,
    }
}

#[derive(Clone, Copy)]
enum By {
    Client,
    Server,
    Both,
}

type Entry = (By, &'static str, Means);

const fn asks(name: &'static str, id: u64, topic: u64) -> Entry {
    (By::Client, name, Means::Request { id, topic })
}

const fn answers(name: &'static str, id: u64, error: u64) -> Entry {
    // The text of an error stands behind its code.
    (By::Server, name, Means::Answer { id, error, message: if error == 0 { 0 } else { error + 1 } })
}

/// From 2 on.
const FIRST: [Entry; 39] = [
    (By::Client, "Connect", Means::Greeting),
    (By::Server, "Connected", Means::Greeted),
    asks("Subscribe", 5, 1),
    asks("Producer", 3, 1),
    (By::Client, "Send", Means::Send),
    (By::Server, "SendReceipt", Means::Receipt),
    (By::Server, "SendError", Means::Refusal),
    (By::Server, "Message", Means::Message),
    (By::Client, "Ack", Means::Ack),
    (By::Client, "Flow", Means::Nothing),
    asks("Unsubscribe", 2, 0),
    answers("Success", 1, 0),
    answers("Error", 1, 2),
    (By::Both, "CloseProducer", Means::Request { id: 2, topic: 0 }),
    (By::Both, "CloseConsumer", Means::Request { id: 2, topic: 0 }),
    answers("ProducerSuccess", 1, 0),
    (By::Both, "Ping", Means::Nothing),
    (By::Both, "Pong", Means::Nothing),
    (By::Client, "RedeliverUnacknowledgedMessages", Means::Notice),
    asks("PartitionedMetadata", 2, 1),
    answers("PartitionedMetadataResponse", 2, 4),
    asks("Lookup", 2, 1),
    answers("LookupResponse", 4, 6),
    asks("ConsumerStats", 1, 0),
    answers("ConsumerStatsResponse", 1, 2),
    (By::Server, "ReachedEndOfTopic", Means::Notice),
    asks("Seek", 2, 0),
    asks("GetLastMessageId", 2, 0),
    answers("GetLastMessageIdResponse", 2, 0),
    (By::Server, "ActiveConsumerChange", Means::Notice),
    asks("GetTopicsOfNamespace", 1, 0),
    answers("GetTopicsOfNamespaceResponse", 1, 0),
    asks("GetSchema", 1, 2),
    answers("GetSchemaResponse", 1, 2),
    (By::Server, "AuthChallenge", Means::Notice),
    (By::Client, "AuthResponse", Means::Notice),
    answers("AckResponse", 6, 4),
    asks("GetOrCreateSchema", 1, 2),
    answers("GetOrCreateSchemaResponse", 1, 2),
];

/// From 50 on.
const LATER: [Entry; 19] = [
    asks("NewTxn", 1, 0),
    answers("NewTxnResponse", 1, 4),
    asks("AddPartitionToTxn", 1, 4),
    answers("AddPartitionToTxnResponse", 1, 4),
    asks("AddSubscriptionToTxn", 1, 0),
    answers("AddSubscriptionToTxnResponse", 1, 4),
    asks("EndTxn", 1, 0),
    answers("EndTxnResponse", 1, 4),
    asks("EndTxnOnPartition", 1, 4),
    answers("EndTxnOnPartitionResponse", 1, 4),
    asks("EndTxnOnSubscription", 1, 0),
    answers("EndTxnOnSubscriptionResponse", 1, 4),
    asks("TcClientConnect", 1, 0),
    answers("TcClientConnectResponse", 1, 2),
    asks("WatchTopicList", 1, 0),
    answers("WatchTopicListSuccess", 1, 0),
    (By::Server, "WatchTopicUpdate", Means::Notice),
    asks("WatchTopicListClose", 1, 0),
    (By::Server, "TopicMigrated", Means::Notice),
];

/// The name of an error (`ServerError`).
pub(super) fn error(code: u64) -> &'static str {
    usize::try_from(code).ok().and_then(|code| ERRORS.get(code)).copied().unwrap_or("unknown")
}

/// From 0 on.
const ERRORS: [&str; 26] = [
    "UnknownError",
    "MetadataError",
    "PersistenceError",
    "AuthenticationError",
    "AuthorizationError",
    "ConsumerBusy",
    "ServiceNotReady",
    "ProducerBlockedQuotaExceededError",
    "ProducerBlockedQuotaExceededException",
    "ChecksumError",
    "UnsupportedVersionError",
    "TopicNotFound",
    "SubscriptionNotFound",
    "ConsumerNotFound",
    "TooManyRequests",
    "TopicTerminatedError",
    "ProducerBusy",
    "InvalidTopicName",
    "IncompatibleSchema",
    "ConsumerAssignError",
    "TransactionCoordinatorNotFound",
    "InvalidTxnStatus",
    "NotAllowedError",
    "TransactionConflict",
    "TransactionNotFound",
    "ProducerFenced",
];

#[cfg(test)]
mod tests {
    use model::conn::Speaker;

    use super::{Means, command, error};

    #[test]
    fn commands_stand_at_their_numbers() {
        let name = |number, speaker| command(number, speaker).map(|command| command.name);
        let (client, server) = (Speaker::Client, Speaker::Server);
        assert_eq!(
            [name(2, client), name(21, client), name(39, client), name(50, client), name(67, client)],
            [
                Some("Connect"),
                Some("PartitionedMetadata"),
                Some("GetOrCreateSchema"),
                Some("NewTxn"),
                Some("WatchTopicListClose")
            ]
        );
        assert_eq!(
            [name(9, server), name(24, server), name(40, server), name(65, server)],
            [
                Some("Message"),
                Some("LookupResponse"),
                Some("GetOrCreateSchemaResponse"),
                Some("WatchTopicListSuccess")
            ]
        );
        assert_eq!([name(0, client), name(41, client), name(69, client), name(3, client)], [None; 4]);
        assert_eq!(command(15, server).map(|command| command.means), Some(Means::Notice));
        assert_eq!((error(11), error(99)), ("TopicNotFound", "unknown"));
    }
}
