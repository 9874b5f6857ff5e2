//! Dialects of gRPC: services whose methods and messages are known by name.
//!
//! The path of a call names its service and method, and no other has it. Of a method that is not listed here, a call stays
//! one of gRPC.

use model::exchange::Exchange;

use crate::web::dialect::Told;
use crate::web::etcd::Etcd;
use crate::web::grpc::reading::Said;
use crate::web::grpc::schema::{Method, Service};
use crate::web::json::Value;
use crate::web::milvus::Milvus;
use crate::web::pinecone::Pinecone;
use crate::web::qdrant::Qdrant;
use crate::web::weaviate::Weaviate;

/// All of them.
static ALL: &[&dyn Calls] = &[&Etcd, &Milvus, &Pinecone, &Qdrant, &Weaviate];

/// A protocol of calls.
pub(super) trait Calls: Sync {
    /// Its name in records.
    fn calls(&self) -> &'static str;
    /// What may be called.
    fn services(&self) -> &'static [Service];
    /// What a call says in it.
    fn tell(&self, called: &Called<'_>) -> Told;
}

/// A method that is known.
#[derive(Clone, Copy)]
pub(super) struct Known {
    calls: &'static dyn Calls,
    pub(super) method: &'static Method,
    service: &'static str,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.service, self.method.name)
    }
}

/// What a call said, both ways.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called<'a> {
    pub(super) service: &'static str,
    pub(super) method: &'static str,
    /// Who was called.
    pub(super) host: &'a str,
    /// The first messages of the client.
    pub(super) asked: &'a [Said],
    /// The first messages of the server.
    pub(super) answered: &'a [Said],
    /// How many things all messages of the client hold of what they are about.
    pub(super) given: Option<u64>,
    /// The same of the server's.
    pub(super) found: Option<u64>,
}

impl Known {
    /// The method with this path, without its first slash.
    pub(super) fn of(path: &str) -> Option<Known> {
        let (service, method) = path.split_once('/')?;
        ALL.iter().find_map(|calls| {
            let service = calls.services().iter().find(|known| known.name == service)?;
            let method = service.methods.iter().find(|known| known.name == method)?;
            Some(Known { calls: *calls, method, service: service.name })
        })
    }

    /// Tells a call that is over.
    pub(super) fn write(&self, called: &Called<'_>, exchange: &mut Exchange) {
        exchange.protocol = self.calls.calls();
        self.calls.tell(called).write(exchange);
    }

    pub(super) fn service(&self) -> &'static str {
        self.service
    }
}

impl<'a> Called<'a> {
    /// The first message of the client.
    pub(super) fn asks(&self) -> Value<'a> {
        Value::of(self.asked.first().map_or("", |said| &said.text))
    }

    /// The first message of the server.
    pub(super) fn says(&self) -> Value<'a> {
        Value::of(self.answered.first().map_or("", |said| &said.text))
    }

    /// The first messages of the client.
    pub(super) fn all_asked(&self) -> Vec<Value<'a>> {
        self.asked.iter().map(|said| Value::of(&said.text)).collect()
    }

    /// The first messages of the server.
    pub(super) fn all_said(&self) -> Vec<Value<'a>> {
        self.answered.iter().map(|said| Value::of(&said.text)).collect()
    }

    /// All that was asked as one text, a line for each message.
    pub(super) fn statement(&self) -> Option<String> {
        let texts: Vec<_> = self.asked.iter().map(|said| said.text.as_str()).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }
}
