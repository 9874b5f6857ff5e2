//! How the fields of a message follow each other, as data: the walker reads any of them.

/// Later versions than any.
const EVER: u8 = u8::MAX;

/// The fields of a message, or of an element of one, in order.
pub(super) type Layout = &'static [Field];

/// One field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) kind: Kind,
    pub(super) word: Word,
    /// The first version that has it.
    from: u8,
    /// The last one.
    to: u8,
}

/// What a field looks like on the wire (<https://kafka.apache.org/protocol.html#protocol_types>).
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A number of so many bytes, most significant first, or as many bytes.
    Fixed(u8),
    /// A text, which may be null.
    Text,
    /// Bytes, which may be null.
    Bytes,
    /// Batches of records, which may be null.
    Records,
    /// Numbers of so many bytes each, which nobody wants.
    Numbers(u8),
    /// An array of bare values: they have no tags.
    List(&'static Field),
    /// An array of structures.
    Array(Layout),
    /// A structure.
    Struct(Layout),
    /// A structure that may be null.
    Maybe(Layout),
    /// What nobody wants, up to the message's end.
    Rest,
}

/// What the house hears of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Nothing,
    Topic,
    /// An array that, where it is null, means all there are.
    All,
    /// A topic by its id.
    TopicId,
    Partition,
    /// Where in a partition.
    Offset,
    /// When in a partition: milliseconds, or one of the names for its ends.
    Time,
    Group,
    /// A transactional id.
    Transaction,
    /// What else is named: a key, a principal, a resource.
    Name,
    /// What is named within it.
    Part,
    /// Which acknowledgements a producer wants.
    Acks,
    /// Whether a transaction is committed.
    Committed,
    /// How a client proves who it is.
    Mechanism,
    /// The proof.
    Token,
    /// The client's library, and its version.
    Software,
    /// What a member of a group wants to read.
    Subscription,
    Error,
    /// What the server says of an error.
    Message,
    /// Where the first record was put.
    BaseOffset,
}

impl Field {
    const fn new(kind: Kind) -> Field {
        Field { kind, word: Word::Nothing, from: 0, to: EVER }
    }

    /// The field from this version on.
    pub(super) const fn since(self, from: u8) -> Field {
        Field { from, ..self }
    }

    /// The field up to this version.
    pub(super) const fn until(self, to: u8) -> Field {
        Field { to, ..self }
    }

    /// The field with what the house hears of it.
    pub(super) const fn is(self, word: Word) -> Field {
        Field { word, ..self }
    }

    /// Whether messages of this version have it.
    #[inline]
    pub(super) fn is_in(&self, version: u8) -> bool {
        self.from <= version && version <= self.to
    }
}

pub(super) const I8: Field = Field::new(Kind::Fixed(1));
pub(super) const I16: Field = Field::new(Kind::Fixed(2));
pub(super) const I32: Field = Field::new(Kind::Fixed(4));
pub(super) const I64: Field = Field::new(Kind::Fixed(8));
pub(super) const UUID: Field = Field::new(Kind::Fixed(16));
pub(super) const TEXT: Field = Field::new(Kind::Text);
pub(super) const BYTES: Field = Field::new(Kind::Bytes);
pub(super) const RECORDS: Field = Field::new(Kind::Records);
pub(super) const I8S: Field = Field::new(Kind::Numbers(1));
pub(super) const I32S: Field = Field::new(Kind::Numbers(4));
pub(super) const I64S: Field = Field::new(Kind::Numbers(8));
pub(super) const TEXTS: Field = list(&TEXT);
pub(super) const REST: Field = Field::new(Kind::Rest);

pub(super) const TOPIC: Field = TEXT.is(Word::Topic);
pub(super) const TOPIC_ID: Field = UUID.is(Word::TopicId);
pub(super) const PARTITION: Field = I32.is(Word::Partition);
pub(super) const PARTITIONS: Field = list(&PARTITION);
pub(super) const OFFSET: Field = I64.is(Word::Offset);
pub(super) const GROUP: Field = TEXT.is(Word::Group);
pub(super) const TRANSACTION: Field = TEXT.is(Word::Transaction);
pub(super) const NAME: Field = TEXT.is(Word::Name);
pub(super) const ERROR: Field = I16.is(Word::Error);
pub(super) const MESSAGE: Field = TEXT.is(Word::Message);

pub(super) const fn list(element: &'static Field) -> Field {
    Field::new(Kind::List(element))
}

pub(super) const fn array(element: Layout) -> Field {
    Field::new(Kind::Array(element))
}

pub(super) const fn structure(layout: Layout) -> Field {
    Field::new(Kind::Struct(layout))
}

pub(super) const fn maybe(layout: Layout) -> Field {
    Field::new(Kind::Maybe(layout))
}
