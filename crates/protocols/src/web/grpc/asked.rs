//! What the head of a call says.

use std::borrow::Cow;

use model::details::Named;
use model::exchange::{Exchange, Text};

use crate::kit::text::lossy;
use crate::web::calls::Known;
use crate::web::content::Coding;
use crate::web::grpc::call::Format;
use crate::web::http2::list::{List, UNKNOWN, Word};
use crate::web::veiled::Veil;

/// What the head of a call says.
#[derive(Clone, Debug)]
pub(in crate::web) struct Asked {
    /// `None` where it is hidden.
    method: Option<Method>,
    timeout: Option<Text>,
    encoding: Option<Text>,
    pub(super) format: Format,
    pub(super) coding: Coding,
    pub(super) veil: Veil,
}

/// What is called.
#[derive(Clone, Debug)]
struct Method {
    path: Text,
    /// The path without its first slash: service and method.
    target: Text,
    name: String,
    known: Option<Known>,
}

impl Method {
    fn of(path: &[u8]) -> Self {
        let path = lossy(path);
        let target = path.strip_prefix('/').unwrap_or(&path);
        let name = target.rsplit('/').next().unwrap_or_default().to_owned();
        Method { target: target.into(), name, known: Known::of(target), path: path.into() }
    }
}

impl Asked {
    /// What `list` says, and its content type.
    pub(in crate::web) fn of(list: &List, media: Option<&[u8]>) -> Self {
        let text = |word| list.word(word).map(|text| Text::from(lossy(text)));
        let method = list.word(Word::Path).map(Method::of);
        Asked {
            timeout: text(Word::GrpcTimeout),
            encoding: text(Word::GrpcEncoding),
            format: media.map_or(Format::Protobuf, Format::named),
            coding: Coding::named(list.word(Word::GrpcEncoding).unwrap_or_default()),
            // Of a method whose name is hidden, anything may be a credential.
            veil: method.as_ref().map_or(Veil::On, |method| Veil::of(&method.name)),
            method,
        }
    }

    /// Its method, where that is known and its messages are those of Protocol Buffers.
    pub(super) fn known(&self) -> Option<Known> {
        self.method.as_ref().and_then(|method| method.known).filter(|_| self.format == Format::Protobuf)
    }

    /// What it says besides its method.
    pub(in crate::web) fn details(&self) -> [Option<Named>; 2] {
        let detail = |name, text: &Option<Text>| Some((name, text.clone()?.into()));
        [detail("grpc.timeout", &self.timeout), detail("grpc.encoding", &self.encoding)]
    }

    /// Makes a request of HTTP a call.
    pub(in crate::web) fn write(&self, exchange: &mut Exchange) {
        exchange.protocol = "grpc";
        let Some(method) = &self.method else {
            exchange.request.operation = UNKNOWN.into();
            return;
        };
        let request = &mut exchange.request;
        request.operation = Cow::Owned(method.name.clone());
        request.statement.share(Text::clone(&method.path));
        request.targets.clear();
        request.targets.push(Text::clone(&method.target));
    }
}
