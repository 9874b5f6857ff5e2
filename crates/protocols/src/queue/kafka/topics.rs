//! The names of topics: each kept once, and found by its id where requests name it so.

use std::convert::Infallible;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::exchange::Text;

use crate::kit::reader::Reader;
use crate::kit::text::lossy;

/// A topic's name has at most 249 bytes, and a longer one is cut; so are the names of groups.
const NAME: usize = 256;
/// So many topics are known by their ids on one connection; those beyond are known as long as nobody takes their place at
/// the desk.
const TOPICS: usize = 256;

/// A topic's id.
pub(super) type Id = [u8; 16];

/// The topics of a connection.
#[derive(Debug, Default)]
pub(super) struct Topics {
    /// The one that was named last, mostly the next one too.
    last: Option<Text>,
    named: HashMap<Id, Text, RandomState>,
}

/// A topic as all connections know it: an id is never given twice.
#[derive(Debug)]
struct Topic {
    id: Id,
    name: Text,
}

impl Topics {
    /// The topic of this name.
    pub(super) fn named(&mut self, name: &[u8]) -> Text {
        if let Some(last) = self.last.as_ref().filter(|last| last.as_bytes() == name) {
            return Arc::clone(last);
        }
        let name = text(name);
        self.last = Some(Arc::clone(&name));
        name
    }

    /// The server says that the topic of this id has this name.
    pub(super) fn learn(&mut self, id: Id, name: &Text, wire: &mut Reader<'_>) {
        let make = || Ok::<_, Infallible>(Topic { id, name: Arc::clone(name) });
        let Ok(topic) = wire.recall(&id, |known: &Topic| known.id == id, make);
        if self.named.len() < TOPICS || self.named.contains_key(&id) {
            self.named.insert(id, Arc::clone(&topic.name));
        }
    }

    /// The name of the topic of this id, as this connection or another one was told.
    pub(super) fn find(&self, id: Id, wire: &mut Reader<'_>) -> Option<Text> {
        if let Some(name) = self.named.get(&id) {
            return Some(Arc::clone(name));
        }
        let known = wire.recall(&id, |known: &Topic| known.id == id, || Err(()));
        known.ok().map(|topic| Arc::clone(&topic.name))
    }
}

/// An id as Kafka's own programs write it.
pub(super) fn written(id: Id) -> Text {
    BASE64_URL_SAFE_NO_PAD.encode(id).into()
}

/// A name as it was said.
pub(super) fn text(name: &[u8]) -> Text {
    lossy(name.get(..NAME).unwrap_or(name)).as_ref().into()
}
