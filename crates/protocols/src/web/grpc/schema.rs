//! What the messages of well-known services are made of: as much of their schemas as people ask about.

/// A kind of message.
#[derive(Debug)]
pub(in crate::web) struct Message {
    pub(super) shape: Shape,
    fields: &'static [Field],
}

/// How a message is written as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Shape {
    /// An object of its fields.
    Object,
    /// A key (field 1) and its value (field 2) in the object that its list is.
    Entry,
    /// The value of its only field, or these words where it has none.
    Bare(&'static str),
}

/// A field of a message.
#[derive(Debug)]
pub(in crate::web) struct Field {
    pub(super) number: u32,
    pub(super) name: &'static str,
    pub(super) is: Is,
    pub(super) times: Times,
    pub(super) counts: Counts,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) enum Is {
    /// A text, or bytes that people mostly read as one.
    Text,
    /// A credential.
    Secret,
    /// Bytes that are no text.
    Bytes,
    /// A whole number.
    Number,
    /// A whole number that is no less than 0.
    Unsigned,
    Bool,
    Double,
    Float,
    /// Bytes that are floating-point numbers of four bytes each.
    Floats,
    /// One of these names, by its number.
    Name(&'static [&'static str]),
    Message(&'static Message),
    /// What says nothing to people, and is passed over.
    Noise,
}

/// How often a field comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Times {
    Once,
    Often,
}

/// Whether a field's values are what a message is about: rows, points, events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Counts {
    Yes,
    No,
    /// They are columns: as many as the longest of them has.
    Longest,
}

impl Message {
    /// An object of these fields.
    pub(in crate::web) const fn of(fields: &'static [Field]) -> Self {
        Message { shape: Shape::Object, fields }
    }

    /// An entry of a map from texts.
    pub(in crate::web) const fn entry(fields: &'static [Field]) -> Self {
        Message { shape: Shape::Entry, fields }
    }

    /// A message that is the only field that it has, or these words.
    pub(in crate::web) const fn bare(none: &'static str, fields: &'static [Field]) -> Self {
        Message { shape: Shape::Bare(none), fields }
    }

    pub(super) fn field(&self, number: u64) -> Option<&Field> {
        self.fields.iter().find(|field| u64::from(field.number) == number)
    }
}

impl Field {
    /// A field that comes once.
    pub(in crate::web) const fn one(number: u32, name: &'static str, is: Is) -> Self {
        Field { number, name, is, times: Times::Once, counts: Counts::No }
    }

    /// A list.
    pub(in crate::web) const fn many(number: u32, name: &'static str, is: Is) -> Self {
        Field { number, name, is, times: Times::Often, counts: Counts::No }
    }

    /// A list of what the message is about.
    pub(in crate::web) const fn counted(number: u32, name: &'static str, is: Is) -> Self {
        Field { number, name, is, times: Times::Often, counts: Counts::Yes }
    }

    /// A list of columns, in which what the message is about is counted.
    pub(in crate::web) const fn columns(number: u32, name: &'static str, is: Is) -> Self {
        Field { number, name, is, times: Times::Often, counts: Counts::Longest }
    }

    /// Whether it is a map.
    pub(super) fn is_map(&self) -> bool {
        matches!(self.is, Is::Message(Message { shape: Shape::Entry, .. }))
    }
}

/// A service, by its full name.
#[derive(Debug)]
pub(in crate::web) struct Service {
    pub(in crate::web) name: &'static str,
    pub(in crate::web) methods: &'static [Method],
}

/// A method, with what it is asked and what it says.
#[derive(Debug)]
pub(in crate::web) struct Method {
    pub(in crate::web) name: &'static str,
    pub(super) asks: &'static Message,
    pub(super) says: &'static Message,
}

impl Method {
    pub(in crate::web) const fn new(
        name: &'static str,
        asks: &'static Message,
        says: &'static Message,
    ) -> Self {
        Method { name, asks, says }
    }
}
