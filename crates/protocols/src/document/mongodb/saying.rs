//! A request while it is being said.

use model::details::Detail;
use model::exchange::{Exchange, Text};

use crate::kit::reader::Sample;
use crate::kit::text::lossy;

use super::bson::{self, Value};
use super::commands::{Scope, command, touched};
use super::identity::{self, Mechanism};
use super::json::Json;
use super::secrets::Secrets;

/// So many collections of one `bulkWrite` are told.
const NAMESPACES: usize = 16;

/// A request that is being said.
#[derive(Debug)]
pub(super) struct Saying {
    pub(super) id: u64,
    /// Bytes of its message that were not read, but for the checksum.
    pub(super) left: u64,
    /// Bytes of the checksum.
    pub(super) tail: u64,
    pub(super) place: Place,
    pub(super) then: Then,
    pub(super) scope: Scope,
    pub(super) secrets: Secrets,
    pub(super) mechanism: Mechanism,
    /// The database that an old message names.
    pub(super) database: Option<Text>,
    /// The collection that it names, until its database is known.
    pub(super) collection: String,
    /// More that it touches.
    pub(super) touched: Vec<Text>,
    pub(super) json: Json,
    pub(super) exchange: Box<Exchange>,
}

/// What comes next in a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// The next section of an `OP_MSG`, or its end.
    #[default]
    Sections,
    /// The first element of a command, which names it.
    Command(After),
    /// Its other elements.
    Members(After),
    /// Documents of an old message, each with the name that it has in the command that took its place.
    Documents(&'static [&'static str]),
    /// Documents up to the end.
    Inserted,
    /// What nobody needs.
    Rest,
}

/// What comes behind a command's document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    Sections,
    Rest,
}

/// Whether a request is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Then {
    #[default]
    Answered,
    Oneway,
}

impl Saying {
    /// A request of which nothing was said, in the memory of others.
    pub(super) fn new((text, mut collection): (String, String), exchange: Box<Exchange>) -> Saying {
        collection.clear();
        Saying {
            id: 0,
            left: 0,
            tail: 0,
            place: Place::default(),
            then: Then::default(),
            scope: Scope::Nothing,
            secrets: Secrets::None,
            mechanism: Mechanism::default(),
            database: None,
            collection,
            touched: Vec::new(),
            json: Json::begin(text),
            exchange,
        }
    }

    /// The command that it is, as far as it said.
    pub(super) fn operation(&self) -> &str {
        &self.exchange.request.operation
    }

    /// Its first element, which names the command.
    pub(super) fn name(&mut self, name: &[u8], value: Value<'_>) {
        let (operation, scope) = command(name);
        self.exchange.request.operation = operation;
        self.scope = scope;
        self.secrets = Secrets::of(name);
        if matches!(scope, Scope::Collection | Scope::Namespace)
            && let Some(collection) = value.string()
        {
            self.collection.push_str(&lossy(collection));
        }
        self.json.add(name, value, self.secrets);
    }

    /// Another element of it.
    #[inline]
    pub(super) fn member(&mut self, name: &[u8], value: Value<'_>) {
        match name {
            // How it is sent: to which database, in which session, to which of the servers.
            [b'$', ..] | b"lsid" | b"txnNumber" => return,
            // What the values of the answer are.
            b"key" if self.operation() == "distinct" => {
                let key = value.string().map(|key| ("key", Detail::Text(identity::text(key))));
                self.exchange.request.details.extend(key);
            }
            b"collection" if self.scope == Scope::Cursor => {
                self.collection.clear();
                self.collection.push_str(&lossy(value.string().unwrap_or_default()));
            }
            b"mechanism" => self.mechanism = Mechanism::of(value.string().unwrap_or_default()),
            b"pipeline" => self.touched = touched(value).into_iter().map(identity::text).collect(),
            b"to" if self.scope == Scope::Namespace => {
                self.touched = value.string().map(identity::text).into_iter().collect();
            }
            _ => {}
        }
        self.json.add(name, value, self.secrets);
    }

    /// A sequence of documents that belongs to it.
    pub(super) fn sequence(&mut self, name: &[u8], documents: Sample<'_>) {
        if name == b"nsInfo" {
            let names = bson::documents(documents.bytes);
            let names = names.filter_map(|each| each.get(b"ns").and_then(Value::string));
            self.touched = names.take(NAMESPACES).map(identity::text).collect();
        }
        self.json.add_documents(name, documents, self.secrets);
    }
}
